// What a picture or a dashboard can be taken along as. The core draws it anew,
// asks where to put it, and writes; here are the names.

import * as core from './core';
import type { Board } from './board.svelte';
import type { CopyFormat } from './generated/CopyFormat';
import type { TileFormat } from './generated/TileFormat';
import type { Screen } from './screen.svelte';
import type { Tile } from './tile.svelte';

export interface Kind {
  id: string;
  label: string;
  format: TileFormat;
  /** Pixels for each CSS pixel. */
  scale: number;
}

/** What a tile can be saved as. */
export const KINDS: Kind[] = [
  { id: 'png', label: 'PNG…', format: 'png', scale: 1 },
  { id: 'png-2', label: 'PNG, twice as fine…', format: 'png', scale: 2 },
  { id: 'png-4', label: 'PNG, four times as fine…', format: 'png', scale: 4 },
  { id: 'svg', label: 'SVG…', format: 'svg', scale: 1 },
  { id: 'csv', label: 'CSV…', format: 'csv', scale: 1 },
  { id: 'json', label: 'JSON…', format: 'json', scale: 1 },
];

/** Saves a tile where the viewer says, and tells where that was. */
export async function saveTile(screen: Screen, tile: Tile, kind: Kind): Promise<void> {
  const request = tile.request;
  if (request === null) return;
  await screen.run(async () => {
    const path = await core.exportTile(request, kind.format, kind.scale);
    if (path !== null) screen.tell(`Saved to ${path}`);
  });
}

/** Copies a tile as a picture, or its rows as CSV. */
export async function copyTile(screen: Screen, tile: Tile, format: CopyFormat): Promise<void> {
  const request = tile.request;
  if (request === null) return;
  await screen.run(async () => {
    await core.copyTile(request, format);
    const what = format === 'png' ? 'The picture' : 'The data';
    screen.tell(`${what} of “${tile.layout.title}” is in the clipboard.`);
  });
}

/** Saves a dashboard as a document, in the light of day: paper is white. */
export async function saveDashboard(screen: Screen, board: Board): Promise<void> {
  const views = Object.fromEntries(board.tiles.map((tile) => [tile.id, tile.viewing]));
  await screen.run(async () => {
    const path = await core.exportDashboard(board.tenant, board.id, views, 'pdf');
    if (path !== null) screen.tell(`Saved to ${path}`);
  });
}
