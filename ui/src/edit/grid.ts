// Where a tile goes that is dragged over others, and how large one becomes
// whose corner is dragged: places in the window, and nothing else.

/** A tile's box in the window. */
export interface Box {
  id: string;
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Target {
  /** The tile that it will stand beside. */
  tile: string;
  side: 'before' | 'after';
}

/** What lies nearest to the pointer, and on which side of it. `null` over the dragged tile itself. */
export function targetAt(boxes: Box[], dragged: string, x: number, y: number): Target | null {
  let nearest: Box | null = null;
  let least = Infinity;
  for (const box of boxes) {
    const dx = Math.max(box.left - x, 0, x - box.left - box.width);
    const dy = Math.max(box.top - y, 0, y - box.top - box.height);
    const distance = Math.hypot(dx, dy);
    if (distance < least) [nearest, least] = [box, distance];
  }
  if (nearest === null || nearest.id === dragged) return null;
  const isAlone = boxes.every((box) => box.left === nearest.left);
  const isBefore = isAlone
    ? y < nearest.top + nearest.height / 2
    : x < nearest.left + nearest.width / 2;
  return { tile: nearest.id, side: isBefore ? 'before' : 'after' };
}

/** The place among all tiles that a target means for the dragged one; `null` where it is there already. */
export function placeOf(ids: string[], dragged: string, { tile, side }: Target): number | null {
  const others = ids.filter((id) => id !== dragged);
  const at = others.indexOf(tile);
  if (at < 0) return null;
  const place = side === 'before' ? at : at + 1;
  return place === ids.indexOf(dragged) ? null : place;
}

export interface Grid {
  /** Columns that the grid has in this window. */
  columns: number;
  /** From one column's edge to the next one's, in pixels. */
  column: number;
  /** From one row's edge to the next one's. */
  row: number;
}

export interface Extent {
  width: number;
  height: number;
}

/** The size in grid steps after the corner was dragged so far. A narrow window has widths of its own. */
export function resized({ width, height }: Extent, dx: number, dy: number, grid: Grid): Extent {
  return {
    width: grid.columns === 12 ? clamp(width + Math.round(dx / grid.column), 12) : width,
    height: clamp(height + Math.round(dy / grid.row), 20),
  };
}

export const clamp = (value: number, most: number) => Math.min(most, Math.max(1, value));

/** The grid that an element stands in. */
export function gridOf(element: Element): Grid {
  const grid = element.closest('.grid') ?? element;
  const style = getComputedStyle(grid);
  const gap = parseFloat(style.columnGap) || 0;
  const columns =
    Number(getComputedStyle(document.documentElement).getPropertyValue('--columns')) || 12;
  const width = grid.getBoundingClientRect().width;
  return {
    columns,
    column: (width + gap) / columns,
    row: (parseFloat(style.gridAutoRows) || 80) + gap,
  };
}
