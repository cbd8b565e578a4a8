// Editing over a pretended core: which steps are asked for, by hand and by
// keyboard, and what is asked before something is lost.

import { flushSync } from 'svelte';
import { describe, expect, test, vi } from 'vitest';
import { placeOf, resized, targetAt } from '../src/edit/grid';
import type { DashboardView } from '../src/generated/DashboardView';
import type { EditView } from '../src/generated/EditView';
import type { TileForm } from '../src/generated/TileForm';
import {
  argumentsOf,
  click,
  dashboard,
  find,
  frame,
  get,
  open,
  press,
  type,
  usual,
  type Answers,
  type Call,
} from './pretend';

const box = (id: string, left: number, top: number) => ({ id, left, top, width: 100, height: 50 });

describe('a tile in the hand', () => {
  const boxes = [box('a', 0, 0), box('b', 110, 0), box('c', 0, 60)];

  test('goes before or behind the tile that is nearest', () => {
    expect(targetAt(boxes, 'a', 120, 10)).toEqual({ tile: 'b', side: 'before' });
    expect(targetAt(boxes, 'a', 900, 10)).toEqual({ tile: 'b', side: 'after' });
    expect(targetAt(boxes, 'a', 10, 10)).toBeNull();
  });

  test('goes above or below where tiles stand in one column', () => {
    const column = [box('a', 0, 0), box('b', 0, 60)];
    expect(targetAt(column, 'a', 90, 70)).toEqual({ tile: 'b', side: 'before' });
    expect(targetAt(column, 'a', 10, 100)).toEqual({ tile: 'b', side: 'after' });
  });

  test('has a place among all, unless it is there already', () => {
    const ids = ['a', 'b', 'c'];
    expect(placeOf(ids, 'a', { tile: 'c', side: 'after' })).toBe(2);
    expect(placeOf(ids, 'c', { tile: 'a', side: 'before' })).toBe(0);
    expect(placeOf(ids, 'a', { tile: 'b', side: 'before' })).toBeNull();
    expect(placeOf(ids, 'a', { tile: 'gone', side: 'before' })).toBeNull();
  });

  test('grows in whole steps and within the grid', () => {
    const grid = { columns: 12, column: 100, row: 96 };
    expect(resized({ width: 6, height: 3 }, 160, -70, grid)).toEqual({ width: 8, height: 2 });
    expect(resized({ width: 6, height: 3 }, 9999, -9999, grid)).toEqual({ width: 12, height: 1 });
    expect(resized({ width: 6, height: 3 }, 200, 96, { ...grid, columns: 1 })).toEqual({
      width: 6,
      height: 4,
    });
  });
});

type UnderWay = Extract<EditView, { state: 'underWay' }>;

const underWay = (change: Partial<UnderWay> = {}): UnderWay => ({
  state: 'underWay',
  unsaved: false,
  canUndo: false,
  canRedo: false,
  restored: false,
  tile: null,
  ...change,
});

const TILES = ['visits', 'pages', 'sources'].map((id) => ({
  id,
  title: id,
  kind: 'line',
  width: 6,
  height: 3,
  tab: null,
  section: null,
}));

const edited = (change: Partial<UnderWay> = {}): DashboardView =>
  dashboard('acme', { tiles: TILES, editing: underWay(change) });

const FORM: TileForm = {
  keys: {
    title: 'visits',
    pipe: 'kpis',
    refresh: null,
    kind: 'line',
    x: 'date',
    y: ['visits'],
    groupBy: null,
    stacked: false,
    format: null,
    text: null,
  },
  pipes: ['kpis', 'top_pages'],
  columns: [
    { name: 'date', isNumber: false },
    { name: 'visits', isNumber: true },
    { name: 'pageviews', isNumber: true },
  ],
  kinds: [
    { kind: 'line', suits: true, suggested: true },
    { kind: 'map', suits: false, suggested: false },
    { kind: 'table', suits: true, suggested: false },
  ],
  formats: ['auto', 'compact'],
};

/** A window that edits, over a core with these answers. */
async function editing(change: Answers = {}): Promise<Call[]> {
  const calls = await open(
    usual({
      open_dashboard: () => dashboard('acme', { tiles: TILES }),
      begin_edit: () => edited(),
      edit: () => edited({ unsaved: true, canUndo: true, tile: 'visits' }),
      undo_edit: () => edited({ canRedo: true }),
      redo_edit: () => edited({ unsaved: true, canUndo: true }),
      save_edit: () => edited({ canUndo: true }),
      discard_edit: () => dashboard('acme', { tiles: TILES }),
      tile_form: () => FORM,
      ...change,
    }),
  );
  await get('dashboard');
  press('e', { on: document.body });
  await get('edit-toolbar');
  return calls;
}

const changes = (calls: Call[]) => argumentsOf(calls, 'edit').map(({ change }) => change);

/** Waits until so many changes were asked for. */
const asked = (calls: Call[], count: number) =>
  vi.waitFor(() => expect(changes(calls)).toHaveLength(count));

function key(name: string, held: KeyboardEventInit = {}) {
  press(name, { on: find('edit-pages'), ...held });
}

describe('by keyboard', () => {
  test('a tile moves, grows and goes', async () => {
    const calls = await editing();
    key('ArrowLeft');
    await asked(calls, 1);
    key('End');
    await asked(calls, 2);
    key('ArrowRight', { shiftKey: true });
    await asked(calls, 3);
    key('Delete');
    await asked(calls, 4);
    expect(changes(calls)).toEqual([
      { kind: 'move', tile: 'pages', to: 0, beside: 'visits' },
      { kind: 'move', tile: 'pages', to: 2, beside: 'sources' },
      {
        kind: 'set',
        tile: 'pages',
        values: [
          { key: 'width', value: 7 },
          { key: 'height', value: 3 },
        ],
      },
      { kind: 'remove', tile: 'pages' },
    ]);
    await vi.waitFor(() => expect(find('edit-said')?.textContent).toContain('was deleted'));
  });

  test('steps are undone, done again and saved', async () => {
    const calls = await editing();
    key('Delete');
    await vi.waitFor(() => expect(find('edit-undo')?.hasAttribute('disabled')).toBe(false));
    key('z', { ctrlKey: true });
    await vi.waitFor(() => expect(find('edit-redo')?.hasAttribute('disabled')).toBe(false));
    key('Z', { ctrlKey: true, shiftKey: true });
    await vi.waitFor(() => expect(find('edit-toolbar')?.dataset['unsaved']).toBe('true'));
    key('s', { ctrlKey: true });
    await vi.waitFor(() => expect(find('edit-toolbar')?.dataset['unsaved']).toBe('false'));
    const steps = ['undo_edit', 'redo_edit', 'save_edit', 'discard_edit'];
    expect(calls.map(({ command }) => command).filter((one) => steps.includes(one))).toEqual(
      steps.slice(0, 3),
    );
  });

  test('steps that come quickly wait for each other', async () => {
    let open = 0;
    let most = 0;
    const calls = await editing({
      edit: async () => {
        most = Math.max(most, ++open);
        await new Promise((done) => setTimeout(done, 5));
        open--;
        return edited({ unsaved: true });
      },
    });
    key('ArrowLeft');
    key('ArrowRight');
    key('Delete');
    await asked(calls, 3);
    expect(most).toBe(1);
  });

  test('Escape leaves, and asks where something would be lost', async () => {
    const calls = await editing();
    key('Delete');
    await vi.waitFor(() => expect(find('edit-toolbar')?.dataset['unsaved']).toBe('true'));
    key('Escape');
    await get('edit-leave');
    expect(argumentsOf(calls, 'discard_edit')).toHaveLength(0);
    await click('edit-leave-discard');
    await vi.waitFor(() => expect(find('edit-toolbar')).toBeNull());
    press('e', { on: document.body });
    await get('edit-toolbar');
    press('Escape', { on: document.body });
    await vi.waitFor(() => expect(find('edit-toolbar')).toBeNull());
  });
});

test('what is left when the only dashboard’s file went is whatever there is', async () => {
  const gone = { code: 'making-dashboard', message: 'Making.', nextStep: 'Wait.' };
  let isLeft = false;
  const calls = await editing({
    open_dashboard: () => dashboard('acme', { tiles: TILES, id: isLeft ? 'made' : 'web' }),
    discard_edit: () => {
      isLeft = true;
      // A command rejects with a problem, which is no Error.
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      return Promise.reject(gone);
    },
  });
  press('Escape', { on: document.body });
  await vi.waitFor(() =>
    expect(argumentsOf(calls, 'open_dashboard').at(-1)).toMatchObject({ dashboard: null }),
  );
  await vi.waitFor(() => expect(find('edit-toolbar')).toBeNull());
});

describe('a tile’s fields', () => {
  async function choose(testid: string, value: string) {
    const field = (await get(testid)) as HTMLInputElement;
    field.value = value;
    field.dispatchEvent(new Event('change', { bubbles: true }));
    flushSync();
  }

  test('are written one by one', async () => {
    const calls = await editing();
    await click('edit-visits');
    await choose('edit-title', 'Besuche');
    await choose('edit-x', '');
    await choose('edit-format', 'compact');
    await click('edit-y-pageviews');
    await click('edit-kind-table');
    await asked(calls, 5);
    expect(changes(calls).map((change) => (change as { values: unknown[] }).values[0])).toEqual([
      { key: 'title', value: 'Besuche' },
      { key: 'x', value: null },
      { key: 'format', value: 'compact' },
      { key: 'y', value: ['visits', 'pageviews'] },
      { key: 'kind', value: 'table' },
    ]);
    expect(find('edit-kind-map')?.hasAttribute('disabled')).toBe(true);
  });

  test('say what is wrong with what was written', async () => {
    const problem = {
      code: 'edit-refused',
      message: '`refresh` is "soon".',
      nextStep: 'Write 5m.',
    };
    // A command rejects with a problem, which is no Error.
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    await editing({ edit: () => Promise.reject(problem) });
    await click('edit-visits');
    await choose('edit-refresh', 'soon');
    expect((await get('edit-problem')).textContent).toContain('soon');
    expect(find('edit-refresh')?.getAttribute('aria-invalid')).toBe('true');
  });

  test('F2 puts the keyboard into the title', async () => {
    await editing();
    key('F2');
    await vi.waitFor(() => expect(document.activeElement?.getAttribute('name')).toBe('title'));
    press('Escape');
    await vi.waitFor(() => expect(find('edit-panel')).toBeNull());
  });
});

test('a new tile is of a pipe that the token reads', async () => {
  const calls = await editing({ edit: () => edited({ unsaved: true, tile: 'sources' }) });
  await click('edit-add');
  await click('add-pipe-top_pages');
  await asked(calls, 1);
  expect(changes(calls)[0]).toMatchObject({
    kind: 'add',
    tile: { pipe: 'top_pages', chart: 'auto' },
    after: 'sources',
  });
  await vi.waitFor(() => expect(find('edit-title')).not.toBeNull());
});

test('a dashboard in somebody’s hands does not become a wall', async () => {
  await editing();
  key('d', { ctrlKey: true });
  await click('dashboard-menu');
  expect((await get('wall')).hasAttribute('disabled')).toBe(true);
  expect((await get('dashboard')).dataset['wall']).toBe('false');
});

test('a file that somebody changed is written over only when the viewer says so', async () => {
  const problem = { code: 'file-changed', message: 'Somebody changed it.', nextStep: 'Choose.' };
  const calls = await editing({
    save_edit: ({ overwrite }: { overwrite: boolean }) =>
      // A command rejects with a problem, which is no Error.
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      overwrite ? edited() : Promise.reject(problem),
  });
  key('Delete');
  await vi.waitFor(() => expect(find('edit-toolbar')?.dataset['unsaved']).toBe('true'));
  key('s', { ctrlKey: true });
  await click('edit-overwrite');
  await vi.waitFor(() => expect(find('edit-toolbar')?.dataset['unsaved']).toBe('false'));
  expect(argumentsOf(calls, 'save_edit').map(({ overwrite }) => overwrite)).toEqual([false, true]);
});

test('a dashboard that is edited elsewhere says so and has no key', async () => {
  const problem = { code: 'edited-elsewhere', message: 'It is served.', nextStep: 'Ask.' };
  const locked = dashboard('acme', { editing: { state: 'locked', problem } });
  const calls = await open(usual({ boot: () => ({ app: frame(), dashboard: locked }) }));
  await get('dashboard');
  press('e', { on: document.body });
  await click('dashboard-menu');
  expect((await get('edit-locked')).textContent).toContain('It is served.');
  expect(argumentsOf(calls, 'begin_edit')).toHaveLength(0);
});

describe('a whole dashboard', () => {
  const here = () => dashboard('acme', { tiles: TILES });
  const another = (id: string, title: string) => ({ ...here(), id, title });

  async function menu(change: Answers = {}): Promise<Call[]> {
    const calls = await open(
      usual({ open_dashboard: here, begin_edit: () => edited(), ...change }),
    );
    await get('dashboard');
    await click('dashboard-menu');
    return calls;
  }

  const name = (title: string) => {
    type('dashboard-title', title);
    find('dashboard-name-confirm')?.click();
  };

  test('is made under a name and edited at once', async () => {
    const made = another('sales', 'Sales');
    const calls = await menu({
      new_dashboard: () => made,
      begin_edit: () => ({ ...made, editing: underWay() }),
    });
    await click('new-dashboard');
    await get('dashboard-title');
    expect((find('dashboard-name-confirm') as HTMLButtonElement).disabled).toBe(true);
    name(' Sales ');
    await get('edit-toolbar');
    expect(argumentsOf(calls, 'new_dashboard')).toEqual([{ tenant: 'acme', title: 'Sales' }]);
    expect(find('dashboard')?.dataset['dashboard']).toBe('sales');
    expect(find('dashboard-name')).toBeNull();
  });

  test('is copied under another name, and a refusal stays with the name', async () => {
    const problem = { code: 'file', message: 'The disk is full.', nextStep: 'Free some space.' };
    const refusal = Object.assign(new Error('refused'), problem);
    let isFull = true;
    const calls = await menu({
      copy_dashboard: () => (isFull ? Promise.reject(refusal) : another('copy', 'Mine')),
    });
    await click('copy-dashboard');
    expect(((await get('dashboard-title')) as HTMLInputElement).value).toBe(
      'Web traffic of acme (copy)',
    );
    name('Mine');
    expect((await get('edit-problem')).textContent).toContain('The disk is full.');
    isFull = false;
    name('Mine');
    await vi.waitFor(() => expect(find('dashboard')?.dataset['dashboard']).toBe('copy'));
    const copy = { tenant: 'acme', dashboard: 'web', title: 'Mine' };
    expect(argumentsOf(calls, 'copy_dashboard')).toEqual([copy, copy]);
    expect(find('edit-toolbar')).toBeNull();
  });

  test('is deleted once that is confirmed, and another one is shown', async () => {
    const calls = await menu({
      delete_dashboard: () => null,
      open_dashboard: ({ dashboard: id }: { dashboard: string | null }) =>
        calls.some(({ command }) => command === 'delete_dashboard') && id === null
          ? another('rest', 'Rest')
          : here(),
    });
    await click('delete-dashboard');
    expect((await get('dashboard-deleting')).textContent).toContain('Web traffic of acme');
    expect(argumentsOf(calls, 'delete_dashboard')).toEqual([]);
    await click('dashboard-delete-confirm');
    await vi.waitFor(() => expect(find('dashboard')?.dataset['dashboard']).toBe('rest'));
    expect(argumentsOf(calls, 'delete_dashboard')).toEqual([{ tenant: 'acme', dashboard: 'web' }]);
  });
});

test('a tile with a mistake is taken out, by its place among such', async () => {
  const place = { width: 6, height: 3, tab: null, section: null };
  const wrong = ['one', 'two'].map((title, after) => ({
    ...place,
    after,
    title,
    mistakes: [`web.toml:${after + 5}:1: wrong`],
  }));
  const calls = await editing({ begin_edit: () => ({ ...edited(), wrong }) });
  const buttons = document.querySelectorAll<HTMLElement>('[data-testid="wrong-tile-remove"]');
  expect(buttons).toHaveLength(2);
  buttons[1]?.click();
  await asked(calls, 1);
  expect(changes(calls)).toEqual([{ kind: 'removeWrong', index: 1 }]);
});
