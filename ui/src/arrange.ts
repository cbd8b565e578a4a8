// Where tiles stand: on which tab, below which heading, and how many columns and
// rows they take in a wide, a middling and a narrow window.

/** What a tile of the file says of its place. */
export interface Place {
  width: number;
  height: number;
  tab: string | null;
  section: string | null;
}

/** Tiles below one heading; without a name, those before the headings. */
export interface Section<T> {
  name: string | null;
  items: T[];
}

export interface Tab<T> {
  name: string;
  sections: Section<T>[];
}

/** A dashboard's tiles: those on every tab, and the tabs. */
export interface Arrangement<T> {
  above: Section<T>[];
  tabs: Tab<T>[];
}

/** How much of a grid a tile takes. */
export interface Spans {
  columns: number;
  rows: number;
}

/** The same in each of the three grids. */
export interface Cell {
  wide: Spans;
  middle: Spans;
  narrow: Spans;
}

/** Tabs and headings stand in the order of their first tiles. */
export function arrange<T>(items: T[], placeOf: (item: T) => Place): Arrangement<T> {
  const groups = grouped(items, (item) => placeOf(item).tab);
  const sections = (of: T[]) =>
    grouped(of, (item) => placeOf(item).section).map(([name, items]) => ({ name, items }));
  return {
    above: groups.flatMap(([name, items]) => (name === null ? sections(items) : [])),
    tabs: groups.flatMap(([name, items]) =>
      name === null ? [] : [{ name, sections: sections(items) }],
    ),
  };
}

/** By name, in the order of their first ones, those without a name first. */
function grouped<T>(items: T[], nameOf: (item: T) => string | null): [string | null, T[]][] {
  const groups = new Map<string | null, T[]>([[null, []]]);
  for (const item of items) {
    const group = groups.get(nameOf(item));
    if (group) group.push(item);
    else groups.set(nameOf(item), [item]);
  }
  return [...groups].filter(([, group]) => group.length > 0);
}

/** How the tiles of one grid lie: as the file says where there are twelve columns, else in rows without holes. */
export function cells(places: Place[]): Cell[] {
  const middle = rows(places, 6, ({ width }) => (width <= 4 ? 3 : 6));
  const narrow = rows(places, 2, ({ width, height }) => (width <= 4 && height <= 2 ? 1 : 2));
  return places.map(({ width, height }, index) => ({
    wide: { columns: width, rows: height },
    middle: middle[index] ?? { columns: 6, rows: height },
    narrow: narrow[index] ?? { columns: 2, rows: height },
  }));
}

/** Fills rows in reading order. The last tile of a row takes what is left of it, and all are as high as the highest. */
function rows(places: Place[], columns: number, spanOf: (place: Place) => number): Spans[] {
  const spans: Spans[] = [];
  let row: Spans[] = [];
  let free = columns;
  const end = () => {
    const last = row.at(-1);
    if (last) last.columns += free;
    const height = Math.max(...row.map((one) => one.rows));
    for (const one of row) one.rows = height;
    row = [];
    free = columns;
  };
  for (const place of places) {
    const span = { columns: spanOf(place), rows: place.height };
    if (span.columns > free) end();
    row.push(span);
    spans.push(span);
    free -= span.columns;
  }
  end();
  return spans;
}
