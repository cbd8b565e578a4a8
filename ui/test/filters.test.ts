import { expect, test } from 'vitest';
import { choiceOf, clicked, hintOf, inBar, isChosen, toggled } from '../src/filters';
import type { FilterKindView } from '../src/generated/FilterKindView';
import type { FilterView } from '../src/generated/FilterView';
import type { Mark } from '../src/generated/Mark';
import { filter as pretended } from './pretend';

const filter = (
  column: string,
  values: string[] = [],
  kind: FilterKindView = { type: 'click' },
): FilterView => pretended({ name: `by-${column}`, column, values, kind });

const mark = (keys: Record<string, string | null>, link: string | null = null): Mark => ({
  shape: { type: 'column', x: 0 },
  heading: '',
  entries: [],
  at: null,
  parts: [],
  keys: Object.entries(keys).map(([column, value]) => ({ column, value })),
  link,
});

const any: FilterKindView = { type: 'multiSelect' };

test('a mark filters by the first of its columns that the dashboard has a filter for', () => {
  const choice = choiceOf(mark({ page: '/', country: 'at' }), [filter('country')]);
  expect(choice?.filter.name).toBe('by-country');
  expect(choice?.values).toEqual(['at']);
});

test('the value that is chosen already is taken away', () => {
  const choice = (country: string) =>
    choiceOf(mark({ country }), [filter('country', ['at'])])?.values;
  expect(choice('at')).toEqual([]);
  expect(choice('de')).toEqual(['de']);
});

test('of a filter for several values a click adds one or takes one away', () => {
  const several = filter('country', ['at', 'de'], any);
  expect(toggled(several, 'ch')).toEqual(['at', 'de', 'ch']);
  expect(choiceOf(mark({ country: 'at' }), [several])?.values).toEqual(['de']);
  expect(hintOf(mark({ country: 'at' }), [several])).toBe('Click to take the filter away');
  expect(hintOf(mark({ country: 'ch' }), [several])).toBe('Click to filter');
});

test('no mark sets what is typed or turned on', () => {
  const text = filter('country', ['at'], { type: 'text' });
  expect(choiceOf(mark({ country: 'at' }), [text])).toBeNull();
  expect(isChosen(mark({ country: 'at' }), [text])).toBe(false);
});

test('an empty text is a value, a null is none', () => {
  expect(choiceOf(mark({ country: '' }), [filter('country')])?.values).toEqual(['']);
  expect(choiceOf(mark({ country: null }), [filter('country')])).toBeNull();
});

test('what clicks set is a chip, and everything else stands in the bar', () => {
  const filters = [filter('country', ['']), filter('page'), filter('device', [], any)];
  expect(clicked(filters).map(({ column }) => column)).toEqual(['country']);
  expect(inBar(filters).map(({ column }) => column)).toEqual(['device']);
});

test('a mark that the dashboard is filtered by is known again', () => {
  expect(isChosen(mark({ country: 'at' }), [filter('country', ['de', 'at'], any)])).toBe(true);
  expect(isChosen(mark({ country: null }), [filter('country')])).toBe(false);
});

test('what a click does is said in words, and nothing where it does nothing', () => {
  expect(hintOf(mark({ country: 'at' }), [filter('country')])).toBe('Click to filter');
  expect(hintOf(mark({}, 'https://shop.example/a?b'), [])).toBe('Click to open shop.example');
  expect(hintOf(mark({ country: 'at' }), [])).toBeNull();
});

test('a series that is pointed at filters where its mark itself does not', () => {
  const group = { name: 'mobile', key: { column: 'device', value: 'mobile' } };
  const aim = { ...mark({ country: 'at' }), group };
  expect(choiceOf(aim, [filter('device')])?.values).toEqual(['mobile']);
  expect(hintOf(aim, [filter('device')])).toBe('Click to filter by mobile');
  expect(hintOf(aim, [filter('device', ['mobile'])])).toBe('Click to take the filter away');
  expect(choiceOf(aim, [filter('device'), filter('country')])?.values).toEqual(['at']);
  expect(hintOf(aim, [filter('device'), filter('country')])).toBe('Click to filter');
});
