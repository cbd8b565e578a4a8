// A core to test against: it answers at the real boundary, and a test can
// replace any answer, hold it back, and tell events.

import { emit } from '@tauri-apps/api/event';
import { mockConvertFileSrc, mockIPC, mockWindows } from '@tauri-apps/api/mocks';
import { flushSync, mount, unmount } from 'svelte';
import { expect, onTestFinished, vi } from 'vitest';
import App from '../src/App.svelte';
import type { AppView } from '../src/generated/AppView';
import type { ConnectionView } from '../src/generated/ConnectionView';
import type { DashboardView } from '../src/generated/DashboardView';
import type { FilterView } from '../src/generated/FilterView';
import type { Marks } from '../src/generated/Marks';
import type { TenantView } from '../src/generated/TenantView';
import type { TileLayout } from '../src/generated/TileLayout';
import type { TileRequest } from '../src/generated/TileRequest';
import type { TileView } from '../src/generated/TileView';
import type { TimeFilterView } from '../src/generated/TimeFilterView';

export type Answers = Record<string, (args: never) => unknown>;

export interface Call {
  command: string;
  args: Record<string, unknown>;
}

/** Puts the pretended core under the boundary; returns the calls that it gets. */
export function pretend(answers: Answers): Call[] {
  const calls: Call[] = [];
  mockWindows('main');
  mockConvertFileSrc('linux');
  mockIPC(
    (command, args) => {
      calls.push({ command, args: args as Record<string, unknown> });
      return (answers[command] as ((args: unknown) => unknown) | undefined)?.(args) ?? null;
    },
    { shouldMockEvents: true },
  );
  return calls;
}

/** The whole window over a pretended core, once its first screen stands. */
export async function open(answers: Answers): Promise<Call[]> {
  const calls = pretend(answers);
  const app = mount(App, { target: document.body });
  onTestFinished(() => unmount(app));
  await vi.waitFor(() => {
    if (document.body.querySelector('[data-testid]') === null) throw new Error('nothing yet');
  });
  return calls;
}

export const tell = (app: AppView) => emit('app', app);

export function tenant(id: string, name: string, change: Partial<TenantView> = {}): TenantView {
  return {
    id,
    connection: 'demo',
    name,
    picture: null,
    personal: false,
    person: 'grace',
    user: 'Grace Hopper',
    email: 'grace@example.com',
    role: 'org:admin',
    canEndOthers: false,
    status: { state: 'online' },
    making: null,
    ...change,
  };
}

export function connection(
  id: string,
  name: string,
  change: Partial<ConnectionView> = {},
): ConnectionView {
  return {
    id,
    name,
    issuer: 'http://127.0.0.1:4010',
    hosted: false,
    demo: false,
    demoRunning: false,
    signingKey: { state: 'notNeeded' },
    ...change,
  };
}

export function frame(change: Partial<AppView> = {}): AppView {
  return {
    connections: [connection('demo', 'Perch demo', { demo: true, demoRunning: true })],
    tenants: [tenant('acme', 'Acme'), tenant('globex', 'Globex')],
    public: [],
    active: 'acme',
    signIn: null,
    notices: [],
    ...change,
  };
}

/** A tile's place, on every tab and below no heading. */
export function layout(id: string, change: Partial<TileLayout> = {}): TileLayout {
  const place = { width: 6, height: 3, tab: null, section: null };
  return { id, title: 'Visits', kind: 'line', ...place, ...change };
}

/** The time range filter of a dashboard whose tiles compare with nothing. */
export function time(change: Partial<TimeFilterView> = {}): TimeFilterView {
  return {
    range: { kind: 'preset', preset: '7d' },
    presets: [
      { id: '7d', label: 'Last 7 days', available: true },
      { id: '30d', label: 'Last 30 days', available: true },
    ],
    label: '14 – 20 Nov 2026',
    comparisons: [],
    comparison: 'previous',
    zone: 'Days in your time zone, Europe/Berlin',
    ...change,
  };
}

export function dashboard(of: string, change: Partial<DashboardView> = {}): DashboardView {
  return {
    tenant: of,
    id: 'web',
    title: `Web traffic of ${of}`,
    description: null,
    time: null,
    filters: [],
    seenUnfiltered: true,
    tiles: [layout('visits')],
    wrong: [],
    mistakes: [],
    dashboards: [{ id: 'web', title: 'Web traffic', problem: null }],
    paused: false,
    editing: { state: 'possible', unsaved: false },
    offline: { pinned: false, progress: null },
    made: null,
    problem: null,
    ...change,
  };
}

/** A filter set by clicks, unless it is said otherwise; its values are what people call them. */
export function filter({ name, ...change }: Partial<FilterView> & { name: string }): FilterView {
  const values = change.values ?? [];
  return {
    name,
    label: `${name.charAt(0).toUpperCase()}${name.slice(1)}`,
    column: name,
    kind: { type: 'click' },
    gone: [],
    seenOtherwise: true,
    ...change,
    values,
    labels: values,
    isSet: values.length > 0,
  };
}

export const line: Marks = {
  plot: { x: 40, y: 10, width: 300, height: 200 },
  pick: 'nearest-x',
  groups: [],
  untold: 0,
  marks: [50, 150, 250].map((x, index) => ({
    shape: { type: 'column', x },
    heading: `${index + 1} Nov`,
    entries: [
      {
        name: 'visits',
        value: `${(index + 1) * 10}`,
        amount: (index + 1) * 10,
        color: '#2563c4',
        y: 100,
      },
    ],
    at: index,
    parts: [],
    keys: [],
    link: null,
  })),
};

/** A tile whose picture says one word. */
export function tile(word: string, marks: Marks = line): TileView {
  return {
    picture: {
      svg: `<svg xmlns="http://www.w3.org/2000/svg" width="400" height="300"><text>${word}</text></svg>`,
      marks,
      summary: `A line that says ${word}.`,
      scroll: null,
      legend: [],
      across: null,
    },
    fetched: Date.now(),
    refreshing: false,
    problem: null,
  };
}

/** The answers of a core where one tenant's dashboard stands. */
export function usual(change: Answers = {}): Answers {
  return {
    boot: () => ({ app: frame(), dashboard: dashboard('acme') }),
    select_tenant: ({ tenant: id }: { tenant: string }) => dashboard(id),
    open_dashboard: ({ tenant: id }: { tenant: string }) => dashboard(id),
    draw_tile: ({ request }: { request: TileRequest }) => tile(request.tenant),
    ...change,
  };
}

export function find(testid: string): HTMLElement | null {
  return document.body.querySelector<HTMLElement>(`[data-testid="${testid}"]`);
}

/** The element, as soon as it stands. */
export function get(testid: string): Promise<HTMLElement> {
  return vi.waitFor(() => {
    const element = find(testid);
    if (!element) throw new Error(`nothing is called ${testid}`);
    return element;
  });
}

/** Waits for the picture of the dashboard's one tile. */
export const ready = () =>
  vi.waitFor(() => expect(find('tile-visits')?.dataset['state']).toBe('ready'));

export async function click(testid: string): Promise<void> {
  (await get(testid)).click();
  flushSync();
}

export function press(
  key: string,
  { on = document.activeElement, ...held }: KeyboardEventInit & { on?: Element | null } = {},
): void {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...held });
  on?.dispatchEvent(event);
  flushSync();
}

/** Types over what a field holds. */
export function type(testid: string, text: string): void {
  const field = find(testid) as HTMLInputElement;
  field.value = text;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  flushSync();
}

/** From here on, timers wait for the test. */
export function holdTimers(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
}

export function pass(milliseconds: number): void {
  vi.advanceTimersByTime(milliseconds);
  flushSync();
}

/** The arguments of every call of one command. */
export function argumentsOf(calls: Call[], command: string): Record<string, unknown>[] {
  return calls.filter((call) => call.command === command).map(({ args }) => args);
}

/** Holds an answer back until the test lets it go. */
export function held<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
