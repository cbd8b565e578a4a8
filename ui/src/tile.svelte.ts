// One tile of the dashboard on the screen: what was asked for, what came back.
//
// A tile asks for one picture at a time. What changes meanwhile is asked for
// next, so that dragging the window's edge never queues up work. An answer is
// taken only if it is the answer to the last question of a tile that is still
// open: nothing that belongs to another tenant or another range gets through.

import * as core from './core';
import type { Across } from './generated/Across';
import type { Problem } from './generated/Problem';
import type { TileLayout } from './generated/TileLayout';
import type { TileRequest } from './generated/TileRequest';
import type { TileView } from './generated/TileView';
import type { View } from './generated/View';

/** How large and how bright the picture should be. */
export interface Look {
  width: number;
  height: number;
  dark: boolean;
}

/** A picture that nobody has touched. */
export const UNTOUCHED: View = {
  firstRow: 0,
  offset: 0,
  firstColumn: 0,
  hidden: [],
  zoom: null,
  sort: null,
  search: '',
  asTable: false,
};

export class Tile {
  layout: TileLayout = $state.raw() as TileLayout;
  /** As the core last told it; `null` before the first answer. */
  view = $state.raw<TileView | null>(null);
  /** What the viewer has done with the picture. Kept while the dashboard is open. */
  viewing = $state.raw<View>(UNTOUCHED);
  /** The axis along the bottom as it is without a zoom. */
  whole = $state.raw<Across | null>(null);
  /** The zoom that the picture was drawn with. */
  #drawn = $state.raw<View['zoom']>(null);
  /** Whether any of it is in view, or nobody knows yet. */
  isInView = $state(true);
  /** Why the core did not answer at all. */
  #refused = $state.raw<Problem | null>(null);

  #look: Look | null = null;
  /** Counts questions; the one in flight has the highest number. */
  #question = 0;
  #inFlight = false;
  #askAgain = false;
  #closed = false;

  constructor(
    readonly tenant: string,
    readonly dashboard: string,
    layout: TileLayout,
  ) {
    this.layout = layout;
  }

  get id(): string {
    return this.layout.id;
  }

  get problem(): Problem | null {
    return this.#refused ?? this.view?.problem ?? null;
  }

  get state(): 'ready' | 'loading' | 'failed' {
    if (this.view?.picture) return 'ready';
    return this.problem ? 'failed' : 'loading';
  }

  /** Whether there is nothing of it yet and nobody asks, because nobody sees it. */
  get isLeftAlone(): boolean {
    return !this.isInView && this.state === 'loading' && this.view?.refreshing === false;
  }

  /** What the picture is asked with now; `null` before it has a size. */
  get request(): TileRequest | null {
    const { tenant, dashboard, id: tile } = this;
    return this.#look && { tenant, dashboard, tile, ...this.#look, view: this.viewing };
  }

  /**
   * The axis of the picture, which may end elsewhere than the viewer asked: at the data's end, or at round values. While
   * another picture is on its way, as the viewer wants it.
   */
  get axis(): Across | null {
    const across = this.view?.picture?.across ?? null;
    const zoom = this.viewing.zoom;
    return across && zoom && zoom !== this.#drawn
      ? { ...across, from: zoom[0], to: zoom[1] }
      : across;
  }

  /** Asks for the picture as it should be now, unless that was asked already. */
  show(look: Look): void {
    const was = this.#look;
    this.#look = look;
    if (was !== null && same(was, look)) return;
    this.#ask();
  }

  /** Nobody sees it: nothing is drawn until it has a size again. The picture stays for then. */
  rest(): void {
    this.#look = null;
    this.#askAgain = false;
  }

  /** The viewer does something with the picture. */
  touch(change: Partial<View>): void {
    const viewing = { ...this.viewing, ...change };
    if (same(viewing, this.viewing)) return;
    this.viewing = viewing;
    this.#ask();
  }

  /** The viewer puts other rows, or the same in another order, before their eyes: from the first one on. */
  arrange(change: Partial<Pick<View, 'sort' | 'search' | 'asTable'>>): void {
    this.touch({ ...change, firstRow: 0, offset: 0 });
  }

  /** Says which rows stand in which order. */
  get arrangement(): string {
    const { sort, search, asTable } = this.viewing;
    return JSON.stringify([sort, search, asTable]);
  }

  /** The core has something newer. */
  changed(): void {
    this.#ask();
  }

  /** The question itself is another now, for one because of another time range: what is in flight is void. */
  renew(): void {
    this.#inFlight = false;
    this.#ask();
  }

  /** Asks the core for fresh data; it tells when there is some. */
  async refresh(): Promise<void> {
    try {
      await core.refreshTile(this.tenant, this.dashboard, this.id);
      this.#refused = null;
    } catch (reason) {
      this.#refused = core.problemOf(reason);
    }
    this.#ask();
  }

  /** The tile is off the screen; what is still on its way is dropped. */
  close(): void {
    this.#closed = true;
  }

  #ask(): void {
    const request = this.request;
    if (this.#closed || request === null) return;
    if (this.#inFlight) {
      this.#askAgain = true;
      return;
    }
    this.#askAgain = false;
    void this.#draw(request);
  }

  async #draw(request: TileRequest): Promise<void> {
    const question = ++this.#question;
    this.#inFlight = true;
    let view: TileView | null = null;
    let refused: Problem | null = null;
    try {
      view = await core.drawTile(request);
    } catch (reason) {
      refused = core.problemOf(reason);
    }
    if (this.#closed || question !== this.#question) return;
    this.#inFlight = false;
    this.#refused = refused;
    if (view) {
      this.view = view;
      this.#drawn = request.view.zoom;
      if (request.view.zoom === null) this.whole = view.picture?.across ?? null;
    }
    if (this.#askAgain) this.#ask();
  }
}

function same<T extends Look | View>(a: T, b: T): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
