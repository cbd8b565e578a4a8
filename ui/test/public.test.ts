// What anyone with a connection may see, over a pretended core: before sign-in
// and beside it.

import { describe, expect, test } from 'vitest';
import type { PublicView } from '../src/generated/PublicView';
import {
  argumentsOf,
  click,
  connection,
  dashboard,
  find,
  frame,
  get,
  open,
  ready,
  tell,
  tenant,
  usual,
} from './pretend';

const umbrella = connection('umbrella', 'Umbrella');

function anyone(change: Partial<PublicView> = {}): PublicView {
  return {
    id: 'anyone',
    connection: 'umbrella',
    name: 'Umbrella',
    status: { state: 'online' },
    ...change,
  };
}

/** Nobody is signed in, and one connection has something public. */
const signedOut = (active: string | null = null) =>
  frame({ connections: [umbrella], tenants: [], public: [anyone()], active });

const text = (testid: string) => find(testid)?.textContent.replaceAll(/\s+/g, ' ').trim();

describe('before sign-in', () => {
  test('public dashboards are offered with the connection, and opened without a sign-in', async () => {
    const calls = await open(usual({ boot: () => ({ app: signedOut(), dashboard: null }) }));
    expect(find('signed-out')).not.toBeNull();
    expect(text('open-public-umbrella')).toContain('without signing in');
    await click('open-public-umbrella');
    await tell(signedOut('anyone'));
    await ready();
    expect(argumentsOf(calls, 'select_tenant')).toEqual([{ tenant: 'anyone' }]);
    expect(argumentsOf(calls, 'begin_sign_in')).toEqual([]);
    expect(text('public-bar')).toContain('Public · Everyone with this connection sees this.');
    expect(find('public')?.dataset['tenant']).toBe('anyone');
  });

  test('a connection without any offers none', async () => {
    const app = frame({ connections: [umbrella], tenants: [], active: null });
    await open(usual({ boot: () => ({ app, dashboard: null }) }));
    expect(find('connection-umbrella')).not.toBeNull();
    expect(find('open-public-umbrella')).toBeNull();
  });

  test('a sign-in begins from there, and there is no account to leave', async () => {
    const app = signedOut('anyone');
    const calls = await open(usual({ boot: () => ({ app, dashboard: dashboard('anyone') }) }));
    await ready();
    expect(find('account')).toBeNull();
    await click('sign-in-here');
    expect(argumentsOf(calls, 'begin_sign_in')).toEqual([
      { connection: 'umbrella', intent: { kind: 'first' } },
    ]);
  });

  test('where the admin token is to be typed first, a sign-in leads to it', async () => {
    const operator = { ...umbrella, signingKey: { state: 'missing' } as const };
    const app = { ...signedOut('anyone'), connections: [operator] };
    const calls = await open(usual({ boot: () => ({ app, dashboard: dashboard('anyone') }) }));
    await ready();
    expect(find('signing-key-bar'), 'nothing public needs it').toBeNull();
    await click('sign-in-here');
    expect(find('signing-key-form')).not.toBeNull();
    expect(argumentsOf(calls, 'begin_sign_in')).toEqual([]);
  });

  test('without a network it says what is shown, and of no day on which it ends', async () => {
    const status = { state: 'offline', since: 0, until: null, problem: null } as const;
    const app = { ...signedOut('anyone'), public: [anyone({ status })] };
    await open(usual({ boot: () => ({ app, dashboard: dashboard('anyone') }) }));
    await ready();
    expect(text('offline-bar')).toContain('Showing what was last seen');
    expect(text('offline-bar')).not.toContain('until');
  });

  test('it leaves the screen when the operator takes it back', async () => {
    const app = signedOut('anyone');
    await open(usual({ boot: () => ({ app, dashboard: dashboard('anyone') }) }));
    await ready();
    await tell({ ...app, public: [], active: null });
    expect(find('dashboard')).toBeNull();
    expect(find('signed-out')).not.toBeNull();
  });
});

describe('beside a sign-in', () => {
  const both = (active: string) =>
    frame({
      connections: [umbrella],
      tenants: [tenant('acme', 'Acme', { connection: 'umbrella' })],
      public: [anyone()],
      active,
    });

  test('the switcher has it apart from the organizations, and opens it', async () => {
    const calls = await open(
      usual({ boot: () => ({ app: both('acme'), dashboard: dashboard('acme') }) }),
    );
    await ready();
    expect(find('public-bar')).toBeNull();
    await click('switcher');
    expect(find('public-anyone')?.closest('[role="group"]')?.textContent).toContain('Public');
    await click('public-anyone');
    expect(argumentsOf(calls, 'select_tenant')).toEqual([{ tenant: 'anyone' }]);
  });

  test('it offers no second sign-in, and the way back', async () => {
    const calls = await open(
      usual({ boot: () => ({ app: both('anyone'), dashboard: dashboard('anyone') }) }),
    );
    await ready();
    expect(find('sign-in-here')).toBeNull();
    await click('switcher');
    expect((await get('public-anyone')).getAttribute('aria-checked')).toBe('true');
    await click('tenant-acme');
    expect(argumentsOf(calls, 'select_tenant')).toEqual([{ tenant: 'acme' }]);
  });
});

describe('its token', () => {
  test('is said to be everyone’s, and is not revealed', async () => {
    const calls = await open(
      usual({
        boot: () => ({ app: signedOut('anyone'), dashboard: dashboard('anyone') }),
        token: () => ({ source: 'static', claims: null, expires: null }),
      }),
    );
    await ready();
    await click('open-token');
    expect((await get('token-source')).textContent).toContain('from the connection file (static)');
    expect(text('token-public')).toContain('The same for everyone');
    expect(find('token-reveal')).toBeNull();
    expect(find('token-claims')).toBeNull();
    expect(argumentsOf(calls, 'token')).toEqual([{ tenant: 'anyone' }]);
  });

  test.each([
    ['mint', 'on this machine'],
    ['clerk-template', 'by Clerk'],
    ['broker', 'broker'],
    ['something-newer', 'something-newer'],
  ])('a tenant’s names who signed it: %s', async (source, words) => {
    await open(usual({ token: () => ({ source, claims: {}, expires: Date.now() + 60_000 }) }));
    await ready();
    await click('account');
    await click('open-token');
    expect((await get('token-source')).textContent).toContain(words);
    expect(find('token-public')).toBeNull();
  });
});
