import { expect, test } from 'vitest';
import { active, choiceOf, hintOf, isChosen } from '../src/filters';
import type { FilterView } from '../src/generated/FilterView';
import type { Mark } from '../src/generated/Mark';

const filter = (column: string, value: string | null = null): FilterView => ({
  name: `by-${column}`,
  label: column,
  column,
  value,
});

const mark = (keys: Record<string, string | null>, link: string | null = null): Mark => ({
  shape: { type: 'column', x: 0 },
  heading: '',
  entries: [],
  at: null,
  keys: Object.entries(keys).map(([column, value]) => ({ column, value })),
  link,
});

test('a mark filters by the first of its columns that the dashboard has a filter for', () => {
  const choice = choiceOf(mark({ page: '/', country: 'at' }), [filter('country')]);
  expect(choice?.filter.name).toBe('by-country');
  expect(choice?.value).toBe('at');
});

test('the value that is chosen already is taken away', () => {
  expect(choiceOf(mark({ country: 'at' }), [filter('country', 'at')])?.value).toBeNull();
  expect(choiceOf(mark({ country: 'de' }), [filter('country', 'at')])?.value).toBe('de');
});

test('an empty text is a value, a null is none', () => {
  expect(choiceOf(mark({ country: '' }), [filter('country')])?.value).toBe('');
  expect(choiceOf(mark({ country: null }), [filter('country')])).toBeNull();
  expect(active([filter('country', ''), filter('page')]).map(({ column }) => column)).toEqual([
    'country',
  ]);
});

test('a mark that the dashboard is filtered by is known again', () => {
  expect(isChosen(mark({ country: 'at' }), [filter('country', 'at')])).toBe(true);
  expect(isChosen(mark({ country: null }), [filter('country')])).toBe(false);
});

test('what a click does is said in words, and nothing where it does nothing', () => {
  expect(hintOf(mark({ country: 'at' }), [filter('country')])).toBe('Click to filter');
  expect(hintOf(mark({}, 'https://shop.example/a?b'), [])).toBe('Click to open shop.example');
  expect(hintOf(mark({ country: 'at' }), [])).toBeNull();
});
