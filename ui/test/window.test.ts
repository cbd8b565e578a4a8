// The whole window over a pretended core, as a viewer meets it.

import { emit } from '@tauri-apps/api/event';
import { flushSync } from 'svelte';
import { describe, expect, test, vi } from 'vitest';
import type { DashboardView } from '../src/generated/DashboardView';
import type { Marks } from '../src/generated/Marks';
import type { TileRequest } from '../src/generated/TileRequest';
import type { TileView } from '../src/generated/TileView';
import type { TimeFilterView } from '../src/generated/TimeFilterView';
import {
  click,
  dashboard,
  find,
  frame,
  get,
  held,
  holdTimers,
  layout,
  line,
  open,
  pass,
  press,
  ready,
  tell,
  tenant,
  tile,
  time,
  type,
  usual,
} from './pretend';

function pointAt(x: number, y: number): void {
  find('chart')?.dispatchEvent(
    new MouseEvent('pointermove', { clientX: x, clientY: y, bubbles: true }),
  );
  flushSync();
}

const tip = () => find('tooltip')?.textContent.replaceAll(/\s+/g, ' ').trim() ?? null;

describe('a tile', () => {
  test('shows the mark nearest to the pointer, and nothing once the pointer left', async () => {
    await open(usual());
    await ready();
    pointAt(160, 120);
    expect(tip()).toBe('2 Nov visits 20');
    expect(find('pointed')?.querySelector('line')?.getAttribute('x1')).toBe('150');
    pointAt(240, 20);
    expect(tip()).toBe('3 Nov visits 30');
    find('chart')?.dispatchEvent(new MouseEvent('pointerleave'));
    flushSync();
    expect(tip()).toBeNull();
  });

  test('shows the wedge under the pointer', async () => {
    const ring: Marks = {
      plot: { x: 0, y: 0, width: 400, height: 300 },
      pick: 'shape',
      groups: [],
      untold: 0,
      marks: [0, 1].map((half) => ({
        shape: {
          type: 'wedge',
          cx: 200,
          cy: 150,
          inner: 50,
          outer: 100,
          start: half * Math.PI,
          end: (half + 1) * Math.PI,
        },
        heading: half === 0 ? 'right' : 'left',
        entries: [],
        at: null,
        parts: [],
        keys: [],
        link: null,
      })),
    };
    await open(usual({ draw_tile: () => tile('ring', ring) }));
    await ready();
    pointAt(275, 150);
    expect(tip()).toBe('right');
    pointAt(125, 150);
    expect(tip()).toBe('left');
    pointAt(200, 150);
    expect(tip()).toBeNull();
  });

  test('is walked by keyboard, told aloud, and left by Escape', async () => {
    await open(usual());
    await ready();
    find('chart')?.focus();
    press('ArrowRight');
    expect(tip()).toBe('1 Nov visits 10');
    press('ArrowRight');
    press('ArrowRight');
    press('ArrowRight');
    expect(find('spoken')?.textContent).toBe('3 Nov, visits 30');
    press('Home');
    expect(tip()).toBe('1 Nov visits 10');
    press('Escape');
    expect(tip()).toBeNull();
    expect(find('spoken')?.textContent).toBe('');
  });

  test('shows text from data as text', async () => {
    const nasty = '<img src=x onerror="window.hit = true">';
    const marks: Marks = {
      ...line,
      marks: line.marks.map((mark) => ({ ...mark, heading: nasty, entries: [] })),
    };
    await open(usual({ draw_tile: () => tile('x', marks) }));
    await ready();
    pointAt(160, 120);
    expect(tip()).toBe(nasty);
    expect(document.querySelector('img')).toBeNull();
  });

  test('asks again when the core says that it changed, and only then', async () => {
    let word = 'before';
    const calls = await open(usual({ draw_tile: () => tile(word) }));
    await ready();
    word = 'after';
    const drawn = () => calls.filter(({ command }) => command === 'draw_tile').length;
    const changed = { tenant: 'acme', dashboard: 'web', tile: 'visits' };
    for (const other of [{ tenant: 'globex' }, { dashboard: 'sales' }, { tile: 'pages' }]) {
      await emit('tile', { ...changed, ...other });
    }
    expect(drawn()).toBe(1);
    await emit('tile', changed);
    await vi.waitFor(() => expect(find('chart')?.textContent).toContain('after'));
    expect(drawn()).toBe(2);
  });

  test('that never had an answer says why, and tries again when asked', async () => {
    const problem = { code: 'forbidden', message: 'It may not be read.', nextStep: 'Ask for it.' };
    const none: TileView = { picture: null, fetched: null, refreshing: false, problem };
    const calls = await open(usual({ draw_tile: () => none }));
    const shown = await get('tile-problem');
    expect(shown.textContent).toContain('It may not be read.');
    expect(shown.textContent).toContain('Ask for it.');
    expect(find('tile-visits')?.dataset['state']).toBe('failed');
    await click('tile-retry');
    expect(calls.filter(({ command }) => command === 'refresh_tile')).toEqual([
      {
        command: 'refresh_tile',
        args: { tenant: 'acme', dashboard: 'web', tile: 'visits' },
      },
    ]);
  });

  test('that is a table asks for the rows that the viewer scrolled to', async () => {
    const scroll = {
      rows: 100_000,
      first: 0,
      offset: 0,
      visible: 10,
      row_height: 28,
      header: [],
      columns_before: 0,
      columns_after: 0,
    };
    const rows: number[] = [];
    await open(
      usual({
        boot: () => ({
          app: frame(),
          dashboard: dashboard('acme', {
            tiles: [layout('visits', { kind: 'table' })],
          }),
        }),
        draw_tile: ({ request }: { request: TileRequest }) => {
          rows.push(request.view.firstRow);
          const view = tile('rows');
          return { ...view, picture: { ...view.picture, scroll } };
        },
      }),
    );
    await ready();
    const chart = await get('chart');
    for (const [top, row] of [
      [28, 1],
      [28 * 200_000, 99_990],
      [28 * 500.4, 500],
      [28 * 99_990, 99_990],
      [0, 0],
    ] as const) {
      chart.scrollTop = top;
      chart.dispatchEvent(new Event('scroll'));
      await vi.waitFor(() => expect(rows.at(-1)).toBe(row));
      await new Promise((done) => setTimeout(done));
    }
  });
});

describe('tenants', () => {
  test('header and tiles change together, and nothing of the one stays under the other', async () => {
    const late = held<DashboardView>();
    await open(usual({ select_tenant: () => late.promise }));
    await ready();
    expect(find('chart')?.textContent).toContain('acme');
    await click('switcher');
    await click('tenant-globex');
    // The frame may be told before the dashboard is there.
    await tell(frame({ active: 'globex' }));
    expect(find('tenant-name')?.textContent).toBe('Acme');
    expect(find('dashboard')?.dataset['tenant']).toBe('acme');
    late.resolve(dashboard('globex'));
    await vi.waitFor(() => expect(find('tenant-name')?.textContent).toBe('Globex'));
    expect(find('dashboard')?.dataset['tenant']).toBe('globex');
    await vi.waitFor(() => expect(find('chart')?.textContent).toContain('globex'));
    expect(document.body.textContent).not.toContain('Web traffic of acme');
  });

  test('a picture that comes after the switch is not shown', async () => {
    const late = held<TileView>();
    await open(
      usual({
        draw_tile: ({ request }: { request: TileRequest }) =>
          request.tenant === 'acme' ? late.promise : tile(request.tenant),
      }),
    );
    await get('tile-visits');
    await click('switcher');
    await click('tenant-globex');
    await vi.waitFor(() => expect(find('chart')?.textContent).toContain('globex'));
    late.resolve(tile('acme'));
    await new Promise((done) => setTimeout(done, 5));
    expect(find('chart')?.textContent).toBe('globex');
  });

  test('of two switches only the last counts, whichever is answered first', async () => {
    const slow = held<DashboardView>();
    await open(
      usual({
        boot: () => ({
          app: frame({
            tenants: [tenant('acme', 'Acme'), tenant('globex', 'Globex'), tenant('i', 'Initech')],
          }),
          dashboard: dashboard('acme'),
        }),
        select_tenant: ({ tenant: id }: { tenant: string }) =>
          id === 'globex' ? slow.promise : dashboard(id),
      }),
    );
    await ready();
    await click('switcher');
    await click('tenant-globex');
    await click('switcher');
    await click('tenant-i');
    await vi.waitFor(() => expect(find('dashboard')?.dataset['tenant']).toBe('i'));
    slow.resolve(dashboard('globex'));
    await new Promise((done) => setTimeout(done, 5));
    expect(find('dashboard')?.dataset['tenant']).toBe('i');
    expect(find('tenant-name')?.textContent).toBe('Initech');
  });

  test('a session that ended takes its tiles off the screen at once', async () => {
    await open(usual());
    await ready();
    const problem = { code: 'session-ended', message: 'It ended.', nextStep: 'Sign in again.' };
    await tell(
      frame({ tenants: [tenant('acme', 'Acme', { status: { state: 'closed', problem } })] }),
    );
    expect((await get('closed')).textContent).toContain('It ended.');
    expect(find('dashboard')).toBeNull();
  });

  test('one whose session ended says so when chosen, and is opened once somebody signed in again', async () => {
    const problem = { code: 'session-ended', message: 'It ended.', nextStep: 'Sign in again.' };
    const ended = tenant('globex', 'Globex', { status: { state: 'closed', problem } });
    const tenants = [tenant('acme', 'Acme'), ended];
    await open(
      usual({
        boot: () => ({ app: frame({ tenants }), dashboard: dashboard('acme') }),
        select_tenant: () => null,
      }),
    );
    await ready();
    await click('switcher');
    await click('tenant-globex');
    expect((await get('closed')).textContent).toContain('It ended.');
    expect(find('dashboard')).toBeNull();
    await tell(frame({ active: 'globex' }));
    await vi.waitFor(() => expect(find('dashboard')?.dataset['tenant']).toBe('globex'));
  });

  test('a tenant that is gone leaves at once, even while the next is on its way', async () => {
    const late = held<DashboardView>();
    await open(usual({ select_tenant: () => late.promise, open_dashboard: () => late.promise }));
    await ready();
    await click('switcher');
    await click('tenant-globex');
    await tell(frame({ tenants: [tenant('globex', 'Globex')], active: 'globex' }));
    expect(find('dashboard')).toBeNull();
    expect(find('tenant-name')?.textContent).toBe('Globex');
    late.resolve(dashboard('globex'));
    await vi.waitFor(() => expect(find('dashboard')?.dataset['tenant']).toBe('globex'));
  });

  test('whoever signed out leaves the screen, and the next is opened', async () => {
    const calls = await open(usual());
    await ready();
    await tell(frame({ tenants: [tenant('globex', 'Globex')], active: 'globex' }));
    await vi.waitFor(() => expect(find('dashboard')?.dataset['tenant']).toBe('globex'));
    expect(calls).toContainEqual({
      command: 'open_dashboard',
      args: { tenant: 'globex', dashboard: null },
    });
    await tell(frame({ tenants: [], active: null }));
    await get('signed-out');
    expect(find('dashboard')).toBeNull();
  });
});

describe('the time range', () => {
  const dated = (change: Partial<TimeFilterView> = {}) => dashboard('acme', { time: time(change) });

  test('a preset is set, and pictures of the range before it are dropped', async () => {
    const first = held<TileView>();
    let drawn = 0;
    const calls = await open(
      usual({
        boot: () => ({ app: frame(), dashboard: dated() }),
        set_time_range: () => dated({ label: '22 Oct – 20 Nov 2026' }),
        draw_tile: () => (drawn++ === 0 ? first.promise : tile('thirty')),
      }),
    );
    await click('range');
    await click('range-preset-30d');
    await vi.waitFor(() => expect(find('chart')?.textContent).toContain('thirty'));
    first.resolve(tile('seven'));
    await new Promise((done) => setTimeout(done, 5));
    expect(find('chart')?.textContent).toBe('thirty');
    expect(find('range-label')?.textContent).toBe('22 Oct – 20 Nov 2026');
    expect(calls).toContainEqual({
      command: 'set_time_range',
      args: { tenant: 'acme', dashboard: 'web', range: { kind: 'preset', preset: '30d' } },
    });
  });

  test('two days are set only when they are two days', async () => {
    const calls = await open(
      usual({
        boot: () => ({ app: frame(), dashboard: dated() }),
        set_time_range: () => dated(),
      }),
    );
    const set = () => calls.filter(({ command }) => command === 'set_time_range');
    await click('range');
    type('range-from', '2026-11-20');
    type('range-to', '2026-11-01');
    await click('range-apply');
    expect(find('range-mistake')?.textContent).toBe('The first day is after the last.');
    expect(set()).toEqual([]);
    type('range-from', '2026-10-01');
    await click('range-apply');
    expect(set().map(({ args }) => args['range'])).toEqual([
      { kind: 'between', from: '2026-10-01', to: '2026-11-01' },
    ]);
  });
});

describe('secrets', () => {
  test('the signing key is given to the core and leaves the page', async () => {
    const [demo] = frame().connections;
    const calls = await open(
      usual({
        boot: () => ({
          app: frame({
            tenants: [],
            active: null,
            connections: demo ? [{ ...demo, demo: false, signingKey: { state: 'missing' } }] : [],
          }),
          dashboard: null,
        }),
      }),
    );
    const field = (await get('signing-key')) as HTMLInputElement;
    expect(field.type).toBe('password');
    field.value = 'p.admin-token';
    await click('signing-key-save');
    expect(calls).toContainEqual({
      command: 'save_signing_key',
      args: { connection: 'demo', key: 'p.admin-token' },
    });
    expect(field.value).toBe('');
  });

  test('the token is shown when revealed, and gone when the panel closes', async () => {
    const calls = await open(
      usual({
        token: () => ({
          source: 'mint',
          expires: Date.now() + 60_000,
          claims: { scopes: [{ type: 'PIPES:READ', resource: 'kpis', fixed_params: { o: 'x' } }] },
        }),
        reveal_token: () => ({ token: 'eyJ.raw.token' }),
      }),
    );
    await ready();
    const revealed = () => calls.filter(({ command }) => command === 'reveal_token').length;
    await click('account');
    await click('open-token');
    expect((await get('token-scopes')).textContent).toContain('kpis');
    expect(revealed()).toBe(0);
    await click('token-reveal');
    expect((await get('token-raw')).textContent).toBe('eyJ.raw.token');
    await click('token-panel-close');
    expect(document.body.innerHTML).not.toContain('eyJ.raw.token');
    await click('account');
    await click('open-token');
    await get('token-reveal');
    expect(find('token-raw')).toBeNull();
    expect(revealed()).toBe(1);
  });

  test('nothing is kept in the storage of the web view', async () => {
    await open(usual());
    await ready();
    expect([localStorage.length, sessionStorage.length, document.cookie]).toEqual([0, 0, '']);
  });
});

describe('a slow start', () => {
  test('shows the frame at once and, before long, what the dashboard may be waiting for', async () => {
    holdTimers();
    const late = held<DashboardView>();
    const calls = await open(
      usual({
        boot: () => ({ app: frame(), dashboard: null }),
        open_dashboard: () => late.promise,
      }),
    );
    expect(find('tenant-name')?.textContent).toBe('Acme');
    expect(find('opening')?.textContent.trim()).toBe('Opening…');
    expect(calls.filter(({ command }) => command === 'open_dashboard')).toEqual([
      { command: 'open_dashboard', args: { tenant: 'acme', dashboard: null } },
    ]);
    pass(2_000);
    expect(find('opening')?.textContent).toContain('keychain may be asking for its password');
    late.resolve(dashboard('acme'));
    await get('dashboard');
    expect(find('opening')).toBeNull();
  });

  test('that ends in a refusal says why, and tries again when asked', async () => {
    let isLocked = true;
    await open(
      usual({
        boot: () => ({ app: frame(), dashboard: null }),
        open_dashboard: ({ tenant: id }: { tenant: string }) =>
          isLocked
            ? // A command rejects with a problem, which is no Error.
              // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
              Promise.reject({ code: 'locked', message: 'It is locked.', nextStep: 'Unlock it.' })
            : dashboard(id),
      }),
    );
    expect((await get('refusal')).textContent).toContain('It is locked. Unlock it.');
    expect(find('opening')).toBeNull();
    isLocked = false;
    await click('refusal-retry');
    await get('dashboard');
    expect(find('refusal')).toBeNull();
  });

  test('does not claim that nothing was seen before it knows', async () => {
    const status = { state: 'offline', since: 0, until: 1, problem: null } as const;
    const late = held<DashboardView>();
    await open(
      usual({
        boot: () => ({
          app: frame({ tenants: [tenant('acme', 'Acme', { status })] }),
          dashboard: null,
        }),
        open_dashboard: () => late.promise,
        draw_tile: () => ({
          picture: null,
          fetched: null,
          refreshing: false,
          problem: { code: 'unreachable', message: 'No answer.', nextStep: 'Wait.' },
        }),
      }),
    );
    expect(find('offline-bar')?.textContent).not.toContain('Nothing was seen');
    late.resolve(dashboard('acme'));
    await vi.waitFor(() =>
      expect(find('offline-bar')?.textContent).toContain('Nothing was seen here before.'),
    );
  });
});

describe('the frame', () => {
  test('a command that fails is told with its next step until dismissed', async () => {
    await open(
      usual({
        boot: () => ({
          app: frame({ connections: [], tenants: [], active: null }),
          dashboard: null,
        }),
        start_demo: () =>
          // A command rejects with a problem, which is no Error.
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
          Promise.reject({ code: 'no-port', message: 'No port is free.', nextStep: 'Close one.' }),
      }),
    );
    await get('first-run');
    await click('start-demo');
    expect((await get('notice')).textContent).toContain('Close one.');
    await click('notice-dismiss');
    expect(find('notice')).toBeNull();
  });

  test('offline, it says since when and until when, and every tile its age', async () => {
    const now = Date.now();
    const status = {
      state: 'offline',
      since: now,
      until: now + 3 * 86_400_000,
      problem: null,
    } as const;
    await open(
      usual({
        boot: () => ({
          app: frame({ tenants: [tenant('acme', 'Acme', { status })] }),
          dashboard: dashboard('acme'),
        }),
        draw_tile: () => ({ ...tile('old'), fetched: now - 3 * 60_000 }),
      }),
    );
    await ready();
    expect(find('offline-bar')?.textContent).toMatch(
      /Offline\..*refreshed 3 min ago\. Stays available until/s,
    );
    expect(find('tile-age')?.textContent).toBe('3 min ago');
  });

  test('a session that could not be confirmed says why instead, and stays as long', async () => {
    const now = Date.now();
    const problem = { code: 'clock', message: 'The clock is off.', nextStep: 'Set it.' };
    const status = { state: 'offline', since: now, until: now + 3 * 86_400_000, problem } as const;
    const calls = await open(
      usual({
        boot: () => ({
          app: frame({
            tenants: [tenant('acme', 'Acme', { status })],
          }),
          dashboard: dashboard('acme'),
        }),
        draw_tile: () => ({ ...tile('old'), fetched: now - 3 * 60_000 }),
      }),
    );
    await ready();
    const said = find('offline-bar')?.textContent ?? '';
    expect(said).toMatch(
      /The clock is off\. Set it\..*refreshed 3 min ago\. Stays available until/s,
    );
    expect(said).not.toContain('Offline');
    await click('offline-retry');
    expect(calls.map(({ command }) => command)).toContain('refresh_dashboard');
  });

  test('the first paint is marked once, when every tile has its picture', async () => {
    performance.clearMarks();
    const second = held<TileView>();
    await open(
      usual({
        boot: () => ({
          app: frame(),
          dashboard: dashboard('acme', {
            tiles: [layout('visits'), layout('pages')],
          }),
        }),
        draw_tile: ({ request }: { request: TileRequest }) =>
          request.tile === 'pages' ? second.promise : tile('first'),
      }),
    );
    await ready();
    await new Promise((done) => setTimeout(done, 60));
    expect(performance.getEntriesByName('dashboard-painted')).toEqual([]);
    second.resolve(tile('second'));
    await vi.waitFor(() =>
      expect(performance.getEntriesByName('dashboard-painted')).toHaveLength(1),
    );
    // What comes later is no first paint.
    await emit('tile', { tenant: 'acme', dashboard: 'web', tile: 'visits' });
    await new Promise((done) => setTimeout(done, 60));
    expect(performance.getEntriesByName('dashboard-painted')).toHaveLength(1);
  });

  test('the core is told of the first dashboard that was painted, and of no other', async () => {
    performance.clearMarks();
    const calls = await open(usual());
    await vi.waitFor(() =>
      expect(performance.getEntriesByName('dashboard-painted')).toHaveLength(1),
    );
    await tell(frame({ active: 'globex' }));
    await vi.waitFor(() =>
      expect(performance.getEntriesByName('dashboard-painted')).toHaveLength(2),
    );
    expect(calls.filter(({ command }) => command === 'painted')).toHaveLength(1);
  });
});
