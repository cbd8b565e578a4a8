import { expect, test } from 'vitest';
import { ago, initials, left, role } from '../src/words';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 10, 21, 9, 30);

test.each([
  [0, 'just now'],
  [59 * SECOND, 'just now'],
  [-5 * SECOND, 'just now'],
  [MINUTE, '1 min ago'],
  [59 * MINUTE + 59 * SECOND, '59 min ago'],
  [HOUR, '1 h ago'],
  [25 * HOUR, 'yesterday'],
  [3 * DAY, '3 days ago'],
])('%d ms in the past is “%s”', (past, words) => {
  expect(ago(NOW - past, NOW)).toBe(words);
});

test.each([
  [4 * MINUTE + 32 * SECOND, '4 min 32 s'],
  [4 * MINUTE, '4 min'],
  [32 * SECOND, '32 s'],
  [1, '1 s'],
  [HOUR + 5 * MINUTE + 7 * SECOND, '1 h 5 min'],
  [2 * DAY + 59 * SECOND, '2 d'],
  [0, null],
  [-SECOND, null],
])('%d ms ahead is “%s”', (rest, words) => {
  expect(left(NOW + rest, NOW)).toBe(words);
});

test.each([
  ['Acme Corporation', 'AC'],
  ['globex', 'G'],
  ['Ärzte ohne Grenzen', 'ÄO'],
  ['  ', ''],
  ['𝒜cme', '𝒜'],
])('%j is abbreviated to %j', (name, letters) => {
  expect(initials(name)).toBe(letters);
});

test('roles lose Clerk’s prefix', () => {
  expect(role('org:admin')).toBe('admin');
  expect(role('org:billing_manager')).toBe('billing manager');
  expect(role('guest')).toBe('guest');
});
