// What a viewer types into a field that asks while they type: told once the
// typing pauses, at once where they say so, and never overwritten under their
// hands by the answer to what they typed before.

/** How long a pause is, in milliseconds. */
export const PAUSE = 450;

export class Typed {
  /** What is chosen, as the core has it. */
  #chosen = $state.raw('');
  /** Typed and not told yet. */
  #draft = $state.raw<string | null>(null);
  /** Told and not answered yet. */
  #told = $state.raw<string | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** What stands in the field. */
  readonly text: string = $derived.by(() => this.#draft ?? this.#told ?? this.#chosen);

  /** Tells what was typed; whether it was taken, where that is known. */
  constructor(readonly tell: (text: string) => Promise<boolean> | undefined) {}

  type(text: string): void {
    clearTimeout(this.#timer);
    this.#draft = text;
    this.#timer = setTimeout(() => this.flush(), PAUSE);
  }

  /** Types it all at once, and tells. */
  set(text: string): void {
    this.type(text);
    this.flush();
  }

  /** Tells what was typed and not told yet. */
  flush(): void {
    clearTimeout(this.#timer);
    const text = this.#draft;
    this.#draft = null;
    if (text === null || text === this.text) return;
    this.#told = text;
    void this.tell(text)?.then((isTaken) => {
      // What was refused gives way to what is chosen.
      if (!isTaken && this.#told === text) this.#told = null;
    });
  }

  /** The core has answered: this is chosen now. */
  answered(chosen: string | undefined): void {
    this.#chosen = chosen ?? '';
    this.#told = null;
  }

  /** Forgets what was typed and not told yet. */
  drop(): void {
    clearTimeout(this.#timer);
    this.#draft = null;
  }
}
