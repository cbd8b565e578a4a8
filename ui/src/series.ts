// The series of a picture under a viewer's hand: which are turned off, and in
// which order a tooltip lists them.

import type { Entry } from './generated/Entry';
import type { LegendItem } from './generated/LegendItem';

/** How many entries a tooltip has room for. */
export const MOST = 24;

/** What is turned off after a click on a series: the last one that is left turns all on again. */
export function toggled(legend: LegendItem[], name: string): string[] {
  const hidden = legend.filter((item) => item.shown === (item.name === name));
  return hidden.length === legend.length ? [] : hidden.map((item) => item.name);
}

/** What is turned off when only one series is wanted; once it is alone, nothing. */
export function isolated(legend: LegendItem[], name: string): string[] {
  const isAlone = legend.every((item) => item.shown === (item.name === name));
  return isAlone ? [] : legend.filter((item) => item.name !== name).map((item) => item.name);
}

/** The greatest first and nulls last; entries that do not measure the same stay as they are. */
export function ranked(entries: Entry[]): Entry[] {
  if (entries.every(({ amount }) => amount === null)) return entries;
  const rank = (entry: Entry) => entry.amount ?? -Infinity;
  return entries.toSorted((a, b) => (rank(a) === rank(b) ? 0 : rank(b) - rank(a)));
}

/** What a tooltip shows of many entries: the first, the one that is pointed at, and how many are left out. */
export function cut(entries: Entry[], meant: Entry | null): { shown: Entry[]; left: number } {
  if (entries.length <= MOST) return { shown: entries, left: 0 };
  const shown = entries.slice(0, MOST - 1);
  if (meant && !shown.includes(meant)) shown.splice(-1, 1, meant);
  return { shown, left: entries.length - shown.length };
}

/** The entry whose point is nearest to the pointer, if one is near. */
export function meant(entries: Entry[], y: number, reach = 24): Entry | null {
  const distance = (entry: Entry) => (entry.y === null ? Infinity : Math.abs(entry.y - y));
  const near = entries.filter((entry) => distance(entry) <= reach);
  return near.reduce<Entry | null>(
    (best, entry) => (best === null || distance(entry) < distance(best) ? entry : best),
    null,
  );
}
