// The switcher over a pretended core: who is in it, in which order, and how the
// keyboard goes through it.

import { flushSync } from 'svelte';
import { describe, expect, test, vi } from 'vitest';
import type { AppView } from '../src/generated/AppView';
import {
  argumentsOf,
  click,
  connection,
  dashboard,
  find,
  frame,
  get,
  open,
  press,
  ready,
  tenant,
  type,
  usual,
  type Call,
} from './pretend';

const problem = { code: 'session-ended', message: 'It ended.', nextStep: 'Sign in again.' };
const ada = { person: 'ada', user: 'Ada Ahlberg', email: null };
const ctrl = { ctrlKey: true };

async function openWith(change: Partial<AppView>): Promise<Call[]> {
  const app = frame(change);
  const calls = await open(
    usual({ boot: () => ({ app, dashboard: dashboard(app.active ?? '') }) }),
  );
  await ready();
  return calls;
}

/** As many tenants as asked for: `t1` is on the screen and called `Company 1`. */
const many = (count: number): Partial<AppView> => ({
  tenants: Array.from({ length: count }, (_, index) =>
    tenant(`t${index + 1}`, `Company ${index + 1}`),
  ),
  active: 't1',
});

const text = (element: Element | null) => element?.textContent.replaceAll(/\s+/g, ' ').trim();
const rows = () =>
  [...document.querySelectorAll<HTMLElement>('[data-name]')].map(({ dataset }) => dataset['name']);
const marked = () =>
  document.getElementById(
    find('switcher-filter')?.getAttribute('aria-activedescendant') ?? 'nothing',
  )?.dataset['name'];

describe('the switcher', () => {
  test('is walked by arrows and letters, and Escape gives the focus back', async () => {
    await openWith({});
    await click('switcher');
    expect(document.activeElement).toBe(find('tenant-acme'));
    press('ArrowDown');
    expect(document.activeElement).toBe(find('tenant-globex'));
    press('a');
    expect(document.activeElement).toBe(find('add-organization-demo'));
    press('End');
    expect(document.activeElement).toBe(find('connections'));
    press('ArrowDown');
    expect(document.activeElement).toBe(find('tenant-acme'));
    press('ArrowUp');
    expect(document.activeElement).toBe(find('connections'));
    press('Home');
    expect(document.activeElement).toBe(find('tenant-acme'));
    press('Escape');
    expect(find('switcher-panel')).toBeNull();
    expect(document.activeElement).toBe(find('switcher'));
  });

  test('opens and closes with Ctrl+K, and gives the focus back to where it was', async () => {
    await openWith({});
    expect(find('switcher')?.title).toContain('(Ctrl+K)');
    find('chart')?.focus();
    press('k', ctrl);
    expect(document.activeElement).toBe(find('tenant-acme'));
    press('k', ctrl);
    expect(find('switcher-panel')).toBeNull();
    expect(document.activeElement).toBe(find('chart'));
  });

  test('stays shut while a dialog is open', async () => {
    await openWith({});
    await click('account');
    await click('open-sign-out');
    press('k', { ...ctrl, on: find('sign-out-cancel') });
    expect(find('switcher-panel')).toBeNull();
  });

  test('groups tenants by person and connection, last used first, and checks the current one', async () => {
    await openWith({
      connections: [connection('demo', 'Perch demo'), connection('other', 'Umbrella')],
      tenants: [
        tenant('a', 'Acme'),
        tenant('b', 'Globex', ada),
        tenant('c', 'Initech'),
        tenant('d', 'Hooli', { connection: 'other' }),
      ],
      active: 'c',
    });
    await click('switcher');
    expect([...document.querySelectorAll('[data-testid="switcher-group"]')].map(text)).toEqual([
      'Grace Hopper · grace@example.com Perch demo',
      'Ada Ahlberg Perch demo',
      'Grace Hopper · grace@example.com Umbrella',
    ]);
    expect(rows()).toEqual(['Acme', 'Initech', 'Globex', 'Hooli']);
    const checked = document.querySelectorAll('[role="menuitemradio"][aria-checked="true"]');
    expect([...checked]).toEqual([find('tenant-c')]);
    const group = find('tenant-b')?.closest('[role="group"]');
    expect(
      document.getElementById(group?.getAttribute('aria-labelledby') ?? '')?.textContent,
    ).toContain('Ada Ahlberg');
  });

  test('tells the role of each, of a personal tenant that it is one, and who is offline or out', async () => {
    await openWith({
      tenants: [
        tenant('a', 'Acme', { role: 'org:billing_manager' }),
        tenant('b', 'Grace Hopper', { personal: true, role: null }),
        tenant('c', 'Globex', { status: { state: 'offline', since: 0, until: 1, problem: null } }),
        tenant('d', 'Hooli', { role: null, status: { state: 'closed', problem } }),
      ],
      active: 'a',
    });
    await click('switcher');
    expect(text(find('tenant-a'))).toContain('Acme Billing manager');
    expect(text(find('tenant-b'))).toBe('Grace Hopper Personal Ctrl+2');
    expect(text(find('tenant-c'))).toContain('Globex Admin Offline');
    expect(text(find('tenant-d'))).toBe('Hooli Sign in again Ctrl+4');
  });

  test('shows names as they are, whatever they hold', async () => {
    const names = [
      '<img src=x onerror="window.hit = true">',
      'שלום',
      '🎉',
      'W'.repeat(200),
      '\u202Egnitset',
    ];
    await openWith({
      tenants: names.map((name, index) => tenant(`t${index}`, name, { user: name, email: name })),
      active: 't0',
    });
    expect(find('tenant-name')?.textContent).toBe(names[0]);
    await click('switcher');
    names.forEach((name, index) => {
      const shown = [...(find(`tenant-t${index}`)?.querySelectorAll('bdi') ?? [])];
      expect(shown.map(({ textContent }) => textContent)).toContain(name);
    });
    expect(document.querySelector('img')).toBeNull();
  });
});

describe('Ctrl and a digit', () => {
  test('chooses the first nine in the order in which they stand', async () => {
    const calls = await openWith({
      tenants: [tenant('a', 'Acme'), tenant('b', 'Globex', ada), tenant('c', 'Initech')],
      active: 'a',
    });
    press('2', { ...ctrl, on: document.body });
    await vi.waitFor(() => expect(find('tenant-name')?.textContent).toBe('Initech'));
    expect(argumentsOf(calls, 'select_tenant')).toEqual([{ tenant: 'c' }]);
  });

  test('goes nowhere from the tenant on the screen, and nowhere beyond the last', async () => {
    const calls = await openWith({});
    press('1', { ...ctrl, on: document.body });
    press('3', { ...ctrl, on: document.body });
    press('2', { on: document.body });
    expect(argumentsOf(calls, 'select_tenant')).toEqual([]);
  });

  test('closes the panel, which tells who has which', async () => {
    await openWith(many(11));
    await click('switcher');
    expect(text(find('tenant-t9'))).toContain('Ctrl+9');
    expect(text(find('tenant-t10'))).not.toContain('Ctrl');
    expect(find('tenant-t9')?.getAttribute('aria-keyshortcuts')).toBe('Control+9');
    press('9', ctrl);
    expect(find('switcher-panel')).toBeNull();
    await vi.waitFor(() => expect(find('tenant-name')?.textContent).toBe('Company 9'));
  });
});

describe('the filter', () => {
  test('is there for more than eight', async () => {
    await openWith(many(8));
    await click('switcher');
    expect(find('switcher-filter')).toBeNull();
    expect(find('switcher-panel')?.getAttribute('role')).toBe('menu');
  });

  test('has the focus while arrows go through the list, and Enter chooses', async () => {
    const calls = await openWith(many(9));
    press('k', { ...ctrl, on: document.body });
    const field = find('switcher-filter');
    expect(document.activeElement).toBe(field);
    expect(marked()).toBe('Company 1');
    press('ArrowUp');
    expect(marked()).toBe('Company 9');
    press('ArrowDown');
    press('ArrowDown');
    expect(marked()).toBe('Company 2');
    expect(document.activeElement).toBe(field);
    press('Enter');
    expect(find('switcher-panel')).toBeNull();
    await vi.waitFor(() => expect(find('tenant-name')?.textContent).toBe('Company 2'));
    expect(argumentsOf(calls, 'select_tenant')).toEqual([{ tenant: 't2' }]);
  });

  test('leaves what matches and marks the first of it', async () => {
    await openWith({ ...many(30), active: 't21' });
    await click('switcher');
    expect(marked()).toBe('Company 21');
    press('ArrowDown');
    expect(marked()).toBe('Company 22');
    type('switcher-filter', '2 comp');
    expect(rows()).toEqual(
      [2, 12, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29].map((n) => `Company ${n}`),
    );
    expect(marked()).toBe('Company 2');
    type('switcher-filter', 'zzz');
    expect(find('switcher-none')?.textContent).toContain('zzz');
    expect(marked()).toBeUndefined();
    press('Enter', { on: find('switcher-filter') });
    expect(find('switcher-panel')).not.toBeNull();
  });

  test('is a combobox over a list of options, of which the current one is selected', async () => {
    await openWith(many(9));
    await click('switcher');
    const field = find('switcher-filter');
    const list = document.getElementById(field?.getAttribute('aria-controls') ?? '');
    expect(field?.getAttribute('role')).toBe('combobox');
    expect(find('switcher-panel')?.getAttribute('role')).toBe('dialog');
    expect(list?.getAttribute('role')).toBe('listbox');
    expect(list?.querySelectorAll('[role="option"]')).toHaveLength(9);
    expect([...document.querySelectorAll('[aria-selected="true"]')]).toEqual([find('tenant-t1')]);
  });

  test('is forgotten when the panel closes, by Escape too', async () => {
    await openWith(many(9));
    await click('switcher');
    type('switcher-filter', '7');
    expect(rows()).toEqual(['Company 7']);
    press('Escape', { on: find('switcher-filter') });
    expect(find('switcher-panel')).toBeNull();
    await click('switcher');
    expect(rows()).toHaveLength(9);
  });

  test('keeps the keys of an input method to itself', async () => {
    const calls = await openWith(many(9));
    await click('switcher');
    press('ArrowDown', { isComposing: true });
    press('Enter', { isComposing: true });
    expect(marked()).toBe('Company 1');
    expect(argumentsOf(calls, 'select_tenant')).toEqual([]);
  });
});

describe('a picture', () => {
  const img = () => document.querySelector('img');
  const picture = (path: string | null) => ({
    tenants: [tenant('acme', 'Acme', { picture: path })],
  });

  test('comes from the core, and initials stand where there is none', async () => {
    await openWith({
      tenants: [tenant('acme', 'Acme', { picture: 'acme-1?/..' }), tenant('globex', 'Globex')],
    });
    expect(img()?.getAttribute('src')).toBe('picture://localhost/acme-1%3F%2F..');
    await click('switcher');
    expect(find('tenant-acme')?.querySelectorAll('img')).toHaveLength(1);
    expect(find('tenant-globex')?.querySelectorAll('img')).toHaveLength(0);
    expect(find('tenant-globex')?.querySelector('[data-initials="G"]')).not.toBeNull();
  });

  test('is shown once it is loaded, over the initials', async () => {
    await openWith(picture('acme-1'));
    const face = img()?.parentElement;
    expect(face?.classList.contains('pictured')).toBe(false);
    img()?.dispatchEvent(new Event('load'));
    flushSync();
    expect(face?.classList.contains('pictured')).toBe(true);
    expect(face?.dataset['initials']).toBe('A');
  });

  test('that cannot be loaded leaves the initials', async () => {
    await openWith(picture('acme-1'));
    const face = img()?.parentElement;
    img()?.dispatchEvent(new Event('error'));
    flushSync();
    expect(img()).toBeNull();
    expect(face?.classList.contains('pictured')).toBe(false);
    expect(face?.dataset['initials']).toBe('A');
  });
});

describe('more organizations', () => {
  const umbrella = connection('umbrella', 'Umbrella', { hosted: true });
  const demo = connection('demo', 'Perch demo');

  test('come from each connection where somebody is signed in, in its own way', async () => {
    const ended = tenant('c', 'C', { connection: 'ended', status: { state: 'closed', problem } });
    const calls = await openWith({
      connections: [demo, umbrella, connection('ended', 'Ended'), connection('empty', 'Empty')],
      tenants: [tenant('a', 'A'), tenant('b', 'B', { connection: 'umbrella' }), ended],
      active: 'a',
    });
    await click('switcher');
    expect(text(find('add-organization-demo'))).toBe('Add organization');
    expect(text(find('add-organization-umbrella'))).toBe('Look for new organizations');
    for (const id of ['ended', 'empty']) expect(find(`add-organization-${id}`)).toBeNull();
    await click('add-organization-umbrella');
    // The core has answered: nothing is under way that another could be taken for.
    await new Promise((done) => setTimeout(done));
    await click('switcher');
    await click('as-somebody-else-demo');
    expect(argumentsOf(calls, 'begin_sign_in')).toEqual([
      { connection: 'umbrella', intent: { kind: 'organization' } },
      { connection: 'demo', intent: { kind: 'person' } },
    ]);
  });

  test('wait for a sandbox that does not run where it can be started', async () => {
    const calls = await openWith({
      connections: [connection('demo', 'Perch demo', { demo: true, demoRunning: false })],
    });
    await click('switcher');
    await click('as-somebody-else-demo');
    await get('connections-dialog');
    expect(argumentsOf(calls, 'begin_sign_in')).toEqual([]);
  });
});
