// Tabs, headings, wrong tiles and the wall display, over a pretended core.

import { emit } from '@tauri-apps/api/event';
import { flushSync } from 'svelte';
import { describe, expect, test, vi } from 'vitest';
import type { DashboardView } from '../src/generated/DashboardView';
import type { TileRequest } from '../src/generated/TileRequest';
import { argumentsOf, click, dashboard, find, frame, get, layout, open } from './pretend';
import { press, ready, tile, time, usual } from './pretend';

const tabbed = (id: string): Partial<DashboardView> => ({
  id,
  tiles: [
    layout('visits', { section: 'At a glance' }),
    layout('pages', { tab: 'Pages' }),
    layout('exits', { tab: 'Pages', section: 'Exits' }),
    layout('sources', { tab: 'Sources' }),
  ],
});

async function show(change: Partial<DashboardView>) {
  const drawn: string[] = [];
  await open(
    usual({
      boot: () => ({ app: frame(), dashboard: dashboard('acme', change) }),
      draw_tile: ({ request }: { request: TileRequest }) => {
        drawn.push(request.tile);
        return tile(request.tile);
      },
    }),
  );
  await ready();
  return { drawn };
}

const tabs = () => [...document.querySelectorAll<HTMLElement>('[role="tab"]')];
const openTab = () =>
  tabs()
    .find((tab) => tab.ariaSelected === 'true')
    ?.textContent.trim();
const toggle = (section: string) =>
  document.querySelector<HTMLElement>(
    `[data-testid="section"][data-name="${section}"] [data-testid="section-toggle"]`,
  );

describe('tabs', () => {
  test('only the tiles of the open tab are there, and nothing is drawn for the others', async () => {
    const { drawn } = await show(tabbed('tabs-1'));
    expect(tabs().map((tab) => tab.textContent.trim())).toEqual(['Pages', 'Sources']);
    await vi.waitFor(() => expect(drawn.toSorted()).toEqual(['exits', 'pages', 'visits']));
    expect(find('tile-sources')).toBeNull();
    await vi.waitFor(() => expect(find('dashboard')?.dataset['complete']).toBe('true'));
    tabs()[1]?.click();
    flushSync();
    expect([find('tile-visits') !== null, find('tile-pages')]).toEqual([true, null]);
    await vi.waitFor(() => expect(drawn).toContain('sources'));
    const before = drawn.filter((id) => id === 'pages').length;
    await emit('tile', { tenant: 'acme', dashboard: 'tabs-1', tile: 'pages' });
    await emit('tile', { tenant: 'acme', dashboard: 'tabs-1', tile: 'visits' });
    await vi.waitFor(() => expect(drawn.filter((id) => id === 'visits')).toHaveLength(2));
    expect(drawn.filter((id) => id === 'pages')).toHaveLength(before);
  });

  test('arrows, Home and End walk them, and open what they come to', async () => {
    await show(tabbed('tabs-2'));
    const walk = (key: string) => {
      press(key, { on: document.activeElement ?? document.body });
      return openTab();
    };
    tabs()[0]?.focus();
    expect(walk('ArrowRight')).toBe('Sources');
    expect(document.activeElement).toBe(tabs()[1]);
    expect(walk('ArrowRight')).toBe('Pages');
    expect(walk('ArrowLeft')).toBe('Sources');
    expect(walk('Home')).toBe('Pages');
    expect(walk('End')).toBe('Sources');
    const panel = document.getElementById(tabs()[1]?.getAttribute('aria-controls') ?? '');
    expect(panel?.getAttribute('aria-labelledby')).toBe(tabs()[1]?.id);
    expect(tabs().map((tab) => tab.tabIndex)).toEqual([-1, 0]);
  });

  test('the open tab and a closed section are remembered for the tenant and the dashboard', async () => {
    await show(tabbed('tabs-3'));
    toggle('Exits')?.click();
    tabs()[1]?.click();
    flushSync();
    document.body.replaceChildren();
    await show(tabbed('tabs-3'));
    expect(openTab()).toBe('Sources');
    tabs()[0]?.click();
    flushSync();
    expect(toggle('Exits')?.ariaExpanded).toBe('false');
    document.body.replaceChildren();
    await show(tabbed('tabs-4'));
    expect(openTab()).toBe('Pages');
    expect(toggle('Exits')?.ariaExpanded).toBe('true');
  });
});

test('a closed section has no tiles, and its dashboard is complete without them', async () => {
  const { drawn } = await show(tabbed('sections'));
  toggle('Exits')?.click();
  flushSync();
  expect(find('tile-exits')).toBeNull();
  const before = drawn.length;
  toggle('Exits')?.click();
  flushSync();
  expect(find('tile-exits')?.dataset['state']).toBe('ready');
  await vi.waitFor(() => expect(drawn.slice(before)).toContain('exits'));
});

test('a wrong tile says so in its place, and the others are drawn', async () => {
  const place = { width: 6, height: 3, tab: null, section: null };
  const mistake = 'web.toml:9:9: `width` is 13; write a whole number from 1 to 12';
  await show({
    tiles: [layout('visits'), layout('pages')],
    wrong: [{ after: 1, title: 'Sources', ...place, mistakes: [mistake] }],
    mistakes: ['web.toml:3:1: `colour` is not a key of a dashboard; remove it'],
  });
  const order = [...document.querySelectorAll('.cell h2')].map((title) => title.textContent);
  expect(order).toEqual(['Visits', 'Sources', 'Visits']);
  expect(find('wrong-tile')?.textContent).toContain(mistake);
  expect(find('mistakes')?.textContent).toContain('web.toml:3:1');
  await vi.waitFor(() => expect(find('dashboard')?.dataset['complete']).toBe('true'));
});

describe('the wall display', () => {
  test('fills the screen with the dashboard alone, and Escape ends it', async () => {
    await show({ time: time() });
    expect(find('wall-head')).toBeNull();
    press('d', { ctrlKey: true });
    expect(find('dashboard')?.dataset['wall']).toBe('true');
    expect(find('wall-head')?.textContent).toContain('14 – 20 Nov 2026');
    expect(find('wall-clock')?.textContent).toMatch(/\d/);
    press('Escape');
    await vi.waitFor(() => expect(find('dashboard')?.dataset['wall']).toBe('false'));
    await click('dashboard-menu');
    expect((await get('wall')).textContent).toContain('Ctrl+D');
  });

  test('the pointer is gone once it has rested, and back when it moves', async () => {
    await show({});
    vi.useFakeTimers();
    try {
      press('d', { ctrlKey: true });
      const still = () => find('dashboard')?.classList.contains('still');
      expect(still()).toBe(false);
      vi.advanceTimersByTime(3_000);
      flushSync();
      expect(still()).toBe(true);
      find('dashboard')?.dispatchEvent(new MouseEvent('pointermove', { bubbles: true }));
      flushSync();
      expect(still()).toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('the comparison', () => {
  const comparisons = [
    { id: 'previous', label: 'Previous period' },
    { id: 'year', label: 'Previous year' },
    { id: 'off', label: 'None' },
  ] as const;

  test('is chosen beside the time range, which says whose days it counts', async () => {
    const dated = (change: Parameters<typeof time>[0]) =>
      dashboard('acme', { time: time({ comparisons: [...comparisons], ...change }) });
    const calls = await open(
      usual({
        boot: () => ({ app: frame(), dashboard: dated({}) }),
        set_comparison: () => dated({ comparison: 'year' }),
      }),
    );
    await ready();
    await click('range');
    expect(find('range-zone')?.textContent).toBe('Days in your time zone, Europe/Berlin');
    expect(find('compare-previous')?.ariaChecked).toBe('true');
    await click('compare-year');
    await vi.waitFor(() =>
      expect(argumentsOf(calls, 'set_comparison')).toEqual([
        { tenant: 'acme', dashboard: 'web', comparison: 'year' },
      ]),
    );
    await click('range');
    await vi.waitFor(() => expect(find('compare-year')?.ariaChecked).toBe('true'));
  });

  test('is not offered where no tile compares', async () => {
    await show({ time: time() });
    await click('range');
    expect([find('range-zone') !== null, find('compare-off')]).toEqual([true, null]);
  });
});
