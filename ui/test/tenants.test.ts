import { describe, expect, test } from 'vitest';
import type { SignInIntent } from '../src/generated/SignInIntent';
import {
  doInBrowser,
  grouped,
  matching,
  sessionsAt,
  usualIntent,
  withSessions,
} from '../src/tenants';
import { connection, frame, tenant } from './pretend';

const problem = { code: 'session-ended', message: 'It ended.', nextStep: 'Sign in again.' };
const closed = { state: 'closed', problem } as const;
const ada = { person: 'ada', user: 'Ada Ahlberg', email: null };

const shape = (groups: ReturnType<typeof grouped>) =>
  groups.map(({ user, tenants }) => [user, tenants.map(({ id }) => id)]);

describe('the groups', () => {
  test('are the people at each connection, and last used comes first, in them and among them', () => {
    const app = frame({
      connections: [connection('demo', 'Perch demo'), connection('other', 'Other')],
      tenants: [
        tenant('a', 'A', ada),
        tenant('b', 'B'),
        tenant('c', 'C', { connection: 'other' }),
        tenant('d', 'D', ada),
        tenant('e', 'E'),
      ],
    });
    expect(shape(grouped(app))).toEqual([
      ['Ada Ahlberg', ['a', 'd']],
      ['Grace Hopper', ['b', 'e']],
      ['Grace Hopper', ['c']],
    ]);
    expect(grouped(app).map((group) => group.connection)).toEqual([
      'Perch demo',
      'Perch demo',
      'Other',
    ]);
  });

  test('hold the tenants of a connection that is gone', () => {
    const app = frame({ connections: [] });
    expect(grouped(app).flatMap(({ tenants }) => tenants)).toEqual(app.tenants);
    expect(grouped(app)[0]?.connection).toBe('demo');
  });

  test('leave out an address that is the name', () => {
    const app = frame({
      tenants: [tenant('a', 'A', { user: 'x@example.com', email: 'x@example.com' })],
    });
    expect(grouped(app)[0]?.email).toBeNull();
  });
});

describe('what is typed', () => {
  const app = frame({
    tenants: [
      tenant('acme', 'Acme Corporation'),
      tenant('aerzte', 'Ärzte ohne Grenzen'),
      tenant('ada', 'Acme Corporation', ada),
      tenant('hebrew', 'שָׁלוֹם', ada),
    ],
  });
  const found = (typed: string) =>
    matching(grouped(app), typed).flatMap(({ tenants }) => tenants.map(({ id }) => id));

  test.each([
    ['', ['acme', 'aerzte', 'ada', 'hebrew']],
    ['   ', ['acme', 'aerzte', 'ada', 'hebrew']],
    ['ACME', ['acme', 'ada']],
    [' corp  ac ', ['acme', 'ada']],
    ['arzte', ['aerzte']],
    ['grénzen', ['aerzte']],
    ['שלום', ['hebrew']],
    ['ada', ['ada', 'hebrew']],
    ['ada acme', ['ada']],
    ['grace@', ['acme', 'aerzte']],
    ['.*', []],
    ['zzz', []],
  ])('%j finds %j', (typed, ids) => {
    expect(found(typed)).toEqual(ids);
  });

  test('does not find everybody by what all have in common', () => {
    const groups = grouped(frame());
    expect(matching(groups, 'grace')).toEqual([]);
    expect(matching(groups, 'perch')).toEqual([]);
  });
});

describe('a connection', () => {
  const app = frame({
    connections: [connection('demo', 'A'), connection('ended', 'B'), connection('empty', 'C')],
    tenants: [
      tenant('a', 'A'),
      tenant('b', 'B', { status: closed }),
      tenant('c', 'C', { connection: 'ended', status: closed }),
    ],
  });

  test('where every session ended has nobody signed in', () => {
    expect(withSessions(app).map(({ id }) => id)).toEqual(['demo']);
    expect([sessionsAt(app, 'demo'), sessionsAt(app, 'ended')]).toEqual([1, 0]);
  });

  test('is signed in to for another organization only where somebody is signed in', () => {
    expect(usualIntent(app, 'demo')).toEqual({ kind: 'organization' });
    expect(usualIntent(app, 'ended')).toEqual({ kind: 'first' });
    expect(usualIntent(app, 'empty')).toEqual({ kind: 'first' });
  });
});

describe('in the browser', () => {
  const say = (intent: SignInIntent, hosted: boolean, personal = false) =>
    doInBrowser(
      frame({
        connections: [connection('demo', 'Perch demo', { hosted })],
        tenants: [tenant('acme', 'Acme', { personal })],
      }),
      'demo',
      intent,
    )?.replaceAll(/[\u2068\u2069]/g, '') ?? null;

  test('the person and the organization are the same again', () => {
    const again = { kind: 'again', tenant: 'acme' } as const;
    expect(say(again, false)).toBe('Sign in there as Grace Hopper, and choose Acme.');
    expect(say(again, true)).toBe('Sign in there as Grace Hopper.');
    expect(say(again, false, true)).toBe('Sign in there as Grace Hopper.');
    expect(say({ kind: 'again', tenant: 'gone' }, false)).toBeNull();
  });

  test('an organization is chosen only where one sign-in is for one', () => {
    expect(say({ kind: 'organization' }, false)).toBe('Choose there the organization to add.');
    expect(say({ kind: 'organization' }, true)).toBeNull();
  });

  test('somebody else is asked for, and a first sign-in needs no word', () => {
    expect(say({ kind: 'person' }, true)).toBe('Sign in there as the other person.');
    expect(say({ kind: 'first' }, false)).toBeNull();
  });
});
