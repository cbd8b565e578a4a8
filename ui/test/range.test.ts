import { expect, test } from 'vitest';
import { between, isDay } from '../src/range';

test('two days make a range, and one day is one of its own', () => {
  const range = { kind: 'between', from: '2026-11-01', to: '2026-11-20' };
  expect(between('2026-11-01', '2026-11-20')).toEqual({ range });
  expect(between('2026-11-20', '2026-11-20')).toHaveProperty('range');
});

test('the wrong way round is a mistake that is named', () => {
  expect(between('2026-11-20', '2026-11-01')).toEqual({
    mistake: 'The first day is after the last.',
  });
});

test('a missing day is named as the first or the last', () => {
  expect(between('', '2026-11-01')).toEqual({ mistake: 'Write the first day as YYYY-MM-DD.' });
  expect(between('2026-11-01', '1.12.')).toEqual({ mistake: 'Write the last day as YYYY-MM-DD.' });
});

test('only days of the calendar are days', () => {
  expect(isDay('2024-02-29')).toBe(true);
  expect(isDay('2026-02-29')).toBe(false);
  expect(isDay('2026-13-01')).toBe(false);
  expect(isDay('2026-1-1')).toBe(false);
  expect(isDay('2026-01-01T00:00')).toBe(false);
});
