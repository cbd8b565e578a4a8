import { expect, test } from 'vitest';
import { arrange, cells, type Place, type Spans } from '../src/arrange';
import { rowToFill, typeToFill } from '../src/wall.svelte';

const at = (
  width: number,
  height: number,
  tab: string | null = null,
  section: string | null = null,
): Place => ({ width, height, tab, section });

const names = (places: Place[]) => {
  const { above, tabs } = arrange(
    places.map((place, index) => ({ place, index })),
    ({ place }) => place,
  );
  const of = (sections: typeof above) =>
    sections.map(({ name, items }) => [name, ...items.map(({ index }) => index)]);
  return { above: of(above), tabs: tabs.map(({ name, sections }) => [name, of(sections)]) };
};

test('tabs and headings stand in the order of their first tiles', () => {
  const places = [
    at(6, 3, 'Sources', 'Campaigns'),
    at(6, 3),
    at(6, 3, 'Pages'),
    at(6, 3, 'Sources'),
    at(6, 3, 'Sources', 'Campaigns'),
    at(6, 3, null, 'At a glance'),
  ];
  expect(names(places)).toEqual({
    above: [
      [null, 1],
      ['At a glance', 5],
    ],
    tabs: [
      [
        'Sources',
        [
          [null, 3],
          ['Campaigns', 0, 4],
        ],
      ],
      ['Pages', [[null, 2]]],
    ],
  });
});

test('a dashboard of one grid has no tabs and no headings', () => {
  expect(names([at(6, 3), at(6, 3)])).toEqual({ above: [[null, 0, 1]], tabs: [] });
  expect(names([])).toEqual({ above: [], tabs: [] });
});

/** How wide the tiles of each row are; fails where a row is not full or not of one height. */
function rowsOf(spans: Spans[], columns: number): number[][] {
  const rows: Spans[][] = [];
  let free = 0;
  for (const span of spans) {
    if (free === 0) {
      rows.push([]);
      free = columns;
    }
    rows.at(-1)?.push(span);
    free -= span.columns;
    expect(free).toBeGreaterThanOrEqual(0);
  }
  expect(free).toBe(0);
  for (const row of rows) expect(new Set(row.map((one) => one.rows)).size).toBe(1);
  return rows.map((row) => row.map((one) => one.columns));
}

test('numbers stand two abreast in a narrow window, charts take all of it, and no row has a hole', () => {
  const narrow = (places: Place[]) =>
    rowsOf(
      cells(places).map((cell) => cell.narrow),
      2,
    );
  const four = [at(3, 2), at(3, 2), at(3, 2), at(3, 2)];
  expect(narrow([...four, at(8, 4), at(4, 4)])).toEqual([[1, 1], [1, 1], [2], [2]]);
  expect(narrow([at(4, 2), at(4, 2), at(4, 2), at(12, 3)])).toEqual([[1, 1], [2], [2]]);
});

test('a middling window has half as many columns, and no row has a hole', () => {
  const middle = (places: Place[]) =>
    rowsOf(
      cells(places).map((cell) => cell.middle),
      6,
    );
  expect(middle([at(3, 2), at(3, 2), at(8, 4), at(4, 4)])).toEqual([[3, 3], [6], [6]]);
  expect(middle([at(4, 4), at(4, 3), at(4, 4)])).toEqual([[3, 3], [6]]);
  expect(middle([at(4, 4), at(12, 3)])).toEqual([[6], [6]]);
});

test('where there are twelve columns, tiles are as the file says', () => {
  const wide = cells([at(7, 4), at(5, 2), at(1, 20)]).map((cell) => cell.wide);
  expect(wide).toEqual([
    { columns: 7, rows: 4 },
    { columns: 5, rows: 2 },
    { columns: 1, rows: 20 },
  ]);
});

test('the rows of a wall fill it together, and are never too low to be read', () => {
  // Ten rows and a head of 100 at 80 a row, on a wall of 1,080: 98 are left for each.
  expect(rowToFill(1_080, 900, 10)).toBe(98);
  expect(rowToFill(600, 900, 10)).toBe(56);
  expect(rowToFill(1_080, 100, 0)).toBe(80);
});

test('type on a wall grows with its width and its rows, within reason', () => {
  expect(typeToFill(1_920, 200)).toBe(1.33);
  expect(typeToFill(1_920, 90)).toBe(1.13);
  expect(typeToFill(1_024, 60)).toBe(1);
  expect(typeToFill(9_000, 900)).toBe(3);
});
