// What is on the screen: the frame as the core last told it, and the dashboard
// of one tenant in it.
//
// Header and dashboard change together. While another tenant's dashboard is on
// its way, both still show the one before; an answer that the viewer no longer
// waits for is dropped.

import * as core from './core';
import { Board } from './board.svelte';
import { Editor } from './edit/editor.svelte';
import type { AppView } from './generated/AppView';
import type { CompareWith } from './generated/CompareWith';
import type { DashboardView } from './generated/DashboardView';
import type { FilterView } from './generated/FilterView';
import type { OfflineCopyChanged } from './generated/OfflineCopyChanged';
import type { Problem } from './generated/Problem';
import type { PublicView } from './generated/PublicView';
import type { RangeView } from './generated/RangeView';
import type { TenantView } from './generated/TenantView';
import type { TileChanged } from './generated/TileChanged';
import { isComplete } from './offline';
import { brief } from './words';

/** A dashboard that the viewer asked for and does not get. */
export interface Refusal {
  tenant: string;
  /** `null`: whichever comes first. */
  dashboard: string | null;
  problem: Problem;
}

/** A command that failed, told until dismissed. */
export interface Failure {
  id: number;
  problem: Problem;
}

/** Something that worked, told for a moment. */
export interface News {
  id: number;
  words: string;
}

/** How long news stand, in milliseconds. */
const A_MOMENT = 7_000;

export class Screen {
  /** `null` until the core has answered for the first time. */
  app = $state.raw<AppView | null>(null);
  board = $state.raw<Board | null>(null);
  refusal = $state.raw<Refusal | null>(null);
  failures = $state.raw<Failure[]>([]);
  news = $state.raw<News[]>([]);
  /** Why the core did not answer at all. */
  fatal = $state.raw<Problem | null>(null);
  /** A file is held over the window. */
  isDropTarget = $state(false);
  /** What is done to the dashboard's file. */
  readonly editor = new Editor(this);

  /** The tenant whose dashboard is on its way. */
  #opening: string | null = null;
  /** Counts what was asked for: only the last answer counts. */
  #ticket = 0;
  #ids = 0;

  /** The tenant on the screen. */
  get tenant(): TenantView | null {
    return this.app?.tenants.find(({ id }) => id === this.#shown) ?? null;
  }

  /** What is on the screen of that which anyone may see. */
  get public(): PublicView | null {
    return this.app?.public.find(({ id }) => id === this.#shown) ?? null;
  }

  get #shown(): string | null {
    return this.board?.tenant ?? this.app?.active ?? null;
  }

  /** Listens, then asks for the first screen: nothing that happens in between is lost. */
  async start(): Promise<void> {
    try {
      await core.hear({
        app: (view) => this.#apply(view),
        tile: (changed) => {
          this.board?.changed(changed);
          void this.#nameValues(changed);
        },
        offlineCopy: (changed) => this.#copied(changed),
        dashboards: () => this.#reopen(),
        opened: ({ tenant, dashboard }) => void this.visit(tenant, dashboard),
        dragging: (over) => {
          this.isDropTarget = over;
        },
      });
      const first = await core.boot();
      // What was told meanwhile is newer than the answer.
      this.app ??= first.app;
      if (first.dashboard?.tenant === this.app.active && this.#opening === null && !this.board) {
        this.#show(first.dashboard);
      }
      this.#settle();
    } catch (reason) {
      this.fatal = core.problemOf(reason);
    }
  }

  /** Puts another tenant on the screen. */
  async select(tenant: string): Promise<void> {
    const isCurrent = this.#expect(tenant);
    try {
      const view = await core.selectTenant(tenant);
      if (!isCurrent()) return;
      if (this.app) this.app = { ...this.app, active: tenant };
      if (view) this.#show(view);
      else {
        // A closed tenant has none to show: the frame says why.
        this.#clear();
        this.#settle();
      }
    } catch (reason) {
      if (isCurrent()) this.#refuse({ tenant, dashboard: null, problem: core.problemOf(reason) });
    }
  }

  /** Opens a dashboard of a tenant; `null` is the one seen last, or the first. */
  async open(tenant: string, dashboard: string | null): Promise<void> {
    const isCurrent = this.#expect(tenant);
    try {
      const view = await core.openDashboard(tenant, dashboard);
      if (isCurrent()) this.#show(view);
    } catch (reason) {
      if (isCurrent()) this.#refuse({ tenant, dashboard, problem: core.problemOf(reason) });
    }
  }

  /** Shows what a link led to. */
  async visit(tenant: string, dashboard: string): Promise<void> {
    if (this.app) this.app = { ...this.app, active: tenant };
    await this.open(tenant, dashboard);
  }

  async setRange(range: RangeView): Promise<void> {
    await this.#change((board) => core.setTimeRange(board.tenant, board.id, range));
  }

  async setComparison(comparison: CompareWith): Promise<void> {
    await this.#change((board) => core.setComparison(board.tenant, board.id, comparison));
  }

  /** Filters the dashboard; no value takes the filter away. Whether the core took it. */
  setFilter(name: string, values: string[]): Promise<boolean> {
    return this.#change((board) => core.setFilter(board.tenant, board.id, name, values));
  }

  async clearFilters(): Promise<void> {
    await this.#change((board) => core.clearFilters(board.tenant, board.id));
  }

  /** Makes the dashboard on the screen available offline, or no longer. */
  async makeAvailableOffline(on: boolean): Promise<void> {
    const board = this.board;
    if (!board) return;
    const { tenant, id } = board;
    await this.run(async () => {
      const offline = await core.makeAvailableOffline(tenant, id, on);
      this.#copied({ tenant, dashboard: id, offline });
    });
  }

  /** Runs a command; if it fails, says so. Whether it succeeded. */
  async run(command: () => Promise<unknown>): Promise<boolean> {
    try {
      await command();
      return true;
    } catch (reason) {
      this.fail(core.problemOf(reason));
      return false;
    }
  }

  /** Says that something did not work, until dismissed. */
  fail(problem: Problem): void {
    const failure = { id: ++this.#ids, problem };
    this.failures = [
      ...this.failures.filter((other) => other.problem.code !== problem.code),
      failure,
    ];
  }

  /** Shows the dashboard that a command answers with; fails as the command does. Whether one was asked. */
  async follow(ask: (board: Board) => Promise<DashboardView> | null): Promise<boolean> {
    const board = this.board;
    const answer = board && ask(board);
    if (!board || !answer) return false;
    const isCurrent = this.#expect(board.tenant);
    try {
      const view = await answer;
      if (isCurrent()) this.#show(view);
    } finally {
      if (isCurrent()) this.#opening = null;
    }
    return true;
  }

  /** Says that something worked, for a moment. */
  tell(words: string): void {
    const id = ++this.#ids;
    this.news = [...this.news, { id, words }];
    setTimeout(() => this.dismiss(id), A_MOMENT);
  }

  dismiss(failureOrNews: number): void {
    const isOther = ({ id }: { id: number }) => id !== failureOrNews;
    this.failures = this.failures.filter(isOther);
    this.news = this.news.filter(isOther);
  }

  /** Asks something else of the dashboard on the screen. */
  async #change(ask: (board: Board) => Promise<DashboardView>): Promise<boolean> {
    const board = this.board;
    if (!board) return false;
    const isCurrent = this.#expect(board.tenant);
    const isTaken = await this.run(async () => {
      const view = await ask(board);
      if (isCurrent()) this.#show(view);
    });
    if (isCurrent()) this.#opening = null;
    return isTaken;
  }

  /** What people call the values of a filter has come, or changed. */
  async #nameValues({ tenant, dashboard, tile }: TileChanged): Promise<void> {
    const board = this.board;
    const isShown = board?.tenant === tenant && board.id === dashboard;
    const isNamed = ({ name, values }: FilterView) =>
      core.optionsOf(name) === tile && values.length > 0;
    if (!isShown || !board.view.filters.some(isNamed)) return;
    const ticket = this.#ticket;
    const view = await core.openDashboard(tenant, dashboard).catch(() => null);
    // Whatever was asked for meanwhile brings its own.
    if (view && ticket === this.#ticket && board === this.board) board.rename(view.filters);
  }

  #apply(app: AppView): void {
    this.app = app;
    this.#settle();
  }

  /** Makes the dashboard follow the frame: the active tenant's, and nobody's who is gone or closed. */
  #settle(): void {
    const app = this.app;
    if (!app) return;
    if (this.board && !this.#isOpen(this.board.tenant)) this.#clear();
    if (!this.#isOpen(app.active)) this.#clear();
    if (app.active === null || !this.#isOpen(app.active)) return;
    const isThere =
      this.board?.tenant === app.active ||
      this.#opening === app.active ||
      this.refusal?.tenant === app.active;
    if (!isThere) void this.open(app.active, null);
  }

  #copied(changed: OfflineCopyChanged): void {
    const { board } = this;
    if (board?.tenant !== changed.tenant || board.id !== changed.dashboard) return;
    const wasComplete = isComplete(board.view.offline);
    board.view = { ...board.view, offline: changed.offline };
    if (isComplete(changed.offline) && !wasComplete) {
      this.tell(`${brief(board.view.title)} is available offline.`);
    }
  }

  /** Files changed: the same dashboard again, if it is still there. */
  #reopen(): void {
    const tenant = this.#opening ?? this.#shown;
    if (tenant === null || !this.#isOpen(tenant)) return;
    const shown =
      this.refusal ?? (this.board && { tenant: this.board.tenant, dashboard: this.board.id });
    void this.open(tenant, shown?.tenant === tenant ? shown.dashboard : null);
  }

  #isOpen(id: string | null): boolean {
    const all = this.app ? [...this.app.tenants, ...this.app.public] : [];
    return all.some((one) => one.id === id && one.status.state !== 'closed');
  }

  #expect(tenant: string): () => boolean {
    const ticket = ++this.#ticket;
    this.#opening = tenant;
    return () => ticket === this.#ticket;
  }

  #show(view: DashboardView): void {
    this.#opening = null;
    this.refusal = null;
    if (this.board?.shows(view)) {
      this.board.update(view);
      return;
    }
    this.board?.close();
    this.board = new Board(view);
  }

  #refuse(refusal: Refusal): void {
    this.#opening = null;
    if (this.board?.tenant !== refusal.tenant) this.#drop();
    this.refusal = refusal;
  }

  #clear(): void {
    this.#ticket++;
    this.#opening = null;
    this.refusal = null;
    this.#drop();
  }

  #drop(): void {
    this.board?.close();
    this.board = null;
  }
}
