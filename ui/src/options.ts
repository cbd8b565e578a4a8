// The list that a select shows: what can be chosen, and what is chosen and no
// longer can be, narrowed by what the viewer types.

import type { FilterOptionView } from './generated/FilterOptionView';
import type { FilterView } from './generated/FilterView';
import { NOT_SEEN } from './offline';

/** So many are drawn; the others are found by typing. */
export const SHOWN = 200;

/** A value of the list. */
export interface Option extends FilterOptionView {
  /** Why it is not like the others. */
  note?: string;
  /** Why it cannot be chosen now. */
  barred?: string;
}

/** Those that match all words typed, in their order; what begins with them first. */
export function matching(
  filter: FilterView,
  options: FilterOptionView[],
  search: string,
  isOffline: boolean,
): Option[] {
  const words = fold(search)
    .split(/\s+/)
    .filter((word) => word !== '');
  const all = [...gone(filter, options), ...options.map((option) => explained(option, isOffline))];
  const first = words[0];
  if (first === undefined) return all;
  const hits = all
    .map((option) => ({ option, text: fold(`${option.label} ${option.value}`) }))
    .filter(({ text }) => words.every((word) => text.includes(word)));
  const begins = ({ text }: { text: string }) => text.startsWith(first);
  return [...hits.filter(begins), ...hits.filter((hit) => !begins(hit))].map(
    ({ option }) => option,
  );
}

/** What is chosen and not offered: it stays, so that it can be taken away. */
function gone(filter: FilterView, options: FilterOptionView[]): Option[] {
  if (filter.gone.length === 0) return [];
  const offered = new Set(options.map(({ value }) => value));
  return filter.values.flatMap((value, index) =>
    filter.gone.includes(value) && !offered.has(value)
      ? [
          {
            value,
            label: filter.labels[index] ?? value,
            available: true,
            refused: null,
            note: 'no longer there',
          },
        ]
      : [],
  );
}

function explained(option: FilterOptionView, isOffline: boolean): Option {
  if (option.refused !== null) {
    return { ...option, note: 'cannot be chosen', barred: option.refused };
  }
  // As ranges are: one line below the list says why.
  return isOffline && !option.available ? { ...option, barred: NOT_SEEN } : option;
}

/** Without case and accents: `Zürich` is found by `zurich`. */
function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase();
}
