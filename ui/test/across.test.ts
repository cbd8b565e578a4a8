import { expect, test } from 'vitest';
import { along, between, scaled, shareOf, shifted, valueAt } from '../src/across';
import type { Across } from '../src/generated/Across';

const linear: Across = { measure: 'number', from: 100, to: 300, log: false };
const log: Across = { measure: 'number', from: 1, to: 10_000, log: true };

test.each([linear, log])('a value stands where it is read ($from to $to)', (axis) => {
  for (const share of [0, 0.25, 0.5, 0.9, 1]) {
    expect(shareOf(axis, valueAt(axis, share))).toBeCloseTo(share, 10);
  }
});

test('equal lengths of a logarithmic axis are equal factors', () => {
  expect(valueAt(log, 0.5)).toBeCloseTo(100, 8);
  expect(between(log, 0.25, 0.5).map(Math.round)).toEqual([10, 100]);
});

test('a stretch is the same whichever way it is brushed, and ends where the plot ends', () => {
  expect(between(linear, 0.25, 0.75)).toEqual([150, 250]);
  expect(between(linear, 0.75, 0.25)).toEqual([150, 250]);
  expect(between(linear, -3, 0.5)).toEqual([100, 200]);
});

test('zooming keeps what is under the hand where it is', () => {
  const [from, to] = scaled(linear, linear, 0.5, 0.25) ?? [0, 0];
  expect([from, to]).toEqual([125, 225]);
  expect(shareOf({ ...linear, from, to }, 150)).toBe(0.25);
});

test('zooming out ends at the whole axis, which is no zoom any more', () => {
  const zoomed = { ...linear, from: 250, to: 300 };
  expect(scaled(zoomed, linear, 2, 0.5)).toEqual([225, 300]);
  expect(scaled(zoomed, linear, 100, 0.5)).toBeNull();
  expect(scaled(linear, linear, 2, 0.5)).toBeNull();
});

test('moving a stretch keeps its length and stops at both ends', () => {
  const zoomed = { ...linear, from: 200, to: 250 };
  expect(shifted(zoomed, linear, 0.5)).toEqual([225, 275]);
  expect(shifted(zoomed, linear, 9)).toEqual([250, 300]);
  expect(shifted(zoomed, linear, -9)).toEqual([100, 150]);
});

test('a place in the picture is a share of the plot', () => {
  const plot = { x: 40, y: 0, width: 200, height: 100 };
  expect(along(plot, 40)).toBe(0);
  expect(along(plot, 140)).toBe(0.5);
});
