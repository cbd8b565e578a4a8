import { expect, test } from 'vitest';
import type { Entry } from '../src/generated/Entry';
import { cut, isolated, meant, MOST, ranked, toggled } from '../src/series';

const legend = (...shown: boolean[]) =>
  shown.map((isShown, index) => ({
    name: 'abc'.charAt(index),
    color: '#000000',
    shown: isShown,
    place: { x: 0, y: 0, width: 1, height: 1 },
  }));

const entry = (name: string, amount: number | null, y: number | null = null): Entry => ({
  name,
  value: String(amount),
  amount,
  color: '#000000',
  y,
});

const names = (entries: Entry[]) => entries.map(({ name }) => name);

test('a click turns a series off, and on again', () => {
  expect(toggled(legend(true, true, true), 'b')).toEqual(['b']);
  expect(toggled(legend(true, false, true), 'b')).toEqual([]);
  expect(toggled(legend(true, false, true), 'a')).toEqual(['a', 'b']);
});

test('turning the last one off turns all on', () => {
  expect(toggled(legend(false, true, false), 'b')).toEqual([]);
});

test('one is left alone, and all come back when it was alone', () => {
  expect(isolated(legend(true, true, true), 'b')).toEqual(['a', 'c']);
  expect(isolated(legend(true, false, true), 'b')).toEqual(['a', 'c']);
  expect(isolated(legend(false, true, false), 'b')).toEqual([]);
});

test('entries stand by their amount, nulls last, equals as they came', () => {
  const all = [entry('null', null), entry('small', -5), entry('x', 7), entry('y', 7)];
  expect(names(ranked(all))).toEqual(['x', 'y', 'small', 'null']);
});

test('entries that do not measure the same keep their order', () => {
  const all = [entry('visits', null), entry('share', null)];
  expect(names(ranked(all))).toEqual(['visits', 'share']);
});

test('of many entries the first are shown, and the one that is pointed at', () => {
  const all = Array.from({ length: 120 }, (_, index) => entry(`s${index}`, 120 - index));
  expect(cut(all.slice(0, MOST), null).left).toBe(0);
  const { shown, left } = cut(all, all[99] ?? null);
  expect(shown.length + left).toBe(120);
  expect(names(shown).slice(-2)).toEqual(['s21', 's99']);
});

test('the entry nearest to the pointer is meant, if one is near', () => {
  const all = [entry('a', 1, 10), entry('b', 2, 30), entry('c', null)];
  expect(meant(all, 22)?.name).toBe('b');
  expect(meant(all, 90)).toBeNull();
});
