// A sign-in over a pretended core: what it is for, how it is waited for, and
// how it is tried again.

import { flushSync } from 'svelte';
import { describe, expect, test, vi } from 'vitest';
import type { AppView } from '../src/generated/AppView';
import type { SignInView } from '../src/generated/SignInView';
import {
  argumentsOf,
  click,
  connection,
  find,
  frame,
  get,
  held,
  holdTimers,
  open,
  pass,
  tell,
  tenant,
  usual,
} from './pretend';

const problem = { code: 'access-denied', message: 'You refused.', nextStep: 'Choose Allow.' };
const failed = { phase: 'failed', connection: 'demo', problem } as const;
const closed = tenant('acme', 'Acme', {
  status: {
    state: 'closed',
    problem: { code: 'session-ended', message: 'It ended.', nextStep: 'Sign in again.' },
  },
});

const waiting = (change: Partial<Extract<SignInView, { phase: 'waiting' }>> = {}): SignInView => ({
  phase: 'waiting',
  connection: 'demo',
  url: 'https://clerk.example/authorize',
  byLink: false,
  expires: Date.now() + 60_000,
  browserProblem: null,
  ...change,
});

/** Nobody is signed in. */
const nobody = (signIn: SignInView | null, change: Partial<AppView> = {}) =>
  frame({ tenants: [], active: null, signIn, ...change });

const at = (app: AppView) => usual({ boot: () => ({ app, dashboard: null }) });

const text = (testid: string) => find(testid)?.textContent.replaceAll(/\s+/g, ' ').trim();

describe('a sign-in is for', () => {
  test('the first organization where nobody is signed in', async () => {
    const calls = await open(at(nobody(null)));
    await click('sign-in-demo');
    expect(argumentsOf(calls, 'begin_sign_in')).toEqual([
      { connection: 'demo', intent: { kind: 'first' } },
    ]);
  });

  test('the same tenant again where its session ended', async () => {
    const calls = await open(at(frame({ tenants: [closed] })));
    await click('sign-in-again');
    expect(argumentsOf(calls, 'begin_sign_in')).toEqual([
      { connection: 'demo', intent: { kind: 'again', tenant: 'acme' } },
    ]);
  });

  test('with what goes wrong meanwhile told where it can be reached', async () => {
    const problem = { code: 'clipboard', message: 'Not copied.', nextStep: 'Copy it by hand.' };
    await open(at(frame({ tenants: [closed], signIn: failed, notices: [{ id: 1, problem }] })));
    expect(document.querySelectorAll('[data-testid="notice"]')).toHaveLength(1);
    expect(
      document.querySelector('[data-testid="sign-in-dialog"] [data-testid="notice"]'),
    ).not.toBeNull();
  });

  test('the same as before when it is tried again', async () => {
    const calls = await open(at(frame({ tenants: [closed] })));
    await click('sign-in-again');
    await tell(frame({ tenants: [closed], signIn: failed }));
    flushSync();
    const again = '[data-testid="sign-in-dialog"] [data-testid="sign-in-again"]:enabled';
    await vi.waitFor(() => expect(document.querySelector(again)).not.toBeNull());
    document.querySelector<HTMLElement>(again)?.click();
    await vi.waitFor(() => expect(argumentsOf(calls, 'begin_sign_in')).toHaveLength(2));
    expect(argumentsOf(calls, 'begin_sign_in')[1]).toEqual({
      connection: 'demo',
      intent: { kind: 'again', tenant: 'acme' },
    });
  });

  test('another organization when one that failed before the window stood is tried again', async () => {
    const calls = await open(at(frame({ signIn: failed })));
    await click('sign-in-again');
    expect(argumentsOf(calls, 'begin_sign_in')).toEqual([
      { connection: 'demo', intent: { kind: 'organization' } },
    ]);
  });
});

describe('a sign-in begins once', () => {
  test('however often the button is pressed', async () => {
    const late = held<null>();
    const calls = await open({ ...at(nobody(null)), begin_sign_in: () => late.promise });
    const button = await get('sign-in-demo');
    button.click();
    button.click();
    await tell(nobody({ phase: 'preparing', connection: 'demo' }));
    late.resolve(null);
    await get('sign-in');
    expect(argumentsOf(calls, 'begin_sign_in')).toHaveLength(1);
  });

  test('when it is tried again twice', async () => {
    const late = held<null>();
    const calls = await open({ ...at(nobody(failed)), begin_sign_in: () => late.promise });
    const button = (await get('sign-in-again')) as HTMLButtonElement;
    button.click();
    flushSync();
    expect(button.disabled).toBe(true);
    button.click();
    expect(argumentsOf(calls, 'begin_sign_in')).toHaveLength(1);
    late.resolve(null);
    await vi.waitFor(() => expect(button.disabled).toBe(false));
  });
});

describe('while the browser has the page', () => {
  test('one that comes back by a link says that it must be allowed to', async () => {
    await open(at(nobody(waiting({ byLink: true }))));
    expect(text('sign-in-return')).toContain('asks whether it may open Perch: allow it.');
    await tell(nobody(waiting()));
    flushSync();
    expect(text('sign-in-return')).toBe(
      'Your browser has the sign-in page. Come back here when the browser says so.',
    );
  });

  test('each thing that may have gone wrong has a sentence, with the address to register', async () => {
    await open(at(nobody(waiting({ byLink: true }))));
    const said = () => text('sign-in-stuck') ?? '';
    expect(said()).toContain('another desktop, or behind this window');
    expect(said()).toContain('Press Open again.');
    expect(said()).toContain('in a browser on this computer only');
    expect(said()).toContain('perch://callback must be registered');
    await tell(nobody(waiting()));
    flushSync();
    expect(said()).toContain('http://127.0.0.1/callback must be registered');
    expect(said()).not.toContain('perch://');
  });

  test('help stays folded, and asks to be seen after ten seconds, of every attempt anew', async () => {
    holdTimers();
    await open(at(nobody(waiting())));
    const late = () => find('sign-in-stuck')?.dataset['late'];
    pass(9_900);
    // The same attempt, told once more: the time goes on.
    await tell(nobody(waiting()));
    flushSync();
    expect(late()).toBe('false');
    pass(100);
    expect(late()).toBe('true');
    expect((find('sign-in-stuck') as HTMLDetailsElement).open).toBe(false);
    await tell(nobody(waiting({ url: 'https://clerk.example/another' })));
    flushSync();
    expect(late()).toBe('false');
  });

  test('somebody who signs in again is told as whom, and for which organization', async () => {
    await open(at(frame({ tenants: [closed] })));
    await click('sign-in-again');
    await tell(frame({ tenants: [closed], signIn: waiting() }));
    flushSync();
    expect(text('sign-in-return')?.replaceAll(/[\u2068\u2069]/g, '')).toContain(
      'Sign in there as Grace Hopper, and choose Acme.',
    );
    await tell(
      frame({
        connections: [connection('demo', 'Demo'), connection('other', 'Other')],
        tenants: [closed],
        signIn: waiting({ connection: 'other' }),
      }),
    );
    flushSync();
    expect(text('sign-in-return')).not.toContain('Sign in there');
  });
});

test('an answer that takes long to check says what it may be waiting for, and not before', async () => {
  holdTimers();
  await open(at(nobody({ phase: 'preparing', connection: 'demo' })));
  pass(10_000);
  expect(find('waiting-later')).toBeNull();
  await tell(nobody({ phase: 'finishing', connection: 'demo' }));
  flushSync();
  pass(2_900);
  expect(find('waiting-later')).toBeNull();
  pass(100);
  expect(find('waiting-later')?.textContent).toContain('keychain may be asking');
});

test('a sign-in that failed says why, and is cleared away', async () => {
  const calls = await open(at(nobody(failed)));
  expect(text('sign-in')).toContain('You refused. Choose Allow.');
  await click('sign-in-dismiss');
  expect(argumentsOf(calls, 'cancel_sign_in')).toHaveLength(1);
});

test('a sign-in that failed names the connection, whatever it is called', async () => {
  await open(at(nobody(failed, { connections: [connection('demo', '<b>Demo</b>')] })));
  expect(document.querySelector('h1')?.textContent).toContain('<b>Demo</b>');
});
