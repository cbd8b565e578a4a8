// Which tiles of a dashboard are in view, and whether the page is painted at all:
// told to the core, which fetches nothing for what nobody sees.

import * as core from './core';

/** What asks something where it stands on the page: a tile, or a filter's button. */
export interface Seen {
  readonly id: string;
  isInView: boolean;
}

export class Sight {
  readonly #tiles = new Map<Element, Seen>();
  /** The elements whose place is known; nothing is told before all are. */
  readonly #known = new Set<Element>();
  readonly #observer = new IntersectionObserver((entries) => this.#look(entries));
  readonly #follow = () => this.#tell();
  #told: string | null = null;
  #isDue = false;
  #isClosed = false;

  constructor(
    private readonly tenant: string,
    private readonly dashboard: string,
  ) {
    document.addEventListener('visibilitychange', this.#follow);
  }

  /** Follows a tile's element; call what it returns when that leaves the page. */
  watch(element: Element, tile: Seen): () => void {
    this.#tiles.set(element, tile);
    this.#observer.observe(element);
    return () => {
      this.#observer.unobserve(element);
      this.#tiles.delete(element);
      this.#known.delete(element);
      this.#tell();
    };
  }

  /** Brings a tile before the viewer's eyes and gives it the keyboard. */
  reveal(tile: Seen): void {
    for (const [element, one] of this.#tiles) {
      if (one !== tile || !(element instanceof HTMLElement)) continue;
      element.scrollIntoView({ block: 'center' });
      element.focus({ preventScroll: true });
    }
  }

  /** Tells it again, should the core have forgotten. */
  again(): void {
    this.#told = null;
    this.#tell();
  }

  close(): void {
    this.#isClosed = true;
    this.#observer.disconnect();
    document.removeEventListener('visibilitychange', this.#follow);
  }

  #look(entries: IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const tile = this.#tiles.get(target);
      if (!tile) continue;
      this.#known.add(target);
      tile.isInView = isIntersecting;
    }
    this.#tell();
  }

  /** What changes together is told once. */
  #tell(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      void this.#tellNow();
    });
  }

  async #tellNow(): Promise<void> {
    // Before the first tile stands there is nothing to tell of.
    const isThere = this.#tiles.size > 0 || this.#told !== null;
    const isKnown = isThere && this.#known.size === this.#tiles.size;
    if (this.#isClosed || !isKnown) return;
    const inView = [...this.#tiles.values()].filter((tile) => tile.isInView).map(({ id }) => id);
    const isPainted = document.visibilityState === 'visible';
    const words = JSON.stringify([inView, isPainted]);
    if (words === this.#told) return;
    this.#told = words;
    try {
      await core.showTiles(this.tenant, this.dashboard, inView, isPainted);
    } catch {
      // The core shows something else by now, and will be told of that.
      this.#told = null;
    }
  }
}
