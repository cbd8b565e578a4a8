// Where a viewer is in a picture: under the pointer, walking by keyboard, or
// brushing a stretch of the axis. The picture shows it; here is what it means.

import { along, between, scaled, shareOf, shifted, valueAt } from './across';
import type { Board } from './board.svelte';
import { choiceOf, type Aim, type Choice } from './filters';
import type { Mark } from './generated/Mark';
import type { Marks } from './generated/Marks';
import type { Meaning } from './gestures';
import { anchor, groupAt, nearestTo, pick, step, type Point } from './marks';
import type { Tile } from './tile.svelte';

/** What a press on a mark asks of the window. */
export interface Asked {
  filter: (choice: Choice) => void;
  open: (link: string) => void;
}

/** A key zooms to this share of what was shown, or back. */
const ZOOM = 0.5;
/** A key moves the stretch by this share of it. */
const MOVE = 0.25;

export class Pointing implements Meaning {
  /** Where the pointer is, in the picture. */
  pointer = $state.raw<Point | null>(null);
  /** The mark that the keyboard went to. */
  walked = $state<number | null>(null);
  /** From where to where is brushed, in the picture. */
  brushed = $state.raw<[number, number] | null>(null);
  /** The mark that a finger was on before it was lifted. */
  #touched: number | null = null;

  constructor(
    readonly board: Board,
    readonly tile: Tile,
    readonly asked: Asked,
  ) {}

  readonly marks: Marks | null = $derived.by(() => this.tile.view?.picture?.marks ?? null);

  readonly index: number | null = $derived.by(() => {
    if (!this.marks || this.brushed) return null;
    return this.pointer ? pick(this.marks, this.pointer) : this.walked;
  });

  /** What is pointed at. */
  readonly mark: Mark | null = $derived.by(() =>
    this.index === null ? null : (this.marks?.marks[this.index] ?? null),
  );

  /** Where the tooltip points. */
  readonly at: Point | null = $derived.by(() =>
    this.mark && this.marks ? (this.pointer ?? anchor(this.mark, this.marks.plot)) : null,
  );

  /** What a click does something about. */
  readonly aim: Aim | null = $derived.by(() => this.#aim(this.mark, this.pointer));

  /** The instant that is pointed at, for all the charts that measure time. */
  readonly instant: number | null = $derived.by(() => {
    const across = this.tile.view?.picture?.across;
    if (across?.measure !== 'time' || !this.mark || !this.marks) return null;
    // What lasts is pointed at in the middle of it.
    return this.marks.pick === 'span' && this.pointer
      ? valueAt(across, along(this.marks.plot, this.pointer.x))
      : this.mark.at;
  });

  /** The mark at the instant that another chart of the dashboard is pointed at. */
  readonly elsewhere: { mark: Mark; x: number } | null = $derived.by(() => {
    const crosshair = this.board.crosshair;
    const across = this.tile.view?.picture?.across;
    if (!crosshair || crosshair.tile === this.tile || across?.measure !== 'time') return null;
    const share = shareOf(across, crosshair.at);
    const marks = this.marks;
    if (!marks || !(share >= 0 && share <= 1)) return null;
    const index = nearestTo(marks, crosshair.at);
    const mark = index === null ? null : marks.marks[index];
    return mark ? { mark, x: marks.plot.x + share * marks.plot.width } : null;
  });

  leave(): void {
    this.pointer = null;
    this.walked = null;
    this.#touched = null;
  }

  /** Whether a pressed key meant something here. */
  key(event: KeyboardEvent): boolean {
    if (event.key === 'Escape') {
      const wasSomewhere = this.mark !== null;
      this.leave();
      return wasSomewhere;
    }
    if (event.key === 'Enter') return this.#press(this.aim, event.ctrlKey || event.metaKey);
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.key === '+' || event.key === '=') return this.#zoom(ZOOM, this.#middle());
    if (event.key === '-' || event.key === '_') return this.#zoom(1 / ZOOM, this.#middle());
    if (event.key === '0') return this.reset();
    if (event.shiftKey && event.key === 'ArrowLeft') return this.#move(-MOVE);
    if (event.shiftKey && event.key === 'ArrowRight') return this.#move(MOVE);
    const to = step(event.key, this.index, this.marks?.marks.length ?? 0);
    if (to === null) return false;
    this.pointer = null;
    this.walked = to;
    return true;
  }

  /** Back to all of the axis. */
  reset(): boolean {
    const wasZoomed = this.tile.viewing.zoom !== null;
    this.tile.touch({ zoom: null });
    return wasZoomed;
  }

  canBrush(x: number, y: number): boolean {
    const plot = this.marks?.plot;
    return (
      this.tile.axis !== null &&
      plot !== undefined &&
      x >= plot.x &&
      x <= plot.x + plot.width &&
      y >= plot.y &&
      y <= plot.y + plot.height
    );
  }

  point(x: number, y: number): void {
    this.walked = null;
    this.pointer = { x, y };
  }

  brush(stretch: [number, number] | null): void {
    const plot = this.marks?.plot;
    if (!stretch || !plot) {
      this.brushed = null;
      return;
    }
    const clamp = (x: number) => Math.max(plot.x, Math.min(x, plot.x + plot.width));
    this.brushed = [clamp(Math.min(...stretch)), clamp(Math.max(...stretch))];
  }

  choose(from: number, to: number): void {
    const { axis } = this.tile;
    const plot = this.marks?.plot;
    if (!axis || !plot) return;
    this.pointer = null;
    this.tile.touch({ zoom: between(axis, along(plot, from), along(plot, to)) });
  }

  pinch(factor: number, around: number): void {
    const plot = this.marks?.plot;
    if (!plot) return;
    this.leave();
    this.#zoom(factor, along(plot, around));
  }

  press(x: number, y: number, byTouch: boolean, besides: boolean): void {
    const index = this.marks ? pick(this.marks, { x, y }) : null;
    // A finger has no other way to read a mark than to tap it: the second tap is a click.
    const isFirstTap = byTouch && this.#touched !== index;
    this.#touched = index;
    const mark = (index !== null && this.marks?.marks[index]) || null;
    if (!isFirstTap) this.#press(this.#aim(mark, { x, y }), besides);
  }

  #aim(mark: Mark | null, at: Point | null): Aim | null {
    const { marks } = this;
    return mark && marks && { keys: mark.keys, link: mark.link, group: groupAt(marks, mark, at) };
  }

  /** Filters by a mark, or opens the page it leads to: with Ctrl or Cmd the page, where it has both. */
  #press(aim: Aim | null, besides: boolean): boolean {
    if (!aim) return false;
    const choice = choiceOf(aim, this.board.view.filters);
    if (choice && !(besides && aim.link !== null)) this.asked.filter(choice);
    else if (aim.link !== null) this.asked.open(aim.link);
    return choice !== null || aim.link !== null;
  }

  /** Where on the axis the keyboard is: on a mark, or in the middle. */
  #middle(): number {
    const { axis } = this.tile;
    const at = this.mark?.at ?? null;
    return axis && at !== null ? Math.max(0, Math.min(shareOf(axis, at), 1)) : 0.5;
  }

  #zoom(factor: number, around: number): boolean {
    const { axis, whole } = this.tile;
    if (!axis || !whole) return false;
    this.walked = null;
    this.tile.touch({ zoom: scaled(axis, whole, factor, around) });
    return true;
  }

  #move(by: number): boolean {
    const { axis, whole } = this.tile;
    if (!axis || !whole || this.tile.viewing.zoom === null) return false;
    this.walked = null;
    this.tile.touch({ zoom: shifted(axis, whole, by) });
    return true;
  }
}
