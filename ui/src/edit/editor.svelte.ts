// Editing the dashboard on the screen. The core has the draft: each step is one
// command, and its answer is the dashboard as it then is. Steps wait for each
// other, so that keys pressed quickly arrive in their order.

import { tick } from 'svelte';
import * as core from '../core';
import type { Board } from '../board.svelte';
import type { Assignment } from '../generated/Assignment';
import type { Change } from '../generated/Change';
import type { DashboardView } from '../generated/DashboardView';
import type { Problem } from '../generated/Problem';
import type { Screen } from '../screen.svelte';
import { clamp, placeOf, type Extent, type Target } from './grid';

/** What is open beside the dashboard. */
export type Panel = { kind: 'add' } | { kind: 'tile'; tile: string; field: 'title' | null };

/** What is written under a name: an empty dashboard, the one on the screen again, or the made one as a file. */
export type Naming = 'new' | 'copy' | 'keep';

/** What must be answered first. */
export type Question =
  | { kind: 'leave' }
  | { kind: 'discard' }
  | { kind: 'changed'; problem: Problem }
  | { kind: 'name'; of: Naming; refusal: Problem | null }
  | { kind: 'delete' };

/** A step that the core refused. */
export interface Refused {
  /** What should have been written; `null` for a step that is no field's. */
  key: Assignment['key'] | null;
  problem: Problem;
}

/** A tile in the hand. */
export interface Drag {
  tile: string;
  x: number;
  y: number;
  target: Target | null;
}

export class Editor {
  panel = $state.raw<Panel | null>(null);
  question = $state.raw<Question | null>(null);
  refused = $state.raw<Refused | null>(null);
  drag = $state.raw<Drag | null>(null);
  /** What happened last, for who does not see it. */
  said = $state('');
  isBusy = $state(false);

  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(readonly screen: Screen) {}

  get board(): Board | null {
    return this.screen.board;
  }

  get state() {
    return this.board?.view.editing ?? null;
  }

  /** The draft, while there is one. */
  get draft() {
    return this.state?.state === 'underWay' ? this.state : null;
  }

  /** Whether the made dashboard can become a file here. */
  get canKeep(): boolean {
    return this.state?.state === 'locked' && this.state.problem.code === 'made';
  }

  async begin(): Promise<void> {
    if (this.state?.state !== 'possible') return;
    const isDone = await this.#step((board) => core.beginEdit(board.tenant, board.id), null);
    if (!isDone) return;
    this.panel = null;
    this.said = this.draft?.restored
      ? 'Your unsaved changes from before are here again.'
      : 'Editing. Arrow keys move a tile, with Shift they resize it.';
    this.#focus(this.board?.tiles[0]?.id ?? null);
  }

  async undo(): Promise<void> {
    if (!this.draft?.canUndo) return;
    if (await this.#step((board) => core.undoEdit(board.tenant, board.id), null))
      this.said = 'Undone.';
  }

  async redo(): Promise<void> {
    if (!this.draft?.canRedo) return;
    if (await this.#step((board) => core.redoEdit(board.tenant, board.id), null))
      this.said = 'Done again.';
  }

  /** Adds a tile behind the last that is seen, so that it stands on the tab that is open; `null` is a text. */
  async add(pipe: string | null): Promise<void> {
    const chart = pipe === null ? 'text' : 'auto';
    const tile = { title: null, pipe, chart };
    const after = this.board?.shown.at(-1)?.id ?? null;
    if (!(await this.#change({ kind: 'add', tile, after }))) return;
    const added = this.draft?.tile ?? null;
    if (added === null) return;
    this.panel = { kind: 'tile', tile: added, field: null };
    this.said = `${this.#title(added)} was added.`;
    await tick();
    reveal(added);
  }

  async duplicate(tile: string): Promise<void> {
    if (!(await this.#change({ kind: 'duplicate', tile }))) return;
    const copy = this.draft?.tile ?? null;
    this.said = `${this.#title(copy)} was added.`;
    this.#focus(copy);
  }

  async remove(tile: string): Promise<void> {
    const title = this.#title(tile);
    const at = this.#ids.indexOf(tile);
    if (!(await this.#change({ kind: 'remove', tile }))) return;
    if (this.panel?.kind === 'tile' && this.panel.tile === tile) this.panel = null;
    this.said = `${title} was deleted.`;
    const ids = this.#ids;
    this.#focus(ids[Math.min(at, ids.length - 1)] ?? null);
  }

  /** Takes a tile out that has a mistake: the one at a place among such. */
  async removeWrong(index: number): Promise<void> {
    if (!(await this.#change({ kind: 'removeWrong', index }))) return;
    this.said = 'The tile with a mistake was deleted.';
    this.#focus(this.#ids[0] ?? null);
  }

  /** Puts a tile so many places further on. */
  async moveBy(tile: string, steps: number): Promise<void> {
    await this.#move(tile, () => {
      // As they are seen: the next one of the file may stand on another tab.
      const seen = this.board?.shown.map(({ id }) => id) ?? [];
      const at = seen.indexOf(tile);
      const beside = seen[Math.min(seen.length - 1, Math.max(0, at + steps))];
      if (at < 0 || beside === undefined || beside === tile) return null;
      return { to: this.#ids.indexOf(beside), beside };
    });
    this.#focus(tile);
  }

  /** Lets go of the tile in the hand. */
  async drop(): Promise<void> {
    const drag = this.drag;
    this.drag = null;
    const target = drag?.target;
    if (!drag || !target) return;
    await this.#move(drag.tile, () => {
      const to = placeOf(this.#ids, drag.tile, target);
      return to === null ? null : { to, beside: target.tile };
    });
  }

  async resize(tile: string, extent: Extent): Promise<void> {
    await this.#resize(tile, () => extent);
  }

  /** Makes a tile so many columns and rows larger than the step before left it. */
  async resizeBy(tile: string, columns: number, rows: number): Promise<void> {
    await this.#resize(tile, ({ width, height }) => ({
      width: width + columns,
      height: height + rows,
    }));
  }

  /** Writes keys of a tile. Whether the core took them. */
  async set(tile: string, values: Assignment[]): Promise<boolean> {
    const key = values.length === 1 ? (values[0]?.key ?? null) : null;
    return this.#change({ kind: 'set', tile, values }, key);
  }

  /** Whether the file has the draft now. */
  async save(overwrite = false): Promise<boolean> {
    const board = this.board;
    if (!board || !this.draft) return false;
    this.question = null;
    try {
      await this.#queue(() =>
        this.screen.follow((now) => core.saveEdit(now.tenant, now.id, overwrite)),
      );
      this.said = 'Saved.';
      return true;
    } catch (reason) {
      const problem = core.problemOf(reason);
      if (problem.code === 'file-changed') this.question = { kind: 'changed', problem };
      else this.screen.fail(problem);
      return false;
    }
  }

  /** Saves where there is something to save, and leaves. */
  async finish(): Promise<void> {
    if (!this.draft?.unsaved || (await this.save())) await this.discard();
  }

  /** Writes another dashboard under this title, or the one on the screen a second time, and shows it. */
  async name(of: Naming, title: string): Promise<void> {
    // A second one would copy what the first one wrote.
    if (this.isBusy) return;
    try {
      await this.#queue(() =>
        this.screen.follow(({ tenant, id }) =>
          of === 'new' ? core.newDashboard(tenant, title) : core.copyDashboard(tenant, id, title),
        ),
      );
      this.question = null;
      this.said = `${title} was added.`;
      if (of === 'new') await this.begin();
    } catch (reason) {
      this.question = { kind: 'name', of, refusal: core.problemOf(reason) };
    }
  }

  /** Removes the whole dashboard, and shows another. */
  async removeWhole(): Promise<void> {
    const board = this.board;
    this.question = null;
    if (!board) return;
    const { tenant, id } = board;
    const { title } = board.view;
    if (!(await this.screen.run(() => core.deleteDashboard(tenant, id)))) return;
    await this.screen.open(tenant, null);
    this.said = `${title} was deleted.`;
  }

  /** Leaves, and asks first where something would be lost. */
  async leave(): Promise<void> {
    if (this.draft?.unsaved) this.question = { kind: 'leave' };
    else await this.discard();
  }

  /** Leaves the draft behind. */
  async discard(): Promise<void> {
    const board = this.board;
    this.question = null;
    const isDone = await this.#step((board) => core.discardEdit(board.tenant, board.id), null);
    if (!isDone) {
      // The draft may be gone all the same, and with it the only dashboard: whichever there is comes next.
      if (board) await this.screen.open(board.tenant, null);
      return;
    }
    this.panel = null;
    this.said = 'Editing ended.';
    await tick();
    document.querySelector<HTMLElement>('[data-testid="dashboard-menu"]')?.focus();
  }

  open(panel: Panel): void {
    this.refused = null;
    this.panel = panel;
    // Below a panel that comes from below, nothing would be seen of it.
    if (panel.kind === 'tile') void tick().then(() => reveal(panel.tile));
  }

  close(): void {
    const panel = this.panel;
    this.panel = null;
    this.refused = null;
    this.#focus(panel?.kind === 'tile' ? panel.tile : null);
  }

  get #ids(): string[] {
    return this.board?.tiles.map(({ id }) => id) ?? [];
  }

  #title(tile: string | null): string {
    return this.board?.tiles.find(({ id }) => id === tile)?.layout.title ?? 'The tile';
  }

  async #move(
    tile: string,
    where: () => { to: number; beside: string | null } | null,
  ): Promise<void> {
    const isDone = await this.#step((board) => {
      const place = where();
      if (place === null) return null;
      return core.edit(board.tenant, board.id, { kind: 'move', tile, ...place });
    }, null);
    if (!isDone) return;
    const ids = this.#ids;
    this.said = `${this.#title(tile)}: place ${ids.indexOf(tile) + 1} of ${ids.length}.`;
  }

  async #resize(tile: string, extent: (was: Extent) => Extent): Promise<void> {
    const isDone = await this.#step((board) => {
      const was = board.tiles.find(({ id }) => id === tile)?.layout;
      if (!was) return null;
      const wanted = extent(was);
      const [width, height] = [clamp(wanted.width, 12), clamp(wanted.height, 20)];
      const values: Assignment[] = [
        { key: 'width', value: width },
        { key: 'height', value: height },
      ];
      return core.edit(board.tenant, board.id, { kind: 'set', tile, values });
    }, null);
    const now = this.board?.tiles.find(({ id }) => id === tile)?.layout;
    if (isDone && now) this.said = `${now.title}: ${now.width} of 12 columns, ${now.height} rows.`;
  }

  #change(change: Change, key: Refused['key'] = null): Promise<boolean> {
    return this.#step((board) => core.edit(board.tenant, board.id, change), key);
  }

  /** One step, after those before it. Whether it was made. */
  async #step(
    ask: (board: Board) => Promise<DashboardView> | null,
    key: Refused['key'],
  ): Promise<boolean> {
    try {
      const isDone = await this.#queue(() => this.screen.follow(ask));
      this.refused = null;
      return isDone;
    } catch (reason) {
      const problem = core.problemOf(reason);
      this.refused = { key, problem };
      this.said = problem.message;
      if (key === null) this.screen.fail(problem);
      return false;
    }
  }

  #queue<T>(work: () => Promise<T>): Promise<T> {
    this.isBusy = true;
    this.#waiting += 1;
    const done = this.#last.then(work).finally(() => {
      this.#waiting -= 1;
      this.isBusy = this.#waiting > 0;
    });
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** Gives a tile the keyboard, once it stands where it goes. */
  #focus(tile: string | null): void {
    void tick().then(() => layerOf(tile)?.focus({ preventScroll: false }));
  }
}

function reveal(tile: string): void {
  layerOf(tile)?.scrollIntoView({ block: 'nearest' });
}

function layerOf(tile: string | null): HTMLElement | null {
  return tile === null ? null : document.querySelector(`[data-testid="edit-${tile}"]`);
}
