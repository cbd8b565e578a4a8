import { expect, test, vi } from 'vitest';
import { Gestures, type Meaning } from '../src/gestures';
import { holdTimers, pass } from './pretend';

/** Gestures over a picture whose plot begins at y = 20, and what they meant. */
function meant() {
  const said: unknown[][] = [];
  const meaning = {
    canBrush: (_: number, y: number) => y >= 20,
    point: (...at: unknown[]) => void said.push(['point', ...at]),
    brush: (stretch: unknown) => void said.push(['brush', stretch]),
    choose: (...ends: unknown[]) => void said.push(['choose', ...ends]),
    pinch: (...by: unknown[]) => void said.push(['pinch', ...by]),
    press: (...at: unknown[]) => void said.push(['press', ...at]),
  } satisfies Meaning;
  const gestures = new Gestures(meaning);
  const mouse = (x: number, y = 50) => ({ id: 1, type: 'mouse', x, y });
  const finger = (id: number, x: number, y = 50) => ({ id, type: 'touch', x, y });
  return { gestures, said, mouse, finger, last: () => said.at(-1) };
}

test('a mouse that only moves points', () => {
  const { gestures, said, mouse } = meant();
  gestures.move(mouse(10));
  gestures.move(mouse(30));
  expect(said).toEqual([
    ['point', 10, 50],
    ['point', 30, 50],
  ]);
});

test('a drag across the plot brushes, and means what it ends with', () => {
  const { gestures, said, mouse, last } = meant();
  gestures.down(mouse(10));
  gestures.move(mouse(60));
  expect(last()).toEqual(['brush', [10, 60]]);
  gestures.move(mouse(90));
  gestures.up(mouse(90));
  expect(said.slice(-2)).toEqual([
    ['brush', null],
    ['choose', 10, 90],
  ]);
});

test('a press that hardly moves is a press, and no brush', () => {
  const { gestures, said, mouse, last } = meant();
  gestures.down(mouse(10));
  gestures.move(mouse(12));
  gestures.up(mouse(12), true);
  expect(last()).toEqual(['press', 10, 50, false, true]);
  expect(said.map(([name]) => name)).not.toContain('brush');
});

test('a drag that begins beside the plot brushes nothing and presses nothing', () => {
  const { gestures, said, mouse } = meant();
  gestures.down(mouse(10, 5));
  gestures.move(mouse(80, 5));
  gestures.up(mouse(80, 5));
  expect(new Set(said.map(([name]) => name))).toEqual(new Set(['point']));
});

test('a brush that is cancelled means nothing, also when the button is lifted later', () => {
  const { gestures, said, mouse } = meant();
  gestures.down(mouse(10));
  gestures.move(mouse(60));
  gestures.cancel();
  expect(gestures.isBrushing).toBe(false);
  gestures.move(mouse(80));
  gestures.up(mouse(90));
  expect(said.map(([name]) => name)).not.toContain('choose');
  expect(said.map(([name]) => name)).not.toContain('press');
});

test('one finger scrubs along the values, and one that rested brushes', () => {
  holdTimers();
  const { gestures, said, finger, last } = meant();
  gestures.down(finger(1, 10));
  gestures.move(finger(1, 60));
  expect(last()).toEqual(['point', 60, 50]);
  pass(1_000);
  gestures.up(finger(1, 60));
  expect(said.map(([name]) => name)).not.toContain('brush');
  gestures.down(finger(2, 10));
  pass(1_000);
  gestures.move(finger(2, 80));
  gestures.up(finger(2, 80));
  expect(last()).toEqual(['choose', 10, 80]);
});

test('a finger that scrolls the page is taken away and means nothing', () => {
  holdTimers();
  const { gestures, said, finger } = meant();
  gestures.down(finger(1, 10));
  gestures.lose(1);
  pass(1_000);
  expect(said).toEqual([['point', 10, 50]]);
});

test('two fingers pinch around what lies between them, and lifting them presses nothing', () => {
  const { gestures, said, finger } = meant();
  gestures.down(finger(1, 100));
  gestures.down(finger(2, 200));
  gestures.move(finger(2, 300));
  gestures.up(finger(2, 300));
  gestures.up(finger(1, 100));
  expect(said.filter(([name]) => name === 'pinch')).toEqual([['pinch', 0.5, 200]]);
  expect(said.map(([name]) => name)).not.toContain('press');
});

test('fingers above each other are no pinch', () => {
  const { gestures, finger } = meant();
  const pinch = vi.spyOn(gestures.meaning, 'pinch');
  gestures.down(finger(1, 100, 50));
  gestures.down(finger(2, 101, 90));
  gestures.move(finger(2, 104, 120));
  expect(pinch).not.toHaveBeenCalled();
});
