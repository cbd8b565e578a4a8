// A dashboard on the screen: its layout and its tiles, for one tenant. Another
// tenant or another dashboard is another board.

import type { DashboardView } from './generated/DashboardView';
import type { TileChanged } from './generated/TileChanged';
import { Tile } from './tile.svelte';

/** An instant that the viewer points at, and where. */
export interface Crosshair {
  tile: Tile;
  /** Unix microseconds. */
  at: number;
}

export class Board {
  readonly tenant: string;
  readonly id: string;
  view: DashboardView = $state.raw() as DashboardView;
  /** In reading order. */
  tiles = $state.raw<Tile[]>([]);
  /** Shown by every chart that measures time. */
  crosshair = $state.raw<Crosshair | null>(null);

  constructor(view: DashboardView) {
    this.tenant = view.tenant;
    this.id = view.id;
    this.view = view;
    this.tiles = view.tiles.map((layout) => new Tile(view.tenant, view.id, layout));
  }

  /** Whether every tile has a picture. */
  get isComplete(): boolean {
    return this.tiles.every((tile) => tile.state === 'ready');
  }

  /** Whether the core has told of every tile what there is. */
  get isAnswered(): boolean {
    return this.tiles.every((tile) => tile.state !== 'loading');
  }

  get isRefreshing(): boolean {
    return this.tiles.some((tile) => tile.view?.refreshing);
  }

  /** When the oldest of the answers on the screen was fetched. */
  get fetched(): number | null {
    const times = this.tiles.flatMap((tile) => tile.view?.fetched ?? []);
    return times.length === 0 ? null : Math.min(...times);
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
  }

  changed({ tenant, dashboard, tile }: TileChanged): void {
    if (tenant !== this.tenant || dashboard !== this.id) return;
    this.tiles.find(({ id }) => id === tile)?.changed();
  }

  close(): void {
    for (const tile of this.tiles) tile.close();
  }
}

function sameRange(a: DashboardView, b: DashboardView): boolean {
  return JSON.stringify(a.time?.range) === JSON.stringify(b.time?.range);
}
