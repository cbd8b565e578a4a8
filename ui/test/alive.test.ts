// Charts under a hand: brush, legend, crosshair, filters, tables, the menu of a tile.

import { flushSync } from 'svelte';
import { expect, test, vi } from 'vitest';
import type { DashboardView } from '../src/generated/DashboardView';
import type { Marks } from '../src/generated/Marks';
import type { PictureView } from '../src/generated/PictureView';
import type { TileRequest } from '../src/generated/TileRequest';
import {
  argumentsOf,
  click,
  dashboard,
  filter,
  find,
  frame,
  get,
  layout,
  line,
  open,
  press,
  ready,
  tile,
  time,
  usual,
  type Call,
} from './pretend';

const across = { measure: 'time', from: 0, to: 300, log: false } as const;

const legend = ['visits', 'hits'].map((name, index) => ({
  name,
  color: '#2563c4',
  shown: true,
  place: { x: index * 80, y: 0, width: 70, height: 20 },
}));

/** The window with one chart whose picture is like this; every request of it. */
async function chart(change: Partial<PictureView>, board: Partial<DashboardView> = {}) {
  const requests: TileRequest[] = [];
  const calls = await open(
    usual({
      boot: () => ({ app: frame(), dashboard: dashboard('acme', board) }),
      draw_tile: ({ request }: { request: TileRequest }) => {
        requests.push(request);
        const drawn = tile(request.tile);
        const picture = drawn.picture && { ...drawn.picture, ...change };
        return { ...drawn, picture };
      },
      set_filter: ({ name, values }: { name: string; values: string[] }) =>
        dashboard('acme', {
          ...board,
          filters: (board.filters ?? []).map((one) =>
            one.name === name ? filter({ ...one, values }) : one,
          ),
        }),
    }),
  );
  await ready();
  const last = () => requests.at(-1)?.view;
  return { calls, requests, last };
}

function pointer(type: string, x: number, y = 100, held: PointerEventInit = {}): void {
  const event = new MouseEvent(`pointer${type}`, {
    clientX: x,
    clientY: y,
    bubbles: true,
    ...held,
  });
  Object.assign(event, { pointerId: 1, pointerType: 'mouse', ...held });
  find('chart')?.dispatchEvent(event);
  flushSync();
}

function drag(from: number, to: number): void {
  pointer('down', from);
  pointer('move', to);
}

const names = () =>
  [...document.querySelectorAll('[data-testid="tooltip-entry"] dt')].map(
    (name) => name.textContent,
  );

test('a brushed stretch is asked for, and a double click asks for all again', async () => {
  const { last } = await chart({ across });
  drag(115, 265);
  expect(find('brushed')?.querySelector('rect')?.getAttribute('width')).toBe('150');
  expect(find('tooltip')).toBeNull();
  pointer('up', 265);
  await vi.waitFor(() => expect(last()?.zoom).toEqual([75, 225]));
  expect(find('brushed')).toBeNull();
  await get('tile-reset-zoom');
  find('chart')?.dispatchEvent(new MouseEvent('dblclick', { bubbles: true }));
  flushSync();
  await vi.waitFor(() => expect(last()?.zoom).toBeNull());
  expect(find('tile-reset-zoom')).toBeNull();
});

test('Escape takes a brush back', async () => {
  const { requests } = await chart({ across });
  find('chart')?.focus();
  drag(115, 265);
  press('Escape');
  expect(find('brushed')).toBeNull();
  pointer('up', 265);
  expect(requests).toHaveLength(1);
});

test('a chart of names has nothing to brush', async () => {
  const { requests } = await chart({ across: null });
  drag(115, 265);
  pointer('up', 265);
  expect(find('brushed')).toBeNull();
  expect(requests).toHaveLength(1);
});

test('plus zooms to where the keyboard is, Shift and an arrow moves, 0 goes back', async () => {
  const { last } = await chart({ across });
  find('chart')?.focus();
  press('+');
  await vi.waitFor(() => expect(last()?.zoom).toEqual([75, 225]));
  press('ArrowRight', { shiftKey: true });
  await vi.waitFor(() => expect(last()?.zoom).toEqual([112.5, 262.5]));
  press('-');
  await vi.waitFor(() => expect(last()?.zoom).not.toEqual([112.5, 262.5]));
  press('0');
  await vi.waitFor(() => expect(last()?.zoom).toBeNull());
});

test('a name in the legend turns its series off and on, and stays what it is', async () => {
  const { last } = await chart({ legend });
  const button = await get('legend-hits');
  expect(button.getAttribute('aria-pressed')).toBe('true');
  expect(button.getAttribute('aria-label')).toBe('hits');
  await click('legend-hits');
  await vi.waitFor(() => expect(last()?.hidden).toEqual(['hits']));
});

test('with Alt a series is left alone', async () => {
  const { last } = await chart({ legend });
  (await get('legend-hits')).dispatchEvent(
    new MouseEvent('click', { altKey: true, bubbles: true, detail: 1 }),
  );
  await vi.waitFor(() => expect(last()?.hidden).toEqual(['visits']));
});

test('the names of a legend are one stop for the Tab key, walked by arrows', async () => {
  await chart({ legend });
  const [first, second] = [await get('legend-visits'), await get('legend-hits')];
  expect([first.tabIndex, second.tabIndex]).toEqual([0, -1]);
  first.focus();
  press('ArrowRight');
  expect(document.activeElement).toBe(second);
  expect([first.tabIndex, second.tabIndex]).toEqual([-1, 0]);
});

test('series stand by their amount, with the exact values', async () => {
  const marks: Marks = {
    ...line,
    marks: line.marks.map((mark) => ({
      ...mark,
      entries: [
        { name: 'none', value: '–', amount: null, color: '#000000', y: null },
        { name: 'less', value: '9', amount: 9, color: '#000000', y: 90 },
        {
          name: 'more',
          value: '18,446,744,073,709,551,615',
          amount: 1.8e19,
          color: '#000000',
          y: 20,
        },
      ],
    })),
  };
  await chart({ marks });
  pointer('move', 150);
  expect(names()).toEqual(['more', 'less', 'none']);
  expect(find('tooltip')?.textContent).toContain('18,446,744,073,709,551,615');
});

test('pointing at an instant shows it quietly in the other charts', async () => {
  await chart({ across }, { tiles: [layout('visits'), layout('hits')] });
  await vi.waitFor(() => expect(find('tile-hits')?.dataset['state']).toBe('ready'));
  pointer('move', 150);
  const quiet = find('tile-hits')?.querySelector('[data-testid="crosshair"]');
  // The second mark is at 1 of 300, in a plot of as many pixels that begins at 40.
  expect(quiet?.querySelector('line')?.getAttribute('x1')).toBe('41');
  expect(find('tile-hits')?.querySelector('[data-testid="tooltip"]')).toBeNull();
  expect(find('tile-visits')?.querySelector('[data-testid="crosshair"]')).toBeNull();
  find('chart')?.dispatchEvent(new MouseEvent('pointerleave'));
  flushSync();
  expect(find('crosshair')).toBeNull();
});

const country = filter({ name: 'country' });

const byCountry: Marks = {
  ...line,
  marks: ['at', 'ch', 'de'].map((value, index) => ({
    shape: { type: 'column', x: 50 + index * 100 },
    heading: value,
    entries: [],
    at: null,
    parts: [],
    keys: [{ column: 'country', value }],
    link: null,
  })),
};

const filtersOf = (calls: Call[]) =>
  argumentsOf(calls, 'set_filter').map(({ name, values }) => [name, values]);

test('a click on a mark filters the dashboard, and a second one takes that away', async () => {
  const { calls } = await chart({ marks: byCountry }, { filters: [country] });
  pointer('move', 150);
  expect(find('tooltip-hint')?.textContent).toBe('Click to filter');
  pointer('down', 150);
  pointer('up', 150);
  const chip = await get('filter-country');
  expect(chip.getAttribute('aria-label')).toContain('Country, ch');
  expect(find('chosen')).not.toBeNull();
  pointer('down', 150);
  pointer('up', 150);
  await vi.waitFor(() => expect(find('filter-country')).toBeNull());
  expect(filtersOf(calls)).toEqual([
    ['country', ['ch']],
    ['country', []],
  ]);
});

test('Enter filters by the mark that the keyboard is on, and its chip takes that away', async () => {
  const { calls } = await chart({ marks: byCountry }, { filters: [country] });
  find('chart')?.focus();
  press('End');
  press('Enter');
  await click('filter-country');
  await vi.waitFor(() => expect(find('filter-country')).toBeNull());
  expect(filtersOf(calls)).toEqual([
    ['country', ['de']],
    ['country', []],
  ]);
});

test('a mark that leads to a page opens it through the core', async () => {
  const link = 'https://shop.example/pricing';
  const marks = { ...line, marks: line.marks.map((mark) => ({ ...mark, link })) };
  const { calls } = await chart({ marks });
  pointer('down', 150);
  pointer('up', 150);
  expect(argumentsOf(calls, 'open_link')).toEqual([
    { tenant: 'acme', dashboard: 'web', tile: 'visits', link },
  ]);
});

test('a finger reads a mark first, and clicks it with the second tap', async () => {
  const { calls } = await chart({ marks: byCountry }, { filters: [country] });
  const touch = { pointerType: 'touch' };
  pointer('down', 150, 100, touch);
  pointer('up', 150, 100, touch);
  expect(find('tooltip-heading')?.textContent).toBe('ch');
  expect(filtersOf(calls)).toEqual([]);
  pointer('down', 150, 100, touch);
  pointer('up', 150, 100, touch);
  expect(filtersOf(calls)).toEqual([['country', ['ch']]]);
});

const scroll = {
  rows: 500,
  first: 0,
  offset: 0,
  visible: 10,
  row_height: 27,
  header: [{ column: 'visits', place: { x: 0, y: 0, width: 80, height: 25 }, sorted: null }],
  columns_before: 0,
  columns_after: 0,
};

test('a click on a column sorts by it, from the first row on', async () => {
  const { last } = await chart({ scroll });
  const frame = await get('chart');
  frame.scrollTop = 270;
  frame.dispatchEvent(new Event('scroll'));
  await vi.waitFor(() => expect(last()?.firstRow).toBe(10));
  await click('column-visits');
  await vi.waitFor(() =>
    expect(last()).toMatchObject({ sort: { column: 'visits', descending: true }, firstRow: 0 }),
  );
  expect(frame.scrollTop).toBe(0);
});

test('columns that do not fit are shown by Shift and an arrow', async () => {
  const { last } = await chart({ scroll: { ...scroll, columns_after: 2 } });
  find('chart')?.focus();
  press('ArrowRight', { shiftKey: true });
  await vi.waitFor(() => expect(last()?.firstColumn).toBe(1));
  press('ArrowLeft', { shiftKey: true });
  await vi.waitFor(() => expect(last()?.firstColumn).toBe(0));
});

test('the search of a table opens by its shortcut and ends with Escape', async () => {
  const { last } = await chart({ scroll });
  find('chart')?.focus();
  press('f', { ctrlKey: true });
  const field = (await get('tile-search')) as HTMLInputElement;
  field.value = 'pricing';
  field.dispatchEvent(new Event('input', { bubbles: true }));
  await vi.waitFor(() => expect(last()?.search).toBe('pricing'));
  expect(find('tile-found')?.textContent).toBe('500 rows');
  press('Escape', { on: field });
  await vi.waitFor(() => expect(last()?.search).toBe(''));
  expect(find('tile-search')).toBeNull();
  expect(document.activeElement).toBe(find('chart'));
});

test('a chart is shown as a table and back, from its menu', async () => {
  const { last } = await chart({});
  await click('tile-menu');
  await click('tile-as-table');
  await vi.waitFor(() => expect(last()?.asTable).toBe(true));
  await click('tile-menu');
  await click('tile-as-chart');
  await vi.waitFor(() => expect(last()?.asTable).toBe(false));
});

test('another time range shows all of it, not the stretch of the one before', async () => {
  const of = (preset: string) => time({ range: { kind: 'preset', preset } });
  const requests: TileRequest[] = [];
  await open(
    usual({
      boot: () => ({ app: frame(), dashboard: dashboard('acme', { time: of('7d') }) }),
      set_time_range: () => dashboard('acme', { time: of('30d') }),
      draw_tile: ({ request }: { request: TileRequest }) => {
        requests.push(request);
        const drawn = tile('x');
        return { ...drawn, picture: drawn.picture && { ...drawn.picture, across } };
      },
    }),
  );
  await ready();
  find('chart')?.focus();
  press('+');
  await vi.waitFor(() => expect(requests.at(-1)?.view.zoom).not.toBeNull());
  await click('range');
  await click('range-preset-30d');
  await vi.waitFor(() => expect(requests.at(-1)?.view.zoom).toBeNull());
});
