// How fresh the dashboard is, and what of it is in view, over a pretended core.

import { emit } from '@tauri-apps/api/event';
import { flushSync } from 'svelte';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { failures } from '../src/failures';
import type { Problem } from '../src/generated/Problem';
import type { TileRequest } from '../src/generated/TileRequest';
import { Tile } from '../src/tile.svelte';
import {
  type Call,
  click,
  dashboard,
  filter,
  find,
  frame,
  get,
  open,
  ready,
  tile,
  usual,
} from './pretend';

/** The observer of the dashboard on the screen, which the test lets look. */
let observer: Pretended | null = null;

class Pretended {
  readonly elements = new Set<Element>();

  constructor(readonly look: (entries: { target: Element; isIntersecting: boolean }[]) => void) {
    // eslint-disable-next-line @typescript-eslint/no-this-alias
    observer = this;
  }

  observe(element: Element) {
    this.elements.add(element);
  }

  unobserve(element: Element) {
    this.elements.delete(element);
  }

  disconnect() {
    this.elements.clear();
  }
}

/** Lets the observer see these tiles and no others. */
async function see(...ids: string[]) {
  const elements = [...(observer?.elements ?? [])];
  observer?.look(
    elements.map((target) => ({
      target,
      isIntersecting: ids.some((id) => (target as HTMLElement).dataset['testid'] === `tile-${id}`),
    })),
  );
  await Promise.resolve();
  flushSync();
}

const told = (calls: Call[]) =>
  calls.filter(({ command }) => command === 'show_tiles').map(({ args }) => args);

const three = dashboard('acme', {
  tiles: ['visits', 'pages', 'sources'].map((id) => ({
    id,
    title: `The ${id}`,
    kind: 'line',
    width: 6,
    height: 3,
    tab: null,
    section: null,
  })),
});

const boot = () => ({ app: frame(), dashboard: three });

const limited: Problem = { code: 'rate-limited', message: 'Too many.', nextStep: 'Wait.' };
const broken: Problem = { code: 'unavailable', message: 'It broke.', nextStep: 'Try again.' };

beforeEach(() => {
  observer = null;
  vi.stubGlobal('IntersectionObserver', Pretended);
});

describe('what is in view', () => {
  test('is told to the core once it is known, and again when it changes', async () => {
    const calls = await open(usual({ boot }));
    await ready();
    expect(told(calls)).toEqual([]);
    const where = { tenant: 'acme', dashboard: 'web', visible: true };
    await see('visits', 'pages');
    expect(told(calls)).toEqual([{ ...where, tiles: ['visits', 'pages'] }]);
    await see('visits', 'pages');
    expect(told(calls)).toHaveLength(1);
    await see('sources');
    expect(told(calls).at(-1)).toEqual({ ...where, tiles: ['sources'] });
  });

  test('holds the filters whose buttons can be seen', async () => {
    const filters = [filter({ name: 'device', kind: { type: 'select' } })];
    const calls = await open(
      usual({ boot: () => ({ app: frame(), dashboard: { ...three, filters } }) }),
    );
    await ready();
    const elements = [...(observer?.elements ?? [])];
    const isButton = (element: Element) =>
      element.querySelector('[data-testid="filter-device"]') !== null;
    observer?.look(elements.map((target) => ({ target, isIntersecting: isButton(target) })));
    await vi.waitFor(() => expect(told(calls).at(-1)).toMatchObject({ tiles: ['filter:device'] }));
  });

  test('is nothing while the page is hidden', async () => {
    const calls = await open(usual({ boot }));
    await ready();
    await see('visits');
    const state = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
    document.dispatchEvent(new Event('visibilitychange'));
    await vi.waitFor(() => expect(told(calls).at(-1)).toMatchObject({ visible: false }));
    state.mockReturnValue('visible');
    document.dispatchEvent(new Event('visibilitychange'));
    await vi.waitFor(() => expect(told(calls).at(-1)).toMatchObject({ visible: true }));
    state.mockRestore();
  });

  test('decides alone whether the dashboard is complete', async () => {
    const nothing = { picture: null, fetched: null, refreshing: false, problem: null };
    const draw_tile = ({ request }: { request: TileRequest }) =>
      request.tile === 'sources' ? nothing : tile('x');
    await open(usual({ boot, draw_tile }));
    await vi.waitFor(() => expect(find('tile-pages')?.dataset['state']).toBe('ready'));
    expect(find('dashboard')?.dataset['complete']).toBe('false');
    await see('visits', 'pages');
    expect(find('dashboard')?.dataset['complete']).toBe('true');
    await see('sources');
    expect(find('dashboard')?.dataset['complete']).toBe('false');
  });
});

describe('a pause', () => {
  const paused = (calls: Call[]) =>
    calls.filter(({ command }) => command === 'pause').map(({ args }) => args['paused']);

  test('begins and ends by its button, and is said', async () => {
    const calls = await open(usual());
    await ready();
    expect(find('paused')).toBeNull();
    await click('pause');
    await get('paused');
    expect(find('pause')?.getAttribute('aria-label')).toBe('Go on refreshing');
    await click('pause');
    await vi.waitFor(() => expect(find('paused')).toBeNull());
    expect(paused(calls)).toEqual([true, false]);
  });

  test('and refreshing have keys', async () => {
    const calls = await open(usual());
    await ready();
    const press = (key: string) =>
      window.dispatchEvent(new KeyboardEvent('keydown', { key, ctrlKey: true, cancelable: true }));
    expect(press('p')).toBe(false);
    await get('paused');
    expect(press('r')).toBe(false);
    await vi.waitFor(() =>
      expect(calls.map(({ command }) => command)).toContain('refresh_dashboard'),
    );
    expect(paused(calls)).toEqual([true]);
  });
});

describe('tiles that were not refreshed', () => {
  const answers = () => {
    const problems: Record<string, Problem | null> = {
      visits: limited,
      pages: limited,
      sources: broken,
    };
    const draw_tile = ({ request }: { request: TileRequest }) => ({
      ...tile('x'),
      problem: problems[request.tile] ?? null,
    });
    return { problems, answers: usual({ boot, draw_tile }) };
  };

  test('are counted in the header, each reason once with its tiles', async () => {
    await open(answers().answers);
    await vi.waitFor(() => expect(find('failed-count')?.textContent).toBe('3'));
    await click('failures');
    const reasons = [...document.querySelectorAll('[data-testid="failure"]')].map((reason) =>
      [...reason.querySelectorAll('p, button')].map((words) => words.textContent.trim()),
    );
    expect(reasons).toEqual([
      ['Too many.', 'Wait.', 'The visits', 'The pages'],
      ['It broke.', 'Try again.', 'The sources'],
    ]);
  });

  test('are shown by a click on their name', async () => {
    await open(answers().answers);
    await get('failures');
    await click('failures');
    await click('failed-sources');
    expect(find('failures-panel')).toBeNull();
    await vi.waitFor(() => expect(document.activeElement).toBe(find('tile-sources')));
  });

  test('are shown from behind a tab and out of a closed section, too', async () => {
    const { answers: given } = answers();
    const places = [
      { tab: 'First', section: null },
      { tab: 'First', section: null },
      { tab: 'Second', section: 'Closed' },
    ];
    const tiles = three.tiles.map((layout, index) => ({ ...layout, ...places[index] }));
    await open({ ...given, boot: () => ({ app: frame(), dashboard: { ...three, tiles } }) });
    await get('failures');
    expect(find('tile-sources')).toBeNull();
    // Known to have failed once it was drawn; its section is closed then.
    const choose = (tab: number) => {
      document.querySelectorAll<HTMLElement>('[data-testid="tab"]')[tab]?.click();
      flushSync();
    };
    choose(1);
    await vi.waitFor(() => expect(find('failed-count')?.textContent).toBe('3'));
    await click('section-toggle');
    choose(0);
    await click('failures');
    await click('failed-sources');
    await vi.waitFor(() => expect(document.activeElement).toBe(find('tile-sources')));
    expect(find('tile-sources')).not.toBeNull();
  });

  test('are all tried again by one click, and no others', async () => {
    const { problems, answers: given } = answers();
    problems['pages'] = null;
    const calls = await open(given);
    await vi.waitFor(() => expect(find('failed-count')?.textContent).toBe('2'));
    await click('failures');
    await click('retry-failed');
    const tried = calls.filter(({ command }) => command === 'refresh_tile');
    expect(tried.map(({ args }) => args['tile'])).toEqual(['visits', 'sources']);
    problems['visits'] = problems['sources'] = null;
    for (const id of ['visits', 'sources'])
      await emit('tile', { tenant: 'acme', dashboard: 'web', tile: id });
    await vi.waitFor(() => expect(find('failures')).toBeNull());
  });

  test('that only wait for the next day say so in the header alone', async () => {
    const spent: Problem = { code: 'daily-requests', message: 'Used up.', nextStep: 'Wait.' };
    await open(usual({ draw_tile: () => ({ ...tile('x'), problem: spent }) }));
    await vi.waitFor(() => expect(find('failed-count')?.textContent).toBe('1'));
    expect(find('tile-problem')).toBeNull();
    expect(find('tile-age')).not.toBeNull();
  });
});

test('reasons of more tiles come first, and tiles keep their order', () => {
  const failed = (id: string, problem: Problem | null) => {
    const size = { width: 6, height: 3 };
    const layout = { id, title: id, kind: 'line', ...size, tab: null, section: null };
    const one = new Tile('acme', 'web', layout);
    one.view = { picture: null, fetched: null, refreshing: false, problem };
    return one;
  };
  const tiles = [
    failed('a', broken),
    failed('b', limited),
    failed('c', null),
    failed('d', limited),
    failed('e', { ...limited, message: 'Other.' }),
  ];
  const said = failures(tiles).map(({ problem, tiles }) => [
    problem.message,
    ...tiles.map(({ id }) => id),
  ]);
  expect(said).toEqual([
    ['Too many.', 'b', 'd'],
    ['It broke.', 'a'],
    ['Other.', 'e'],
  ]);
});

test('a tile of which nothing was seen says so while nobody answers', async () => {
  const offline = { since: 1, until: 2, problem: null };
  const nothing = { picture: null, fetched: null, refreshing: false, problem: null };
  const app = frame();
  const [acme] = app.tenants;
  if (acme) acme.status = { state: 'offline', ...offline };
  await open(usual({ boot: () => ({ app, dashboard: three }), draw_tile: () => nothing }));
  expect((await get('tile-unseen')).textContent).toContain('Nothing was seen of this yet');
  expect(find('tile-skeleton')).toBeNull();
});
