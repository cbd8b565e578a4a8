// What the viewer typed as a time range, as a range or as the reason why it is
// none. Whether the data reaches that far is the core's to say.

import type { RangeView } from './generated/RangeView';

export type Typed = { range: RangeView } | { mistake: string };

/** Two days, both included, as `YYYY-MM-DD`. */
export function between(from: string, to: string): Typed {
  if (!isDay(from)) return { mistake: 'Write the first day as YYYY-MM-DD.' };
  if (!isDay(to)) return { mistake: 'Write the last day as YYYY-MM-DD.' };
  // Days of this form sort as they follow each other.
  if (from > to) return { mistake: 'The first day is after the last.' };
  return { range: { kind: 'between', from, to } };
}

/** Whether the text is a day that the calendar has. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
