// A dashboard on the screen: its layout and its tiles, for one tenant. Another
// tenant or another dashboard is another board.

import { tick } from 'svelte';
import { arrange, type Arrangement, type Place, type Tab } from './arrange';
import type { DashboardView } from './generated/DashboardView';
import type { FilterView } from './generated/FilterView';
import type { TileChanged } from './generated/TileChanged';
import type { WrongTileView } from './generated/WrongTileView';
import { Sight } from './sight';
import { standingOf, type Standing } from './standing.svelte';
import { Tile } from './tile.svelte';

/** An instant that the viewer points at, and where. */
export interface Crosshair {
  tile: Tile;
  /** Unix microseconds. */
  at: number;
}

/** What has a place on a dashboard: a tile, or one whose lines in the file have a mistake. */
export interface Item {
  key: string;
  place: Place;
  tile: Tile | null;
  wrong: WrongTileView | null;
}

export class Board {
  readonly tenant: string;
  readonly id: string;
  /** Which tab is open, and which sections are closed. */
  readonly standing: Standing;
  view: DashboardView = $state.raw() as DashboardView;
  /** In reading order. */
  tiles = $state.raw<Tile[]>([]);
  /** Shown by every chart that measures time. */
  crosshair = $state.raw<Crosshair | null>(null);
  /** Which of the tiles are in view. */
  readonly sight: Sight;
  /** What the core told of last that is no tile: the values of a filter. */
  heard = $state.raw<TileChanged | null>(null);

  constructor(view: DashboardView) {
    this.tenant = view.tenant;
    this.id = view.id;
    this.standing = standingOf(view.tenant, view.id);
    this.view = view;
    this.sight = new Sight(view.tenant, view.id);
    this.tiles = view.tiles.map((layout) => new Tile(view.tenant, view.id, layout));
  }

  /** What can be chosen follows from what is chosen, and from what was heard of it. */
  get cause(): { view: DashboardView; heard: TileChanged | null } {
    return { view: this.view, heard: this.heard };
  }

  /** Where everything stands, tiles and what stands in the place of one. */
  readonly arrangement: Arrangement<Item> = $derived.by(() => arrange(this.#items, placeOf));

  /** The tab that is open; `null` on a dashboard without tabs. */
  readonly tab: Tab<Item> | null = $derived.by(() => {
    const { tabs } = this.arrangement;
    return tabs.find(({ name }) => name === this.standing.tab) ?? tabs[0] ?? null;
  });

  /** The tiles that are laid out: not those of another tab or of a closed section. */
  readonly shown: Tile[] = $derived.by(() => {
    const open = (sections: Arrangement<Item>['above'], tab: string | null) =>
      sections.filter(({ name }) => name === null || !this.standing.isClosed(tab, name));
    const parts = [
      ...open(this.arrangement.above, null),
      ...open(this.tab?.sections ?? [], this.tab?.name ?? null),
    ];
    return parts.flatMap(({ items }) => items.flatMap(({ tile }) => tile ?? []));
  });

  /** Whether every tile that is laid out has a picture, or has none yet and is out of view. */
  get isComplete(): boolean {
    return this.shown.every((tile) => tile.state === 'ready' || tile.isLeftAlone);
  }

  /** Whether the core has told of every such tile what there is. */
  get isAnswered(): boolean {
    return this.shown.every((tile) => tile.state !== 'loading' || tile.isLeftAlone);
  }

  get isRefreshing(): boolean {
    return this.shown.some((tile) => tile.view?.refreshing);
  }

  /** When the oldest of the answers on the screen was fetched. */
  get fetched(): number | null {
    const times = this.shown.flatMap((tile) => tile.view?.fetched ?? []);
    return times.length === 0 ? null : Math.min(...times);
  }

  /** In the file's order. */
  get #items(): Item[] {
    const items: Item[] = [];
    const { wrong } = this.view;
    this.tiles.forEach((tile, index) => {
      items.push(...wrong.filter(({ after }) => after === index).map(inPlace));
      items.push({ key: `tile ${tile.id}`, place: tile.layout, tile, wrong: null });
    });
    items.push(...wrong.filter(({ after }) => after >= this.tiles.length).map(inPlace));
    return items;
  }

  shows(view: DashboardView): boolean {
    return view.tenant === this.tenant && view.id === this.id;
  }

  /** The same dashboard, told anew: its file or its time range changed. Tiles that stay keep their picture until the next. */
  update(view: DashboardView): void {
    const before = this.tiles;
    const isSameTime = sameRange(this.view, view);
    this.view = view;
    this.tiles = view.tiles.map((layout) => {
      const tile = before.find(({ id }) => id === layout.id);
      if (!tile) return new Tile(view.tenant, view.id, layout);
      tile.layout = layout;
      // A stretch of another range is no stretch of this one.
      if (!isSameTime) tile.touch({ zoom: null });
      tile.renew();
      return tile;
    });
    for (const tile of before) if (!this.tiles.includes(tile)) tile.close();
    this.sight.again();
  }

  /** Brings a tile before the viewer's eyes, also one of another tab or of a closed section. */
  async reveal(tile: Tile): Promise<void> {
    const { tab, section } = tile.layout;
    if (tab !== null) this.standing.tab = tab;
    if (section !== null && this.standing.isClosed(tab, section)) {
      this.standing.toggle(tab, section);
    }
    await tick();
    this.sight.reveal(tile);
  }

  /** The viewer paused its refreshing, or ended the pause. */
  pause(paused: boolean): void {
    this.view = { ...this.view, paused };
  }

  /** The same filters, with other names for what is chosen of them. */
  rename(filters: FilterView[]): void {
    this.view = { ...this.view, filters };
  }

  changed(changed: TileChanged): void {
    if (changed.tenant !== this.tenant || changed.dashboard !== this.id) return;
    const tile = this.tiles.find(({ id }) => id === changed.tile);
    if (tile) tile.changed();
    else this.heard = { ...changed };
  }

  close(): void {
    this.sight.close();
    for (const tile of this.tiles) tile.close();
  }
}

const placeOf = ({ place }: Item) => place;

/** Mistakes have their places in the file: no two tiles have the same. */
function inPlace(wrong: WrongTileView): Item {
  return { key: `wrong ${wrong.mistakes.join()}`, place: wrong, tile: null, wrong };
}

function sameRange(a: DashboardView, b: DashboardView): boolean {
  return JSON.stringify(a.time?.range) === JSON.stringify(b.time?.range);
}
