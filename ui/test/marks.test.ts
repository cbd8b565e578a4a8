import { describe, expect, test } from 'vitest';
import type { Mark } from '../src/generated/Mark';
import type { Marks } from '../src/generated/Marks';
import type { Shape } from '../src/generated/Shape';
import { anchor, covers, entryAt, groupAt, outline, pick, step } from '../src/marks';
import { line } from './pretend';

const mark = (shape: Shape): Mark => ({
  shape,
  heading: '',
  entries: [],
  at: null,
  parts: [],
  keys: [],
  link: null,
});
const plot = { x: 0, y: 0, width: 100, height: 100 };
const shapes = (...all: Shape[]): Marks => ({
  plot,
  pick: 'shape',
  marks: all.map(mark),
  groups: [],
  untold: 0,
});

/** The first quarter of a ring: from twelve to three o'clock. */
const quarter: Shape = {
  type: 'wedge',
  cx: 50,
  cy: 50,
  inner: 20,
  outer: 40,
  start: 0,
  end: Math.PI / 2,
};

describe('by the nearest x', () => {
  test('the mark nearest to the pointer is meant, however high the pointer is', () => {
    expect(pick(line, { x: 99, y: 20 })).toBe(0);
    expect(pick(line, { x: 101, y: 200 })).toBe(1);
    expect(pick(line, { x: 338, y: 100 })).toBe(2);
  });

  test('far outside the plot no mark is meant', () => {
    expect(pick(line, { x: 150, y: 240 })).toBeNull();
    expect(pick(line, { x: 10, y: 100 })).toBeNull();
  });

  test('a picture without marks has none under the pointer', () => {
    expect(pick({ ...line, marks: [] }, { x: 150, y: 100 })).toBeNull();
  });

  test('a bar is nearest wherever the pointer is within its width', () => {
    const bars: Marks = {
      plot,
      pick: 'nearest-x',
      groups: [],
      untold: 0,
      marks: [
        mark({ type: 'rect', x: 0, y: 0, width: 60, height: 10 }),
        mark({ type: 'rect', x: 62, y: 0, width: 4, height: 10 }),
      ],
    };
    expect(pick(bars, { x: 58, y: 50 })).toBe(0);
  });
});

describe('by shape', () => {
  test('of two shapes under the pointer, the one drawn last is meant', () => {
    const rect: Shape = { type: 'rect', x: 10, y: 10, width: 50, height: 50 };
    expect(pick(shapes(rect, { ...rect, x: 40 }), { x: 45, y: 20 })).toBe(1);
    expect(pick(shapes(rect, { ...rect, x: 40 }), { x: 15, y: 20 })).toBe(0);
    expect(pick(shapes(rect), { x: 5, y: 5 })).toBeNull();
  });

  test('bars that touch share no pixel', () => {
    const upper: Shape = { type: 'rect', x: 0, y: 0, width: 10, height: 10 };
    expect(covers(upper, { x: 5, y: 10 })).toBe(false);
    expect(covers({ ...upper, y: 10 }, { x: 5, y: 10 })).toBe(true);
  });

  test('a wedge is between its radii and its angles, clockwise from twelve', () => {
    expect(covers(quarter, { x: 71, y: 29 })).toBe(true);
    expect(covers(quarter, { x: 29, y: 29 })).toBe(false);
    expect(covers(quarter, { x: 71, y: 71 })).toBe(false);
    expect(covers(quarter, { x: 55, y: 45 })).toBe(false);
    expect(covers(quarter, { x: 89, y: 11 })).toBe(false);
  });

  test('a wedge across twelve o’clock is hit on both sides of it', () => {
    const across: Shape = { ...quarter, start: 1.75 * Math.PI, end: 2.25 * Math.PI };
    expect(covers(across, { x: 40, y: 22 })).toBe(true);
    expect(covers(across, { x: 60, y: 22 })).toBe(true);
    expect(covers(across, { x: 50, y: 80 })).toBe(false);
  });

  test('a full ring is hit everywhere and its outline is no empty arc', () => {
    const ring: Extract<Shape, { type: 'wedge' }> = { ...quarter, end: 2 * Math.PI };
    for (const [x, y] of [
      [80, 50],
      [20, 50],
      [50, 20],
      [50, 80],
    ] as const) {
      expect(covers(ring, { x, y })).toBe(true);
    }
    expect(outline(ring)).toMatch(/^M50\.000 10\.000A40 40 0 1 1 /);
    expect(outline(ring)).not.toContain('A40 40 0 1 1 50.000 10.000');
  });

  test('where a mark is pointed at without a pointer, it is hit', () => {
    const rect: Shape = { type: 'rect', x: 3, y: 4, width: 20, height: 8 };
    for (const shape of [rect, quarter]) {
      expect(covers(shape, anchor(mark(shape), plot))).toBe(true);
    }
  });
});

describe('by keyboard', () => {
  test('arrows go on by one mark and stop at both ends', () => {
    expect(step('ArrowRight', null, 3)).toBe(0);
    expect(step('ArrowRight', 0, 3)).toBe(1);
    expect(step('ArrowDown', 2, 3)).toBe(2);
    expect(step('ArrowLeft', 0, 3)).toBe(0);
    expect(step('ArrowLeft', null, 3)).toBe(2);
    expect(step('Home', 2, 3)).toBe(0);
    expect(step('End', null, 3)).toBe(2);
  });

  test('other keys, and pictures without marks, are left alone', () => {
    expect(step('a', 1, 3)).toBeNull();
    expect(step('ArrowRight', null, 0)).toBeNull();
  });
});

describe('of a mark with several values', () => {
  const entry = (name: string, y: number | null) => ({
    name,
    value: '1',
    amount: 1,
    color: '#2563c4',
    y,
  });
  const groups = ['desktop', 'mobile'].map((value) => ({
    name: value,
    key: { column: 'device', value },
  }));
  const entries = [entry('desktop', 60), entry('mobile', 20)];
  const column: Mark = { ...mark({ type: 'rect', x: 0, y: 0, width: 40, height: 100 }), entries };
  const stack: Mark = {
    ...column,
    parts: [
      { x: 10, y: 60, width: 20, height: 40 },
      { x: 10, y: 20, width: 20, height: 40 },
    ],
  };
  const all = (one: Mark): Marks => ({ ...shapes(), groups, marks: [one] });

  test('the part of a column that the pointer is on is meant, and none beside it', () => {
    expect(entryAt('shape', stack, { x: 15, y: 25 })?.name).toBe('mobile');
    expect(entryAt('shape', stack, { x: 15, y: 95 })?.name).toBe('desktop');
    expect(entryAt('shape', stack, { x: 2, y: 25 })).toBeNull();
    expect(entryAt('shape', stack, { x: 15, y: 10 })).toBeNull();
  });

  test('of layers the one that the pointer is in is meant, of lines the nearest', () => {
    expect(entryAt('layer', column, { x: 5, y: 55 })?.name).toBe('mobile');
    expect(entryAt('nearest-x', column, { x: 5, y: 55 })?.name).toBe('desktop');
    expect(entryAt('layer', column, { x: 5, y: 5 })).toBeNull();
  });

  test('a series is what a click is about where it is the only one or pointed at', () => {
    expect(groupAt(all(stack), stack, { x: 15, y: 25 })?.key.value).toBe('mobile');
    expect(groupAt(all(stack), stack, null)).toBeNull();
    const alone: Mark = { ...column, entries: entries.slice(0, 1) };
    expect(groupAt(all(alone), alone, null)?.key.value).toBe('desktop');
    expect(groupAt({ ...all(alone), groups: [] }, alone, null)).toBeNull();
  });

  test('of marks that share a pixel the one with a value at the pointer is meant', () => {
    const at = (x: number, y: number): Mark => ({
      ...mark({ type: 'column', x }),
      entries: [entry('a', y)],
    });
    const close: Marks = {
      ...shapes(),
      pick: 'nearest-x',
      marks: [at(50.1, 80), at(50.4, 10), at(53, 60)],
    };
    expect(pick(close, { x: 50, y: 75 })).toBe(0);
    expect(pick(close, { x: 50, y: 15 })).toBe(1);
    expect(pick(close, { x: 53, y: 15 })).toBe(2);
  });
});
