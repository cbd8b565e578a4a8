// Who is signed in, in the order and the groups in which the switcher shows them.

import type { AppView } from './generated/AppView';
import type { ConnectionView } from './generated/ConnectionView';
import type { SignInIntent } from './generated/SignInIntent';
import type { TenantView } from './generated/TenantView';
import { brief } from './words';

/** One person at one connection. */
export interface Group {
  key: string;
  /** The connection's name; its id where the connection is gone. */
  connection: string;
  user: string;
  /** `null` where there is none, or where it is what the person is called by. */
  email: string | null;
  tenants: TenantView[];
}

/** Everybody with their tenants; whoever was used last comes first, in the groups and among them. */
export function grouped(app: AppView): Group[] {
  const groups = new Map<string, Group>();
  for (const tenant of app.tenants) {
    const key = JSON.stringify([tenant.connection, tenant.person]);
    const group = groups.get(key);
    if (group) group.tenants.push(tenant);
    else {
      groups.set(key, {
        key,
        connection:
          app.connections.find(({ id }) => id === tenant.connection)?.name ?? tenant.connection,
        user: tenant.user,
        email: emailBeside(tenant),
        tenants: [tenant],
      });
    }
  }
  return [...groups.values()];
}

/** A person's e-mail address, where it says more than the name does. */
export function emailBeside({ user, email }: TenantView): string | null {
  return email === user ? null : email;
}

/** What is left of the groups when every word that was typed must be found in a tenant's names. */
export function matching(groups: Group[], typed: string): Group[] {
  const words = plain(typed).split(/\s+/u);
  return groups
    .map((group) => ({
      ...group,
      tenants: group.tenants.filter((tenant) => {
        // What all of them share tells none apart.
        const shared = groups.length > 1 ? [group.user, group.email, group.connection] : [];
        const names = plain([tenant.name, ...shared].join(' '));
        return words.every((word) => names.includes(word));
      }),
    }))
    .filter(({ tenants }) => tenants.length > 0);
}

/** Small letters without their accents: `arzte` finds `Ärzte`. */
function plain(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/\p{Mn}/gu, '')
    .toLowerCase();
}

/** Whether the workspace's admin token must be typed before anything can be asked for. */
export function wantsSigningKey({ signingKey }: ConnectionView): boolean {
  return signingKey.state === 'missing' || signingKey.state === 'refused';
}

/** The connections where somebody's session lives, in the order of their files. */
export function withSessions(app: AppView): ConnectionView[] {
  return app.connections.filter((connection) => sessionsAt(app, connection.id) > 0);
}

/** How many tenants of a connection have a session. */
export function sessionsAt(app: AppView, connection: string): number {
  return app.tenants.filter((one) => one.connection === connection && one.status.state !== 'closed')
    .length;
}

/** What a sign-in at a connection is for when nothing else is said. */
export function usualIntent(app: AppView, connection: string): SignInIntent {
  return { kind: sessionsAt(app, connection) > 0 ? 'organization' : 'first' };
}

/** The way to more organizations: one sign-in for each, or all of them at once. */
export function wayToMore({ hosted }: ConnectionView): string {
  return hosted ? 'Look for new organizations' : 'Add organization';
}

/** What to do in the browser for a sign-in of this kind; `null` where it is plain. */
export function doInBrowser(app: AppView, connection: string, intent: SignInIntent): string | null {
  const isHosted = app.connections.some(({ id, hosted }) => id === connection && hosted);
  if (intent.kind === 'person') return 'Sign in there as the other person.';
  if (intent.kind === 'organization' && !isHosted) return 'Choose there the organization to add.';
  if (intent.kind !== 'again') return null;
  const tenant = app.tenants.find(({ id }) => id === intent.tenant);
  if (!tenant) return null;
  const choose = isHosted || tenant.personal ? '' : `, and choose ${brief(tenant.name)}`;
  return `Sign in there as ${brief(tenant.user)}${choose}.`;
}
