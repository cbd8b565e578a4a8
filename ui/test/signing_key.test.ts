// The workspace's admin token over a pretended core: whom it is for, what is
// wrong with it, and how it goes.

import { flushSync } from 'svelte';
import { describe, expect, test, vi } from 'vitest';
import type { Problem } from '../src/generated/Problem';
import type { SigningKeyView } from '../src/generated/SigningKeyView';
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
  type Answers,
} from './pretend';

const refusal: Problem = {
  code: 'signing-key-refused',
  message: 'Tinybird does not accept it.',
  nextStep: 'Enter it again.',
  detail: 'status: 403\nerror: bad signature',
};

/** An operator who is signed in through a connection that signs here. */
const app = (signingKey: SigningKeyView) =>
  frame({
    connections: [connection('umbrella', 'Umbrella', { signingKey })],
    tenants: [tenant('acme', 'Acme', { connection: 'umbrella' })],
  });

const start = async (signingKey: SigningKeyView, answers: Answers = {}) => {
  const calls = await open(
    usual({ boot: () => ({ app: app(signingKey), dashboard: dashboard('acme') }), ...answers }),
  );
  await ready();
  return calls;
};

const connections = async () => {
  await click('switcher');
  await click('connections');
};

const text = (testid: string) => find(testid)?.textContent.replaceAll(/\s+/g, ' ').trim();

async function paste(key: string) {
  const field = (await get('signing-key')) as HTMLInputElement;
  field.value = key;
  await click('signing-key-save');
  return field;
}

describe('the warning', () => {
  test('says whom the token is for, what it opens, and what viewers use instead', async () => {
    await start({ state: 'missing' });
    await click('signing-key-enter');
    const said = text('signing-key-form') ?? '';
    for (const words of [
      'operators only',
      'every tenant’s rows',
      'keychain',
      'broker',
      'Clerk’s JWT template',
    ])
      expect(said).toContain(words);
  });
});

describe('a token that is missing', () => {
  test('is asked for above the dashboard of whoever is signed in', async () => {
    await start({ state: 'missing' });
    expect(text('signing-key-bar')).toContain('not on this machine');
    await click('signing-key-enter');
    expect((await get('signing-key')).getAttribute('type')).toBe('password');
    expect(find('signing-key-refused')).toBeNull();
  });

  test('is not asked for where it is there, or nobody needs one', async () => {
    await start({ state: 'kept' });
    expect(find('signing-key-bar')).toBeNull();
    await tell(app({ state: 'notNeeded' }));
    await connections();
    expect(find('signing-key-form')).toBeNull();
    expect(find('signing-key-kept')).toBeNull();
  });

  test('that is not taken says why at the field, which is empty again and has the focus', async () => {
    const malformed: Problem = {
      code: 'signing-key-malformed',
      message: 'No token.',
      nextStep: 'Copy it again.',
    };
    const calls = await start(
      { state: 'missing' },
      {
        save_signing_key: () => {
          throw malformed as unknown as Error;
        },
      },
    );
    await click('signing-key-enter');
    const field = await paste('p.a b');
    await vi.waitFor(() => expect(field.getAttribute('aria-invalid')).toBe('true'));
    flushSync();
    expect(argumentsOf(calls, 'save_signing_key')).toEqual([
      { connection: 'umbrella', key: 'p.a b' },
    ]);
    const told = document.getElementById(field.getAttribute('aria-describedby') ?? '');
    expect(told?.textContent).toContain('No token.');
    expect(document.activeElement).toBe(field);
    expect(field.value).toBe('');
    expect(document.body.innerHTML).not.toContain('p.a b');
  });
});

describe('a token that Tinybird refuses', () => {
  test('leads back to the field with the reason, and with what Tinybird says', async () => {
    await start({ state: 'refused', problem: refusal });
    expect(text('signing-key-bar')).toContain(refusal.message);
    await click('signing-key-enter');
    expect(text('signing-key-refused')).toContain(refusal.nextStep);
    expect(text('problem-detail')).toContain('bad signature');
    await paste('p.right');
    await tell(app({ state: 'kept' }));
    expect(find('signing-key-form')).toBeNull();
    expect(find('signing-key-bar')).toBeNull();
  });
});

describe('a token that is there', () => {
  test('is replaced by another, or stays', async () => {
    const calls = await start({ state: 'kept' });
    await connections();
    await click('signing-key-replace');
    await click('signing-key-cancel');
    expect(find('signing-key-form')).toBeNull();
    await click('signing-key-replace');
    await paste('p.next');
    await vi.waitFor(() => expect(find('signing-key-form')).toBeNull());
    expect(argumentsOf(calls, 'save_signing_key')).toEqual([
      { connection: 'umbrella', key: 'p.next' },
    ]);
  });

  test('is forgotten only when that was said twice', async () => {
    const calls = await start({ state: 'kept' });
    await connections();
    await click('signing-key-forget');
    expect(argumentsOf(calls, 'forget_signing_key')).toEqual([]);
    await click('signing-key-forget-confirm');
    expect(argumentsOf(calls, 'forget_signing_key')).toEqual([{ connection: 'umbrella' }]);
    await tell(app({ state: 'missing' }));
    expect(find('signing-key-form')).not.toBeNull();
  });
});
