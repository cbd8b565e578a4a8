// The wall display: a dashboard that fills the screen, for people who look at it
// from afar. Nothing else is there, and nothing moves but the numbers.

/** How long the pointer is seen after it moved, in milliseconds. */
const POINTER = 3_000;

/** The lowest row that still shows something, in CSS pixels. */
const LOWEST_ROW = 56;
/** A row of the window's own dashboard, in CSS pixels. */
const USUAL_ROW = 80;

export class Wall {
  isOn = $state(false);
  /** The pointer has rested for a while. */
  isStill = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Fills the screen, or at least the window where a system lends no screen. */
  async enter(element: HTMLElement): Promise<void> {
    this.isOn = true;
    this.stir();
    try {
      await element.requestFullscreen();
    } catch {
      // The window is filled all the same.
    }
    // Who left before the screen was there does not stay on it.
    const hasLeft = () => !this.isOn;
    if (hasLeft()) await this.leave();
  }

  async leave(): Promise<void> {
    this.isOn = false;
    clearTimeout(this.#timer);
    if (document.fullscreenElement) await document.exitFullscreen();
  }

  /** The pointer moved. */
  stir(): void {
    this.isStill = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.isStill = this.isOn;
    }, POINTER);
  }
}

/**
 * How high a row must be for all of them to fill a height together, where they take `content` at `row` each; never so
 * low that nothing can be read: then the wall scrolls.
 */
export function rowToFill(height: number, content: number, rows: number, row = USUAL_ROW): number {
  if (rows === 0) return row;
  return Math.max(LOWEST_ROW, Math.floor(row + (height - content) / rows));
}

/** The width for which a dashboard's type is made, in CSS pixels. */
const USUAL_WIDTH = 1_440;
const LARGEST_TYPE = 3;

/** How much larger type may be on a wall of this width with rows of this height. */
export function typeToFill(width: number, row: number): number {
  const room = Math.min(width / USUAL_WIDTH, row / USUAL_ROW);
  return Math.min(LARGEST_TYPE, Math.max(1, Math.round(room * 100) / 100));
}

/** Lays a wall's rows out so that they fill it. */
export function fit(wall: HTMLElement): void {
  const set = (row: number, type: number) => {
    wall.style.setProperty('--row', `${row}px`);
    wall.style.setProperty('--type', `${type}`);
  };
  // Headings take their share of the height first, and are as large as the width allows.
  const widest = typeToFill(wall.clientWidth, Infinity);
  set(USUAL_ROW, widest);
  const rows = [...wall.querySelectorAll('[data-grid]')]
    .map((grid) => getComputedStyle(grid).gridTemplateRows.split(' ').length)
    .reduce((sum, count) => sum + count, 0);
  const last = wall.lastElementChild;
  if (last === null) return;
  const end = parseFloat(getComputedStyle(wall).paddingBottom) || 0;
  const content = last.getBoundingClientRect().bottom - wall.getBoundingClientRect().top + end;
  const row = rowToFill(wall.clientHeight, content + wall.scrollTop, rows);
  set(row, typeToFill(wall.clientWidth, row));
}

/** Gives a dashboard back the window's own rows and type. */
export function unfit(wall: HTMLElement): void {
  wall.style.removeProperty('--row');
  wall.style.removeProperty('--type');
}
