// Moving through a menu by keyboard, as the ARIA Authoring Practices describe:
// arrows, Home, End, the first letters of a name, Escape.

import type { Attachment } from 'svelte/attachments';

/** How long letters typed one after the other belong to one name. */
const TYPING = 700;

/**
 * Puts the focus into the list and lets the keyboard walk its items: everything marked `data-item`.
 * A field marked `data-focus` gets the focus first.
 */
export function walkItems(close: () => void): Attachment<HTMLElement> {
  return (list) => {
    let typed = '';
    let typedAt = 0;
    const items = () => [...list.querySelectorAll<HTMLElement>('[data-item]:not(:disabled)')];

    const first =
      list.querySelector<HTMLElement>('[data-focus]') ??
      list.querySelector<HTMLElement>('[data-item][aria-checked="true"]') ??
      items()[0];
    first?.focus({ preventScroll: true });

    const onkeydown = (event: KeyboardEvent) => {
      if (event.key === 'Escape') {
        event.preventDefault();
        event.stopPropagation();
        close();
        return;
      }
      // A field in the list keeps its own keys.
      if (event.target instanceof HTMLInputElement) return;
      // Together with Ctrl, Cmd or Alt, keys are shortcuts of the window or the system.
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const all = items();
      if (all.length === 0) return;
      const at = all.indexOf(document.activeElement as HTMLElement);
      const to = (index: number) => {
        event.preventDefault();
        all.at(index % all.length)?.focus();
      };
      if (event.key === 'ArrowDown') to(at + 1);
      else if (event.key === 'ArrowUp') to(at < 0 ? -1 : at - 1);
      else if (event.key === 'Home') to(0);
      else if (event.key === 'End') to(-1);
      else if (event.key.length === 1 && /\S/.test(event.key)) {
        if (event.timeStamp - typedAt > TYPING) typed = '';
        typedAt = event.timeStamp;
        typed += event.key.toLocaleLowerCase();
        // One letter again and again goes on to the next name that starts with it.
        const from = typed.length === 1 ? at + 1 : Math.max(at, 0);
        const order = [...all.slice(from), ...all.slice(0, from)];
        const found = order.find((item) => nameOf(item).startsWith(typed));
        if (found) to(all.indexOf(found));
      }
    };
    list.addEventListener('keydown', onkeydown);
    return () => list.removeEventListener('keydown', onkeydown);
  };
}

function nameOf(item: HTMLElement): string {
  return (item.dataset['name'] ?? item.textContent).trim().toLocaleLowerCase();
}
