import { expect, test } from 'vitest';
import type { Scroll } from '../src/generated/Scroll';
import { nextSort, positionOf, readsAsNumber, rowStep, track } from '../src/scrolling';

const scroll = (change: Partial<Scroll> = {}): Scroll => ({
  rows: 1_000,
  first: 0,
  offset: 0,
  visible: 10,
  row_height: 27,
  header: [],
  columns_before: 0,
  columns_after: 0,
  ...change,
});

test('every pixel scrolled is a pixel of the table', () => {
  const table = scroll();
  for (const top of [0, 1, 26, 27, 28, 12_345, 26_730]) {
    const { firstRow, offset } = positionOf(table, top, 0);
    expect(firstRow * 27 + offset).toBe(top);
    expect(offset).toBeLessThan(27);
  }
});

test('the end of the box is the last page, and nothing lies beyond either end', () => {
  const table = scroll();
  expect(positionOf(table, track(table).down, 0)).toMatchObject({ firstRow: 990, offset: 0 });
  expect(positionOf(table, 1e9, 0)).toMatchObject({ firstRow: 990, offset: 0 });
  expect(positionOf(table, -50, 0)).toMatchObject({ firstRow: 0, offset: 0 });
});

test('a table that fits does not scroll', () => {
  const table = scroll({ rows: 8 });
  expect(track(table)).toEqual({ down: 0, aside: 0 });
  expect(positionOf(table, 0, 0)).toEqual({ firstRow: 0, offset: 0, firstColumn: 0 });
  expect(rowStep(table)).toBe(0);
});

test('a table of millions of rows is reached to its last one', () => {
  const table = scroll({ rows: 5_000_000 });
  expect(track(table).down).toBe(8_000_000);
  expect(positionOf(table, 8_000_000, 0).firstRow).toBe(4_999_990);
});

test('columns that do not fit are scrolled to one by one', () => {
  const table = scroll({ columns_before: 1, columns_after: 3 });
  expect(track(table).aside).toBe(320);
  expect([0, 39, 41, 320, 999].map((left) => positionOf(table, 0, left).firstColumn)).toEqual([
    0, 0, 1, 4, 4,
  ]);
});

test('a column is sorted by one way, the other way, and no more', () => {
  const words = nextSort(null, 'page', false);
  expect(words).toEqual({ column: 'page', descending: false });
  expect(nextSort(words, 'page', false)).toEqual({ column: 'page', descending: true });
  expect(nextSort({ column: 'page', descending: true }, 'page', false)).toBeNull();
  expect(nextSort(words, 'visits', true)).toEqual({ column: 'visits', descending: true });
});

test.each(['1,234', '-5', '0.25', '12 %', '€1’234.50', '1 B'])('%j reads as a number', (text) => {
  expect(readsAsNumber(text)).toBe(true);
});

test.each(['/page/1', 'at', '', '–', '2nd', '2026-11-21 10:00'])('%j does not', (text) => {
  expect(readsAsNumber(text)).toBe(false);
});
