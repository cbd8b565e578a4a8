// Numbers in a field of a filter: what is wrong with one, and the next one.
// What counts in the end is the core's to say.

import type { FilterKindView } from './generated/FilterKindView';

type Bounds = Pick<Extract<FilterKindView, { type: 'number' }>, 'min' | 'max' | 'step'>;

/** What is wrong with a typed number, in words; `null` where it is one, or nothing. */
export function mistakeIn(text: string, { min, max }: Bounds): string | null {
  if (text.trim() === '') return null;
  const number = Number(text);
  const isWithin = (min === null || number >= min) && (max === null || number <= max);
  if (Number.isFinite(number) && isWithin) return null;
  if (min !== null && max !== null) return `A number from ${min} to ${max}`;
  if (min !== null) return `A number of ${min} or more`;
  if (max !== null) return `A number of ${max} or less`;
  return 'A number, like 12.5';
}

/** So many steps on, kept within the bounds; the first step from nothing goes to the least, or to zero. */
export function stepped(text: string, steps: number, bounds: Bounds): string {
  const { min, max } = bounds;
  const step = bounds.step ?? 1;
  const number = Number(text);
  const isNone = text.trim() === '' || !Number.isFinite(number);
  const to = isNone ? (min ?? Math.min(0, max ?? 0)) : number + steps * step;
  const within = Math.min(Math.max(to, min ?? -Infinity), max ?? Infinity);
  // 0.1 + 0.2 is 0.3 to whoever steps by tenths.
  return String(Number(within.toFixed(Math.min(Math.max(decimals(step), decimals(number)), 20))));
}

function decimals(number: number): number {
  const [, fraction = ''] = String(number).split('.');
  return fraction.length;
}
