// What pointers mean over a picture. A mouse points, and brushes while its button
// is down. One finger scrubs along the values, two pinch, and one that rested
// first brushes; a finger that moves up or down scrolls the page, which the
// browser does by itself (`touch-action: pan-y`) and tells by cancelling.

/** A pointer's place in the picture. */
export interface Touch {
  id: number;
  /** As PointerEvent has it. */
  type: string;
  x: number;
  y: number;
}

/** What the gestures ask of the picture. Places are CSS pixels of it. */
export interface Meaning {
  /** Whether a brush may begin there. */
  canBrush: (x: number, y: number) => boolean;
  /** The pointer is here. */
  point: (x: number, y: number) => void;
  /** From here to here is brushed so far; `null` when it ended without. */
  brush: (stretch: [from: number, to: number] | null) => void;
  /** The brushed stretch is meant. */
  choose: (from: number, to: number) => void;
  /** Two fingers make what lies between them `factor` times as long, around this place. */
  pinch: (factor: number, around: number) => void;
  /** A press that was no drag; `besides` with Ctrl or Cmd held. */
  press: (x: number, y: number, byTouch: boolean, besides: boolean) => void;
}

/** A pointer that moves less than this stays where it is. */
const SLOP = 4;
/** How long a finger rests before it brushes. */
const REST = 450;

export class Gestures {
  #down = new Map<number, Touch>();
  #start: Touch | null = null;
  #isBrushing = false;
  #hasPinched = false;
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly meaning: Meaning) {}

  get isBrushing(): boolean {
    return this.#isBrushing;
  }

  down(touch: Touch): void {
    if (touch.type === 'touch') this.#down.set(touch.id, touch);
    else this.#down = new Map([[touch.id, touch]]);
    clearTimeout(this.#rest);
    if (this.#down.size > 1) {
      this.cancel();
      this.#hasPinched = true;
      return;
    }
    this.#hasPinched = false;
    this.#start = touch;
    this.meaning.point(touch.x, touch.y);
    if (touch.type === 'touch' && this.meaning.canBrush(touch.x, touch.y)) {
      this.#rest = setTimeout(() => {
        this.#isBrushing = true;
        this.meaning.brush([touch.x, touch.x]);
      }, REST);
    }
  }

  move(touch: Touch): void {
    const before = this.#down.get(touch.id);
    if (!before) {
      if (touch.type !== 'touch') this.meaning.point(touch.x, touch.y);
      return;
    }
    if (this.#down.size === 2) {
      this.#pinch(before, touch);
      return;
    }
    this.#down.set(touch.id, touch);
    const start = this.#start;
    if (this.#isBrushing && start) {
      this.meaning.brush([start.x, touch.x]);
      return;
    }
    const hasMoved = start !== null && Math.hypot(touch.x - start.x, touch.y - start.y) > SLOP;
    if (hasMoved) clearTimeout(this.#rest);
    if (hasMoved && touch.type !== 'touch' && this.meaning.canBrush(start.x, start.y)) {
      this.#isBrushing = true;
      this.meaning.brush([start.x, touch.x]);
    } else if (hasMoved || touch.type !== 'touch') {
      this.meaning.point(touch.x, touch.y);
    }
  }

  up(touch: Touch, besides = false): void {
    clearTimeout(this.#rest);
    if (!this.#down.delete(touch.id)) return;
    const start = this.#start;
    if (this.#down.size > 0 || start === null) return;
    this.#start = null;
    const length = Math.abs(touch.x - start.x);
    if (this.#isBrushing) {
      this.#isBrushing = false;
      this.meaning.brush(null);
      if (length > SLOP) this.meaning.choose(start.x, touch.x);
    } else if (!this.#hasPinched && Math.hypot(length, touch.y - start.y) <= SLOP) {
      this.meaning.press(start.x, start.y, touch.type === 'touch', besides);
    }
  }

  /** The page scrolls, the viewer pressed Escape: nothing was meant. */
  cancel(): void {
    clearTimeout(this.#rest);
    this.#start = null;
    if (this.#isBrushing) this.meaning.brush(null);
    this.#isBrushing = false;
  }

  /** A pointer that left without being lifted. */
  lose(id: number): void {
    this.#down.delete(id);
    this.cancel();
  }

  #pinch(before: Touch, now: Touch): void {
    const other = [...this.#down.values()].find(({ id }) => id !== now.id);
    this.#down.set(now.id, now);
    if (!other) return;
    const was = Math.abs(before.x - other.x);
    const is = Math.abs(now.x - other.x);
    // Two fingers above each other say nothing of left and right.
    if (was < 2 * SLOP || is < 2 * SLOP) return;
    this.meaning.pinch(was / is, (now.x + other.x) / 2);
  }
}
