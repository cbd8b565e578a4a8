// Scrolling a table whose picture holds only the rows that fit: the box around it
// is as large as all of it would be, and where the viewer is in the box says
// which rows and columns to ask for.

import type { Scroll } from './generated/Scroll';
import type { Sort } from './generated/Sort';
import type { View } from './generated/View';

/** Beyond this, engines clamp the height of a box; a pixel of it is more than one of the table there. */
const TALLEST = 8_000_000;

/** How far one goes to the side for a column, whatever its width. */
export const COLUMN = 80;

/** How tall all rows are that do not fit, in CSS pixels. */
function hidden({ rows, visible, row_height }: Scroll): number {
  return Math.max(0, rows - visible) * row_height;
}

/** How far the box scrolls down and to the side. */
export function track(scroll: Scroll): { down: number; aside: number } {
  return {
    down: Math.min(hidden(scroll), TALLEST),
    aside: (scroll.columns_before + scroll.columns_after) * COLUMN,
  };
}

/** What stands at the upper left corner when the box is scrolled so far. */
export function positionOf(
  scroll: Scroll,
  top: number,
  left: number,
): Pick<View, 'firstRow' | 'offset' | 'firstColumn'> {
  const { down, aside } = track(scroll);
  const share = down === 0 ? 0 : Math.max(0, Math.min(top / down, 1));
  const away = share * hidden(scroll);
  const firstRow = Math.floor(away / scroll.row_height);
  return {
    firstRow,
    // Whole pixels: letters that stand between two are blurred.
    offset: Math.round(away - firstRow * scroll.row_height),
    firstColumn: Math.round(Math.max(0, Math.min(left, aside)) / COLUMN),
  };
}

/** How far the box scrolls for one row. */
export function rowStep(scroll: Scroll): number {
  const rows = scroll.rows - scroll.visible;
  return rows > 0 ? track(scroll).down / rows : 0;
}

/**
 * The order after a click on a column's name: one way, the other way, as it came.
 * Numbers begin with the greatest, words with the first letters.
 */
export function nextSort(sort: Sort | null, column: string, isNumber: boolean): Sort | null {
  if (sort?.column !== column) return { column, descending: isNumber };
  return sort.descending === isNumber ? { column, descending: !isNumber } : null;
}

/** Whether a cell reads like a number. */
export function readsAsNumber(text: string | undefined): boolean {
  return (
    text !== undefined && /^[^\p{L}\d]{0,2}\d[\d.,\s’']*(?:\s\p{L}{1,3}|\P{L}{0,2})$/u.test(text)
  );
}
