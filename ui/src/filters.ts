// What a click on a mark does: it filters the dashboard by what the mark is
// about, or opens the web page that the mark leads to.

import type { FilterView } from './generated/FilterView';
import type { Group } from './generated/Group';
import type { Mark } from './generated/Mark';

/** A filter and the values that it shall have; none takes it away. */
export interface Choice {
  filter: FilterView;
  values: string[];
}

/** What is pointed at: a mark, and the series of it that is meant, if one is. */
export type Aim = Pick<Mark, 'keys' | 'link'> & { group?: Group | null };

/** What a click there sets; the value that is set already is taken away. */
export function choiceOf(aim: Aim, filters: FilterView[]): Choice | null {
  for (const { column, value } of aim.group ? [...aim.keys, aim.group.key] : aim.keys) {
    const filter = filters.find((one) => one.column === column && isSetByMarks(one));
    if (filter && value !== null) return { filter, values: toggled(filter, value) };
  }
  return null;
}

/** The filter's values with one more or less, as many as it takes. */
export function toggled({ kind, values }: FilterView, value: string): string[] {
  const others = values.filter((one) => one !== value);
  if (others.length < values.length) return kind.type === 'multiSelect' ? others : [];
  return kind.type === 'multiSelect' ? [...values, value] : [value];
}

/** Whether the dashboard is filtered by what the mark is about. */
export function isChosen(mark: Mark, filters: FilterView[]): boolean {
  return mark.keys.some(({ column, value }) =>
    filters.some(
      (filter) =>
        filter.column === column &&
        isSetByMarks(filter) &&
        value !== null &&
        filter.values.includes(value),
    ),
  );
}

function isSetByMarks({ kind }: FilterView): boolean {
  return kind.type === 'click' || kind.type === 'select' || kind.type === 'multiSelect';
}

/** Those that stand above the dashboard whether or not they are set. */
export function inBar(filters: FilterView[]): FilterView[] {
  return filters.filter(({ kind }) => kind.type !== 'click');
}

/** Those that clicks have set. */
export function clicked(filters: FilterView[]): FilterView[] {
  return filters.filter(({ kind, isSet }) => kind.type === 'click' && isSet);
}

/** A click there in words, with the series that it is about; `null` where it does nothing. */
export function hintOf(aim: Aim, filters: FilterView[]): string | null {
  const choice = choiceOf(aim, filters);
  if (choice) {
    const isAnother = choice.values.some((value) => !choice.filter.values.includes(value));
    if (!isAnother) return 'Click to take the filter away';
    const bySeries = aim.group?.key.column === choice.filter.column;
    return bySeries ? `Click to filter by ${aim.group?.name}` : 'Click to filter';
  }
  return aim.link === null ? null : `Click to open ${hostOf(aim.link)}`;
}

function hostOf(link: string): string {
  return URL.canParse(link) ? new URL(link).host : 'the page';
}
