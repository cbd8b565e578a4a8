// A table for the pretended core: as many rows as the largest that the app shows,
// sorted and searched as the viewer asks.

import type { PictureView } from '../src/generated/PictureView';
import type { Sheet } from './drawings';

const ROWS = 100_000;
const ROW = 28;
const COLUMNS = ['pathname', 'visits', 'pageviews'];

const cells = (row: number): string[] => [`/page/${row}`, String(row * 3), String((row * 7) % 977)];

let found: { of: string; rows: number[] } | null = null;

/** The rows that are left, in their order. */
function chosen({ search, sort }: Sheet['request']['view']): number[] {
  const of = JSON.stringify([search, sort]);
  if (found?.of === of) return found.rows;
  let rows = Array.from({ length: ROWS }, (_, row) => row);
  if (search !== '') rows = rows.filter((row) => cells(row).some((cell) => cell.includes(search)));
  if (sort) {
    const column = COLUMNS.indexOf(sort.column);
    const sign = sort.descending ? -1 : 1;
    const value = (row: number) => (column === 0 ? row : Number(cells(row)[column]));
    rows.sort((a, b) => sign * (value(a) - value(b)));
  }
  found = { of, rows };
  return rows;
}

export function rows(sheet: Sheet): PictureView {
  const { width, height, request } = sheet;
  const all = chosen(request.view);
  const visible = Math.min(Math.floor(height / ROW) - 1, all.length);
  const first = Math.min(request.view.firstRow, all.length - visible);
  const offset = first < all.length - visible ? request.view.offset : 0;
  const right = (column: number) => (column === 0 ? 0 : (width * (column + 1)) / COLUMNS.length);
  const end = (column: number) => (column === 0 ? '' : 'text-anchor="end"');
  COLUMNS.forEach((name, column) => {
    const isSorted = request.view.sort?.column === name;
    const arrow = isSorted ? (request.view.sort?.descending ? ' ↓' : ' ↑') : '';
    sheet.label(right(column), 18, name + arrow, 12, sheet.muted, end(column));
  });
  all.slice(first, first + visible + (offset > 0 ? 1 : 0)).forEach((row, place) => {
    const y = (place + 1) * ROW - offset;
    if (y < ROW - 10) return;
    sheet.out.push(`<polyline points="0,${y} ${width},${y}" stroke="${sheet.grid}"/>`);
    cells(row).forEach((cell, column) => {
      sheet.label(right(column), y + 18, cell, 12, sheet.ink, end(column));
    });
    sheet.marks.push({
      shape: { type: 'rect', x: 0, y, width, height: ROW },
      heading: `Row ${row + 1}`,
      entries: cells(row).map((value, column) => ({
        name: COLUMNS[column] ?? '',
        value,
        amount: null,
        color: sheet.color(0),
        y: null,
      })),
      at: null,
      parts: [],
      keys: [{ column: 'pathname', value: cells(row)[0] ?? null }],
      link: null,
    });
  });
  const header = COLUMNS.map((column, index) => ({
    column,
    place: { x: (width * index) / 3, y: 0, width: width / 3, height: ROW },
    sorted: request.view.sort?.column === column ? request.view.sort.descending : null,
  }));
  const scroll = { rows: all.length, first, offset, visible, row_height: ROW, header };
  return sheet.picture({ scroll: { ...scroll, columns_before: 0, columns_after: 0 } });
}
