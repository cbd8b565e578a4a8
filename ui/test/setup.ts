// What jsdom's window lacks: a layout, a colour scheme, modal dialogs.

import { clearMocks } from '@tauri-apps/api/mocks';
import { afterEach, vi } from 'vitest';

/** Every box is as large as this. */
export const BOX = { width: 400, height: 300 };

vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => undefined }));
vi.stubGlobal(
  'ResizeObserver',
  class {
    observe() {}
    disconnect() {}
  },
);
vi.stubGlobal(
  'IntersectionObserver',
  class {
    observe() {}
    unobserve() {}
    disconnect() {}
  },
);
Object.defineProperties(HTMLElement.prototype, {
  clientWidth: { get: () => BOX.width },
  clientHeight: { get: () => BOX.height },
});
HTMLElement.prototype.scrollBy = function (this: HTMLElement, x?: unknown, y?: number) {
  this.scrollLeft += Number(x);
  this.scrollTop += y ?? 0;
  this.dispatchEvent(new Event('scroll'));
};
HTMLElement.prototype.setPointerCapture = () => undefined;
HTMLElement.prototype.scrollIntoView = () => undefined;
HTMLDialogElement.prototype.showModal = function () {
  this.setAttribute('open', '');
};
HTMLDialogElement.prototype.close = function () {
  this.removeAttribute('open');
};
Object.defineProperty(document, 'fonts', { value: { ready: Promise.resolve() } });

afterEach(() => {
  document.body.replaceChildren();
  clearMocks();
});
