// Shortcuts of the whole window: with Cmd on a Mac, with Ctrl everywhere else.

/** Asks for newer answers. */
export const REFRESH = 'R';
/** Pauses refreshing, and ends the pause. */
export const PAUSE = 'P';

const IS_MAC = navigator.userAgent.includes('Mac');

/**
 * The letter or digit (1 to 9) that was pressed together with the command key and
 * no other; `null` for every other key, and while a dialog has the window.
 */
export function shortcut(event: KeyboardEvent, isMac = IS_MAC): string | null {
  const [command, other] = isMac ? [event.metaKey, event.ctrlKey] : [event.ctrlKey, event.metaKey];
  if (!command || other || event.altKey || event.shiftKey || event.isComposing) return null;
  if (event.defaultPrevented || document.querySelector('dialog[open]')) return null;
  const key = event.key.toUpperCase();
  if (/^[A-Z1-9]$/.test(key)) return key;
  // Keyboards without Latin letters, or whose digits want Shift: the place of the key counts.
  return /^(?:Key|Digit)([A-Z1-9])$/.exec(event.code)?.[1] ?? null;
}

/** A shortcut as people read it: `Ctrl+K`, `⌘K`. */
export function readable(key: string, isMac = IS_MAC): string {
  return isMac ? `⌘${key}` : `Ctrl+${key}`;
}

/** A shortcut as `aria-keyshortcuts` has it. */
export function spoken(key: string, isMac = IS_MAC): string {
  return `${isMac ? 'Meta' : 'Control'}+${key}`;
}
