// Which tab of a dashboard stands open, and which of its sections are closed:
// remembered per tenant and dashboard until Perch quits.

import { SvelteMap, SvelteSet } from 'svelte/reactivity';

export class Standing {
  /** The tab that the viewer chose; `null` before they did. */
  tab = $state<string | null>(null);
  readonly #closed = new SvelteSet<string>();

  isClosed(tab: string | null, section: string): boolean {
    return this.#closed.has(keyOf(tab, section));
  }

  toggle(tab: string | null, section: string): void {
    const key = keyOf(tab, section);
    if (!this.#closed.delete(key)) this.#closed.add(key);
  }
}

const keyOf = (...parts: (string | null)[]) => JSON.stringify(parts);

const visited = new SvelteMap<string, Standing>();

/** How the viewer left a dashboard of a tenant. */
export function standingOf(tenant: string, dashboard: string): Standing {
  const key = keyOf(tenant, dashboard);
  const standing = visited.get(key) ?? new Standing();
  visited.set(key, standing);
  return standing;
}
