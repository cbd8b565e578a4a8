// Going offline and getting ready for it: what can still be chosen, a dashboard
// that is fetched ahead, and the end, told before it comes.

import { emit } from '@tauri-apps/api/event';
import { flushSync } from 'svelte';
import { describe, expect, test, vi } from 'vitest';
import type { OfflineCopyView } from '../src/generated/OfflineCopyView';
import { copied, isComplete } from '../src/offline';
import { lastDay } from '../src/words';
import {
  argumentsOf,
  click,
  dashboard,
  find,
  frame,
  get,
  open,
  ready,
  tenant,
  time,
  usual,
} from './pretend';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const at = (done: number, failed = 0, all = 60): OfflineCopyView => ({
  pinned: true,
  progress: { done, failed, all },
});

const none: OfflineCopyView = { pinned: false, progress: null };

function offlineUntil(until: number) {
  const status = { state: 'offline', since: 0, until, problem: null } as const;
  return frame({ tenants: [tenant('acme', 'Acme', { status })] });
}

describe('a range without a network', () => {
  const ranges = time({
    presets: [
      { id: '7d', label: 'Last 7 days', available: false },
      { id: '30d', label: 'Last 30 days', available: true },
      { id: '90d', label: 'Last 90 days', available: false },
    ],
  });

  const opened = (app = offlineUntil(Date.now() + 3 * DAY)) =>
    open(
      usual({
        boot: () => ({ app, dashboard: dashboard('acme', { time: ranges }) }),
        set_time_range: () => dashboard('acme', { time: ranges }),
      }),
    );

  test('can be chosen where its answers are there, and says why not where they are not', async () => {
    const calls = await opened();
    await ready();
    await click('range');
    const [own, seen, unseen] = ['7d', '30d', '90d'].map((id) => find(`range-preset-${id}`));
    expect(own?.ariaDisabled).not.toBe('true');
    expect(seen?.ariaDisabled).not.toBe('true');
    expect(unseen?.ariaDisabled).toBe('true');
    expect(unseen?.title).toBe('Not seen before going offline');
    const why = document.getElementById(unseen?.getAttribute('aria-describedby') ?? '');
    expect(why?.textContent).toBe('not seen before going offline');
    unseen?.click();
    expect(argumentsOf(calls, 'set_time_range')).toEqual([]);
    seen?.click();
    const range = { kind: 'preset', preset: '30d' };
    await vi.waitFor(() =>
      expect(argumentsOf(calls, 'set_time_range')).toEqual([
        { tenant: 'acme', dashboard: 'web', range },
      ]),
    );
  });

  test('is never disabled online', async () => {
    await opened(frame());
    await ready();
    await click('range');
    expect(find('range-preset-90d')?.ariaDisabled).not.toBe('true');
    expect(find('range-missing')).toBeNull();
  });
});

describe('a dashboard that is made available offline', () => {
  test('is fetched ahead, tells how far that is and when it is done, and can be let go', async () => {
    let answer = at(3);
    const calls = await open(usual({ make_available_offline: () => answer }));
    await ready();
    expect(find('offline-sign')).toBeNull();
    await click('dashboard-menu');
    await click('make-available-offline');
    await vi.waitFor(() => expect(find('offline-sign')?.textContent).toContain('3 of 60'));

    await emit('offline-copy', { tenant: 'globex', dashboard: 'web', offline: at(59) });
    await emit('offline-copy', { tenant: 'acme', dashboard: 'sales', offline: at(58) });
    await emit('offline-copy', { tenant: 'acme', dashboard: 'web', offline: at(31) });
    flushSync();
    expect(find('offline-sign')?.textContent).toContain('31 of 60');
    await click('dashboard-menu');
    expect(find('offline-copy')?.textContent).toContain('31 of 60 answers are there');

    await emit('offline-copy', { tenant: 'acme', dashboard: 'web', offline: at(60) });
    flushSync();
    expect(document.body.textContent).toContain('is available offline.');
    expect((await get('offline-sign')).ariaLabel).toBe('Available offline');
    expect(find('offline-sign')?.textContent).not.toContain('60');

    answer = none;
    await click('remove-offline-copy');
    await vi.waitFor(() => expect(find('offline-sign')).toBeNull());
    expect(argumentsOf(calls, 'make_available_offline').map(({ on }) => on)).toEqual([true, false]);
  });

  test('that was there at the start is not told again', async () => {
    const there = dashboard('acme', { offline: at(60) });
    await open(usual({ boot: () => ({ app: frame(), dashboard: there }) }));
    await ready();
    // Its daily refresh.
    await emit('offline-copy', { tenant: 'acme', dashboard: 'web', offline: at(60) });
    flushSync();
    expect(document.body.textContent).not.toContain('is available offline.');
  });

  test.each([
    [none, false, null],
    [at(60), false, 'Available offline'],
    [at(60), true, 'Available offline'],
    [at(3), false, 'Fetching: 3 of 60 answers are there'],
    [at(3), true, '3 of 60 answers are there; the others follow when you are online again'],
    [at(58, 2), false, '58 of 60 answers are there; the others are tried again later'],
  ])('is told in words: %o, offline %o', (copy, isOffline, words) => {
    expect(copied(copy, isOffline)).toBe(words);
    expect(isComplete(copy)).toBe(words === 'Available offline');
  });
});

describe('the end of offline', () => {
  test.each([
    [DAY + 1, null],
    [DAY, '1 d'],
    [5 * HOUR + 20 * MINUTE, '5 h 20 min'],
    [MINUTE - 1, '1 min'],
    [0, null],
    [-DAY, null],
  ])('%d ms before it, what is left is %j', (rest, words) => {
    expect(lastDay(Date.UTC(2026, 10, 21) + rest, Date.UTC(2026, 10, 21))).toBe(words);
  });

  test('is told clearly on the last day, with what to do, and calmly before', async () => {
    await open(
      usual({
        boot: () => ({
          app: offlineUntil(Date.now() + 5 * HOUR + 20 * MINUTE),
          dashboard: dashboard('acme'),
        }),
      }),
    );
    await ready();
    const bar = await get('offline-bar');
    await vi.waitFor(() => expect(bar.textContent).toMatch(/This closes in 5 h \d+ min\./));
    expect(bar.textContent).toContain('Connect to the internet before');
    await emit('app', offlineUntil(Date.now() + 3 * DAY));
    flushSync();
    expect(find('offline-ends')).toBeNull();
    expect(bar.textContent).toContain('Stays available until');
  });
});
