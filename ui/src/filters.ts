// What a click on a mark does: it filters the dashboard by what the mark is
// about, or opens the web page that the mark leads to.

import type { FilterView } from './generated/FilterView';
import type { Mark } from './generated/Mark';

/** A filter and the value that it shall have; `null` takes it away. */
export interface Choice {
  filter: FilterView;
  value: string | null;
}

/** What a click on the mark sets; the value that is set already is taken away. */
export function choiceOf(mark: Mark, filters: FilterView[]): Choice | null {
  for (const { column, value } of mark.keys) {
    const filter = filters.find((one) => one.column === column);
    if (filter && value !== null) return { filter, value: filter.value === value ? null : value };
  }
  return null;
}

/** Whether the dashboard is filtered by what the mark is about. */
export function isChosen(mark: Mark, filters: FilterView[]): boolean {
  return mark.keys.some(({ column, value }) =>
    filters.some((filter) => filter.column === column && value !== null && filter.value === value),
  );
}

/** Those that filter something. */
export function active(filters: FilterView[]): (FilterView & { value: string })[] {
  return filters.flatMap((filter) =>
    filter.value === null ? [] : [{ ...filter, value: filter.value }],
  );
}

/** A click on the mark in words; `null` where it does nothing. */
export function hintOf(mark: Mark, filters: FilterView[]): string | null {
  const choice = choiceOf(mark, filters);
  if (choice) return choice.value === null ? 'Click to take the filter away' : 'Click to filter';
  return mark.link === null ? null : `Click to open ${hostOf(mark.link)}`;
}

function hostOf(link: string): string {
  return URL.canParse(link) ? new URL(link).host : 'the page';
}
