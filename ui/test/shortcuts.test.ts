import { expect, onTestFinished, test } from 'vitest';
import { readable, shortcut, spoken } from '../src/shortcuts';

const press = (key: string, held: KeyboardEventInit = {}) =>
  new KeyboardEvent('keydown', { key, cancelable: true, ...held });

test.each([
  ['Ctrl elsewhere', { ctrlKey: true }, false],
  ['Cmd on a Mac', { metaKey: true }, true],
])('%s makes a shortcut of a letter or a digit', (_, held, isMac) => {
  expect(shortcut(press('k', held), isMac)).toBe('K');
  expect(shortcut(press('K', held), isMac)).toBe('K');
  expect(shortcut(press('9', held), isMac)).toBe('9');
  expect(shortcut(press('0', held), isMac)).toBeNull();
  expect(shortcut(press('Enter', held), isMac)).toBeNull();
});

test.each([
  ['no key beside it', {}],
  ['the other command key', { metaKey: true }],
  ['both', { ctrlKey: true, metaKey: true }],
  ['AltGr, which is Ctrl and Alt', { ctrlKey: true, altKey: true }],
  ['Shift', { ctrlKey: true, shiftKey: true }],
  ['an input method at work', { ctrlKey: true, isComposing: true }],
])('%s makes none', (_, held) => {
  expect(shortcut(press('k', held), false)).toBeNull();
});

test('where a key has another sign on it, its place counts', () => {
  const held = { ctrlKey: true };
  expect(shortcut(press('&', { ...held, code: 'Digit1' }), false)).toBe('1');
  expect(shortcut(press('л', { ...held, code: 'KeyK' }), false)).toBe('K');
  // On a Dvorak keyboard the sign is there, elsewhere.
  expect(shortcut(press('t', { ...held, code: 'KeyK' }), false)).toBe('T');
});

test('a dialog has the window to itself', () => {
  const dialog = document.body.appendChild(document.createElement('dialog'));
  onTestFinished(() => dialog.remove());
  expect(shortcut(press('k', { ctrlKey: true }), false)).toBe('K');
  dialog.showModal();
  expect(shortcut(press('k', { ctrlKey: true }), false)).toBeNull();
});

test('what somebody else took is taken', () => {
  const event = press('k', { ctrlKey: true });
  event.preventDefault();
  expect(shortcut(event, false)).toBeNull();
});

test('shortcuts are written as each system writes them', () => {
  expect([readable('K', false), readable('K', true)]).toEqual(['Ctrl+K', '⌘K']);
  expect([spoken('2', false), spoken('2', true)]).toEqual(['Control+2', 'Meta+2']);
});
