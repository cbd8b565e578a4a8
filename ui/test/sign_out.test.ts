// Signing out over a pretended core: of what, what is said before, and how it
// is waited for.

import { describe, expect, test, vi } from 'vitest';
import { flushSync } from 'svelte';
import type { TenantView } from '../src/generated/TenantView';
import {
  argumentsOf,
  click,
  dashboard,
  find,
  frame,
  get,
  held,
  open,
  press,
  ready,
  tell,
  tenant,
  usual,
  type Answers,
  type Call,
} from './pretend';

const ada = { person: 'ada', user: 'Ada Ahlberg', email: null };

/** The dialog, for the first of some tenants. */
async function ask(tenants: TenantView[], answers: Answers = {}): Promise<Call[]> {
  const app = frame({ tenants, active: tenants[0]?.id ?? null });
  const calls = await open(
    usual({ boot: () => ({ app, dashboard: dashboard(app.active ?? '') }), ...answers }),
  );
  await ready();
  await click('account');
  await click('open-sign-out');
  return calls;
}

const plain = (testid: string) =>
  find(testid)
    ?.textContent.replaceAll(/[\u2068\u2069]/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
const scopes = () =>
  [...document.querySelectorAll('[data-testid^="sign-out-scope-"]')].map((input) =>
    input.getAttribute('data-testid')?.replace('sign-out-scope-', ''),
  );
const described = (scope: string) =>
  find(`sign-out-scope-${scope}`)
    ?.closest('label')
    ?.textContent.replaceAll(/[\u2068\u2069]/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();

describe('what to sign out of', () => {
  test('is no question where there is one tenant', async () => {
    const calls = await ask([tenant('acme', 'Acme')]);
    expect(scopes()).toEqual([]);
    expect(plain('sign-out')).toContain('Sign out of Acme?');
    await click('sign-out-confirm');
    expect(argumentsOf(calls, 'sign_out')).toEqual([{ scope: { kind: 'tenant', tenant: 'acme' } }]);
  });

  test.each([
    ['two organizations of one person', [tenant('a', 'A'), tenant('b', 'B')], ['tenant', 'person']],
    [
      'two people with one each',
      [tenant('a', 'A'), tenant('b', 'B', ada)],
      ['tenant', 'everything'],
    ],
    [
      'both',
      [tenant('a', 'A'), tenant('b', 'B'), tenant('c', 'C', ada)],
      ['tenant', 'person', 'everything'],
    ],
  ])('is asked where there are %s', async (_, tenants, offered) => {
    await ask(tenants);
    expect(scopes()).toEqual(offered);
    expect((find('sign-out-scope-tenant') as HTMLInputElement).checked).toBe(true);
  });

  test('names the person and counts', async () => {
    await ask([tenant('a', 'A'), tenant('b', 'B'), tenant('c', 'C', ada)]);
    expect(described('tenant')).toBe('A Grace Hopper, this organization only');
    expect(described('person')).toBe('Grace Hopper in all 2 organizations grace@example.com');
    expect(described('everything')).toBe('Everybody on this computer 2 people in 3 organizations');
  });

  test.each([
    ['tenant', { kind: 'tenant', tenant: 'a' }, 'the sign-in of Grace Hopper to A everything'],
    [
      'person',
      { kind: 'person', person: 'grace' },
      'the sign-ins of Grace Hopper to A and B every',
    ],
    [
      'everything',
      { kind: 'everything' },
      'the sign-ins of Grace Hopper and Ada Ahlberg to A, B and C everything',
    ],
  ])('is said before and done as chosen: %s', async (kind, scope, words) => {
    const calls = await ask([tenant('a', 'A'), tenant('b', 'B'), tenant('c', 'C', ada)]);
    await click(`sign-out-scope-${kind}`);
    expect(plain('sign-out-words')).toContain(words);
    expect(plain('sign-out-words')).toContain('works without a network too, and cannot be undone');
    await click('sign-out-confirm');
    expect(argumentsOf(calls, 'sign_out')).toEqual([{ scope }]);
    await vi.waitFor(() => expect(find('sign-out')).toBeNull());
  });
});

describe('a sign-out under way', () => {
  test('shows that it is, is not asked twice and not left, and stays until the last is out', async () => {
    const late = held<null>();
    const tenants = [tenant('a', 'A'), tenant('b', 'B'), tenant('c', 'C', ada)];
    const calls = await ask(tenants, { sign_out: () => late.promise });
    await click('sign-out-scope-everything');
    const button = (await get('sign-out-confirm')) as HTMLButtonElement;
    button.click();
    button.click();
    flushSync();
    expect(plain('sign-out-confirm')).toBe('Signing out…');
    expect(button.disabled).toBe(true);
    expect(find('sign-out-close')).toBeNull();
    press('Escape', { on: find('sign-out') });
    find('sign-out')?.dispatchEvent(new Event('cancel', { cancelable: true }));
    flushSync();
    // One after the other leaves, and what was said stays said.
    await tell(frame({ tenants: tenants.slice(1), active: 'b' }));
    await tell(frame({ tenants: [], active: null }));
    flushSync();
    expect(find('sign-out-confirm')).toBe(button);
    expect(described('everything')).toContain('2 people in 3 organizations');
    late.resolve(null);
    await vi.waitFor(() => expect(find('sign-out')).toBeNull());
    expect(argumentsOf(calls, 'sign_out')).toHaveLength(1);
    expect(find('signed-out')).not.toBeNull();
  });

  test('that failed is told, and can be asked for again', async () => {
    await ask([tenant('acme', 'Acme')], {
      sign_out: () =>
        // A command rejects with a problem, which is no Error.
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        Promise.reject({ code: 'keychain', message: 'It is locked.', nextStep: 'Unlock it.' }),
    });
    await click('sign-out-confirm');
    expect((await get('notice')).textContent).toContain('It is locked.');
    expect(find('sign-out')).toBeNull();
    await click('account');
    await click('open-sign-out');
    expect((find('sign-out-confirm') as HTMLButtonElement).disabled).toBe(false);
  });
});

describe('signing out everywhere else', () => {
  const allowed = tenant('acme', 'Acme', { canEndOthers: true });

  async function askOthers(answers: Answers): Promise<Call[]> {
    const calls = await open(
      usual({
        boot: () => ({ app: frame({ tenants: [allowed] }), dashboard: dashboard('acme') }),
        ...answers,
      }),
    );
    await ready();
    await click('account');
    await click('sign-out-others');
    return calls;
  }

  test('is offered only where Clerk allows it', async () => {
    await open(usual());
    await ready();
    await click('account');
    expect(find('open-sign-out')).not.toBeNull();
    expect(find('sign-out-others')).toBeNull();
  });

  test.each([
    [2, 'Ended 2 other sessions.'],
    [0, 'There were no other sessions.'],
  ])('asks first, and tells of %d sessions', async (sessions, words) => {
    const calls = await askOthers({ sign_out_others: () => sessions });
    expect(argumentsOf(calls, 'sign_out_others')).toEqual([]);
    await click('sign-out-others-confirm');
    expect((await get('sign-out-others-outcome')).textContent).toBe(words);
    expect(argumentsOf(calls, 'sign_out_others')).toEqual([{ tenant: 'acme' }]);
    expect(find('sign-out-others-confirm')).toBeNull();
    await click('sign-out-others-done');
    expect(find('sign-out-others-dialog')).toBeNull();
  });

  test('is done once however often it is pressed, and says why it could not be', async () => {
    const late = held<null>();
    const calls = await askOthers({
      sign_out_others: () =>
        late.promise.then(() =>
          // A command rejects with a problem, which is no Error.
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
          Promise.reject({ code: 'unreachable', message: 'No answer.', nextStep: 'Wait.' }),
        ),
    });
    const button = (await get('sign-out-others-confirm')) as HTMLButtonElement;
    button.click();
    button.click();
    flushSync();
    expect(button.disabled).toBe(true);
    expect(find('sign-out-others-dialog-close')).toBeNull();
    late.resolve(null);
    await vi.waitFor(() => expect(plain('sign-out-others-dialog')).toContain('No answer. Wait.'));
    expect(argumentsOf(calls, 'sign_out_others')).toHaveLength(1);
    expect(button.disabled).toBe(false);
  });
});
