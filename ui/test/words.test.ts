import { expect, test } from 'vitest';
import { ago, brief, ended, initials, isolated, left, listed, role } from '../src/words';

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
  ['🎉🎈', '🎉'],
  ['👩‍👩‍👧‍👦', '👩‍👩‍👧‍👦'],
  ['<b>Acme</b>', 'BA'],
  ['שלום עולם', 'שע'],
])('%j is abbreviated to %j', (name, letters) => {
  expect(initials(name)).toBe(letters);
});

test.each([
  ['org:admin', 'Admin'],
  ['org:billing_manager', 'Billing manager'],
  ['guest', 'Guest'],
  ['', ''],
])('the role %j is “%s” for people', (name, words) => {
  expect(role(name)).toBe(words);
});

test('a name in a sentence keeps its direction to itself, and to its beginning when it is long', () => {
  expect(brief('Acme')).toBe(isolated('Acme'));
  expect(brief('x'.repeat(32))).toBe(isolated('x'.repeat(32)));
  expect(brief('x'.repeat(33))).toBe(isolated(`${'x'.repeat(32)}…`));
  expect(brief('👩‍👩‍👧‍👦'.repeat(200))).toBe(isolated(`${'👩‍👩‍👧‍👦'.repeat(32)}…`));
});

test.each([
  [[], ''],
  [['A'], 'A'],
  [['A', 'B'], 'A and B'],
  [['A', 'B', 'C', 'D'], 'A, B, C and D'],
  [['A', 'B', 'C', 'D', 'E'], 'A, B, C and 2 more'],
])('the names %j are listed as “%s”', (names, words) => {
  expect(listed(names).replaceAll(/[\u2068\u2069]/g, '')).toBe(words);
});

test.each([
  [0, 'There were no other sessions.'],
  [1, 'Ended 1 other session.'],
  [2, 'Ended 2 other sessions.'],
])('%d ended sessions are told as “%s”', (sessions, words) => {
  expect(ended(sessions)).toBe(words);
});
