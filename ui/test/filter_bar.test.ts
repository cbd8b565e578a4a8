// The filters above a dashboard: selects with a list, text, numbers, toggles, and a followed link.

import { emit } from '@tauri-apps/api/event';
import { flushSync } from 'svelte';
import { expect, test, vi } from 'vitest';
import type { FilterOptionView } from '../src/generated/FilterOptionView';
import type { FilterOptionsView } from '../src/generated/FilterOptionsView';
import type { FilterView } from '../src/generated/FilterView';
import { matching, SHOWN } from '../src/options';
import { stepped } from '../src/number';
import { PAUSE } from '../src/typed.svelte';
import {
  argumentsOf,
  click,
  dashboard,
  filter,
  find,
  frame,
  get,
  holdTimers,
  open,
  pass,
  press,
  ready,
  tenant,
  tile,
  type,
  usual,
  type Answers,
} from './pretend';

const option = (value: string, change: Partial<FilterOptionView> = {}): FilterOptionView => ({
  value,
  label: value,
  available: true,
  refused: null,
  ...change,
});

const offers = (
  options: FilterOptionView[],
  change: Partial<FilterOptionsView> = {},
): FilterOptionsView => ({ options, refreshing: false, problem: null, fetched: 1, ...change });

const devices = [option('desktop', { label: 'Desktop' }), option('mobile', { label: 'Phone' })];
const device = filter({ name: 'device', kind: { type: 'select' } });
const country = filter({ name: 'country', kind: { type: 'multiSelect' } });

/** The window with these filters; what was chosen comes back as the core's answer. */
async function bar(
  filters: FilterView[],
  answers: Answers = {},
  { app = frame(), seenUnfiltered = true } = {},
) {
  let now = filters;
  const view = () => dashboard('acme', { filters: now, seenUnfiltered });
  const calls = await open(
    usual({
      boot: () => ({ app, dashboard: view() }),
      open_dashboard: view,
      draw_tile: () => tile('acme'),
      filter_options: () => offers(devices),
      set_filter: ({ name, values }: { name: string; values: string[] }) => {
        now = now.map((one) => (one.name === name ? filter({ ...one, values }) : one));
        return view();
      },
      clear_filters: () => {
        now = now.map((one) => filter({ ...one, values: [] }));
        return view();
      },
      ...answers,
    }),
  );
  await ready();
  const chosen = () => argumentsOf(calls, 'set_filter').map(({ name, values }) => [name, values]);
  return { calls, chosen, rename: (filters: FilterView[]) => (now = filters) };
}

const all = (testid: string) => [
  ...document.querySelectorAll<HTMLElement>(`[data-testid="${testid}"]`),
];

const listed = () => all('option').map(({ dataset }) => dataset['value']);

const lists = (count: number) => vi.waitFor(() => expect(listed()).toHaveLength(count));
const face = () =>
  find('filter-device')
    ?.textContent.replace(/[\s\u2068\u2069]+/g, ' ')
    .trim();

test('a select is opened, narrowed and chosen from by keyboard alone', async () => {
  const { chosen } = await bar([device]);
  expect(face()).toBe('Device All');
  find('filter-device')?.focus();
  press('ArrowDown');
  await lists(2);
  expect(document.activeElement).toBe(find('options-search'));
  press('ArrowDown');
  const active = find('options-search')?.getAttribute('aria-activedescendant');
  expect(document.getElementById(active ?? '')?.dataset['value']).toBe('mobile');
  press('Enter');
  await vi.waitFor(() => expect(face()).toBe('Device mobile'));
  expect(chosen()).toEqual([['device', ['mobile']]]);
  expect(find('filter-device-panel')).toBeNull();
  expect(document.activeElement).toBe(find('filter-device'));
});

test('a choice of several goes on until the list is closed, and is counted', async () => {
  const { chosen } = await bar([country]);
  await click('filter-country');
  await lists(2);
  press('Enter');
  await vi.waitFor(() => expect(chosen()).toHaveLength(1));
  await vi.waitFor(() => expect(find('option')?.getAttribute('aria-selected')).toBe('true'));
  press('ArrowDown');
  press('Enter');
  expect((await get('filter-country-count')).textContent.trim()).toBe('+1');
  expect(chosen()).toEqual([
    ['country', ['desktop']],
    ['country', ['desktop', 'mobile']],
  ]);
  expect(find('options')?.getAttribute('aria-multiselectable')).toBe('true');
  await click('options-clear');
  await vi.waitFor(() => expect(find('filter-country-count')).toBeNull());
});

test('what is chosen and no longer offered stays in the list and says so', async () => {
  const gone = { ...filter({ ...country, values: ['AQ'] }), gone: ['AQ'] };
  await bar([gone]);
  await click('filter-country');
  await lists(3);
  expect(find('option')?.textContent).toContain('no longer there');
});

test('a value that the filter never takes is not chosen, and says why', async () => {
  const { chosen } = await bar([country], {
    filter_options: () => offers([option('Bonn, Rhine', { refused: 'It has a comma.' })]),
  });
  await click('filter-country');
  await lists(1);
  expect(find('option')?.getAttribute('aria-disabled')).toBe('true');
  expect(find('option')?.title).toBe('It has a comma.');
  press('Enter');
  await click('option');
  expect(chosen()).toEqual([]);
});

const DAY = 86_400_000;
const silent = { state: 'offline', since: 0, until: Date.now() + DAY, problem: null } as const;
const offline = () => frame({ tenants: [tenant('acme', 'Acme', { status: silent })] });

test('offline only the values that were seen are chosen, and the others say why', async () => {
  const offered = [option('tablet', { available: false }), option('mobile')];
  const { chosen } = await bar(
    [device],
    { filter_options: () => offers(offered) },
    { app: offline() },
  );
  await click('filter-device');
  await lists(2);
  const [unseen, seen] = all('option');
  expect([unseen, seen].map((one) => one?.getAttribute('aria-disabled'))).toEqual([
    'true',
    'false',
  ]);
  expect(unseen?.title).toBe('Not seen before going offline');
  const why = document.getElementById(unseen?.getAttribute('aria-describedby') ?? '');
  expect(why?.textContent).toBe('not seen before going offline');
  press('Enter');
  unseen?.click();
  expect(chosen()).toEqual([]);
  // Somebody answers again: whatever was seen before, all can be chosen.
  await emit('app', frame());
  await vi.waitFor(() => expect(all('option')[0]?.getAttribute('aria-disabled')).toBe('false'));
  expect(find('options-missing')).toBeNull();
});

test('offline what was not seen of a switch, a chip or none at all is greyed and refused with the reason', async () => {
  const unseen = { seenOtherwise: false };
  const on = { type: 'toggle', on: '1', off: null } as const;
  const problem = { code: 'not-seen', message: 'Not seen.', nextStep: 'Choose another.' };
  const refusal = Object.assign(new Error('refused'), problem);
  const { chosen } = await bar(
    [
      filter({ name: 'buyers', kind: on, values: ['1'], ...unseen }),
      filter({ name: 'page', values: ['/'], ...unseen }),
      filter({ name: 'browser', kind: { type: 'text' }, values: ['Firefox'], ...unseen }),
    ],
    { set_filter: () => Promise.reject(refusal), clear_filters: () => Promise.reject(refusal) },
    { app: offline(), seenUnfiltered: false },
  );
  const greyed = ['filter-buyers', 'filter-page', 'filter-browser-clear', 'filters-clear'];
  for (const control of greyed) {
    expect(find(control)?.getAttribute('aria-disabled'), control).toBe('true');
    expect(find(control)?.title, control).toBe('Not seen before going offline');
  }
  await click('filter-browser-clear');
  await vi.waitFor(() => expect(document.body.textContent).toContain('Not seen.'));
  const field = find('filter-browser') as HTMLInputElement;
  await vi.waitFor(() => expect(field.value).toBe('Firefox'));
  expect(chosen()).toEqual([['browser', []]]);
});

test('values that did not come say why, and are asked for again', async () => {
  const problem = { code: 'unreachable', message: 'Nobody answers.', nextStep: 'Wait.' };
  const { calls } = await bar([device], { filter_options: () => offers([], { problem }) });
  await click('filter-device');
  expect((await get('options-problem')).textContent).toContain('Nobody answers.');
  await click('options-again');
  await vi.waitFor(() =>
    expect(argumentsOf(calls, 'refresh_tile')).toEqual([
      { tenant: 'acme', dashboard: 'web', tile: 'filter:device' },
    ]),
  );
});

test('newer values are shown as soon as the core tells of them', async () => {
  let told = offers([], { refreshing: true });
  await bar([device], { filter_options: () => told });
  await click('filter-device');
  await get('options-search');
  expect(listed()).toEqual([]);
  told = offers(devices);
  await emit('tile', { tenant: 'acme', dashboard: 'web', tile: 'filter:device' });
  await lists(2);
});

test('what people call a value that is chosen is asked for again when the values come', async () => {
  const chosen = filter({ ...device, values: ['mobile'] });
  const { rename } = await bar([chosen]);
  expect(face()).toBe('Device mobile');
  rename([{ ...chosen, labels: ['Phone'] }]);
  await emit('tile', { tenant: 'acme', dashboard: 'web', tile: 'filter:device' });
  await vi.waitFor(() => expect(face()).toBe('Device Phone'));
});

test('ten thousand values are searched, and drawn a few at a time', async () => {
  const many = Array.from({ length: 10_000 }, (_, index) => option(`Straße ${index}`));
  await bar([device], { filter_options: () => offers(many) });
  await click('filter-device');
  await lists(SHOWN);
  expect(find('options-told')?.textContent).toContain('9,800 more');
  type('options-search', 'STRASSE');
  expect(listed()).toEqual([]);
  type('options-search', 'straße 9999');
  await lists(1);
});

test('a search forgives case and accents, and what begins with it comes first', () => {
  const names = ['New Zürich', 'Zurich', 'Geneva'].map((name) => option(name));
  const found = (search: string) =>
    matching(device, names, search, false).map(({ value }) => value);
  expect(found('zurich')).toEqual(['Zurich', 'New Zürich']);
  expect(found('zür new')).toEqual(['New Zürich']);
  expect(found(' ')).toHaveLength(3);
});

test('a text is asked for when the typing pauses, and cleared at once', async () => {
  const { chosen } = await bar([filter({ name: 'page', kind: { type: 'text' } })]);
  holdTimers();
  type('filter-page', '/ca');
  type('filter-page', '/cart ');
  pass(PAUSE - 1);
  expect(chosen()).toEqual([]);
  pass(1);
  expect(chosen()).toEqual([['page', ['/cart']]]);
  await click('filter-page-clear');
  expect(chosen()).toEqual([
    ['page', ['/cart']],
    ['page', []],
  ]);
  expect((find('filter-page') as HTMLInputElement).value).toBe('');
});

test('a text that was typed leaves its field when all filters are taken away', async () => {
  const { chosen } = await bar([filter({ name: 'page', kind: { type: 'text' } })]);
  const field = find('filter-page') as HTMLInputElement;
  type('filter-page', '/cart');
  press('Enter', { on: field });
  await vi.waitFor(() => expect(chosen()).toEqual([['page', ['/cart']]]));
  await click('filters-clear');
  await vi.waitFor(() => expect(field.value).toBe(''));
});

test('a number is walked in steps within its bounds, and a wrong one is told', async () => {
  const kind = { type: 'number', min: 0, max: 1, step: 0.1 } as const;
  const { chosen } = await bar([filter({ name: 'share', kind })]);
  const field = find('filter-share') as HTMLInputElement;
  holdTimers();
  press('ArrowUp', { on: field });
  expect(field.value).toBe('0');
  press('ArrowUp', { on: field });
  press('ArrowUp', { on: field });
  press('ArrowUp', { on: field });
  expect(field.value).toBe('0.3');
  expect(field.getAttribute('aria-valuenow')).toBe('0.3');
  press('PageUp', { on: field });
  expect(field.value).toBe('1');
  type('filter-share', '7');
  pass(PAUSE);
  expect(find('filter-share-mistake')?.textContent).toBe('A number from 0 to 1');
  expect(field.getAttribute('aria-invalid')).toBe('true');
  expect(chosen()).toEqual([]);
  type('filter-share', '0.5');
  press('Enter', { on: field });
  expect(chosen()).toEqual([['share', ['0.5']]]);
});

test('steps keep to the decimals that they are made of', () => {
  const tenths = { min: null, max: null, step: 0.1 };
  expect(stepped('0.2', 1, tenths)).toBe('0.3');
  expect(stepped('0.25', 1, tenths)).toBe('0.35');
  expect(stepped('', 1, { min: null, max: -5, step: 1 })).toBe('-5');
});

test('a toggle says that it is on, and what it says to pipes while it is off', async () => {
  const kind = { type: 'toggle', on: '1', off: '0' } as const;
  const { chosen } = await bar([filter({ name: 'buyers', kind })]);
  expect(find('filter-buyers')?.getAttribute('aria-checked')).toBe('false');
  await click('filter-buyers');
  await vi.waitFor(() => expect(find('filter-buyers')?.getAttribute('aria-checked')).toBe('true'));
  await click('filter-buyers');
  await vi.waitFor(() => expect(chosen()).toHaveLength(2));
  expect(chosen()).toEqual([
    ['buyers', ['1']],
    ['buyers', ['0']],
  ]);
});

test('one word takes all filters away, and the focus stays among them', async () => {
  const { calls } = await bar([filter({ ...device, values: ['mobile'] }), country]);
  find('filters-clear')?.focus();
  await click('filters-clear');
  await vi.waitFor(() => expect(find('filters-clear')).toBeNull());
  expect(argumentsOf(calls, 'clear_filters')).toEqual([{ tenant: 'acme', dashboard: 'web' }]);
  expect(document.activeElement).toBe(find('filter-device'));
});

test('a link that was followed stands on the screen, also of another organization', async () => {
  const { calls } = await bar([device], {
    open_dashboard: ({ tenant: id }: { tenant: string }) => dashboard(id, { id: 'sales' }),
  });
  await emit('opened', { tenant: 'globex', dashboard: 'sales' });
  await vi.waitFor(() => {
    const shown = find('dashboard')?.dataset;
    expect([shown?.['tenant'], shown?.['dashboard']]).toEqual(['globex', 'sales']);
  });
  expect(argumentsOf(calls, 'open_dashboard')).toEqual([{ tenant: 'globex', dashboard: 'sales' }]);
});

test('the menu copies a link to the dashboard and says so', async () => {
  const { calls } = await bar([device]);
  await click('dashboard-menu');
  await click('copy-link');
  flushSync();
  await vi.waitFor(() => expect(document.body.textContent).toContain('in the clipboard'));
  expect(argumentsOf(calls, 'copy_dashboard_link')).toEqual([{ tenant: 'acme', dashboard: 'web' }]);
});
