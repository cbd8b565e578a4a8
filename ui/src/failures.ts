// Why tiles could not be refreshed, each reason once with all of its tiles.

import type { Problem } from './generated/Problem';
import type { Tile } from './tile.svelte';

export interface Failures {
  problem: Problem;
  /** In reading order. */
  tiles: Tile[];
}

/** The reasons, those of most tiles first. */
export function failures(tiles: Tile[]): Failures[] {
  const reasons = new Map<string, Failures>();
  for (const tile of tiles) {
    const problem = tile.problem;
    if (!problem) continue;
    const reason = `${problem.code} ${problem.message}`;
    const known = reasons.get(reason);
    if (known) known.tiles.push(tile);
    else reasons.set(reason, { problem, tiles: [tile] });
  }
  return [...reasons.values()].sort((a, b) => b.tiles.length - a.tiles.length);
}
