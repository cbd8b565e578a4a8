// One picture after another in the same place: the one before fades away over the
// next, unless it is of another size, or the viewer wants nothing to move.

import { mayMove } from '../motion';

/** Shows the picture in its host; `null` shows none. */
export function fade(host: HTMLElement, next: SVGSVGElement | null, mayFade: boolean): void {
  const before = host.querySelector('svg:not([data-leaving])');
  // Stretched to the size of the host, for the moment until it is drawn in that size.
  next?.setAttribute('preserveAspectRatio', 'none');
  const isSameSize =
    before !== null &&
    next !== null &&
    ['width', 'height'].every((side) => before.getAttribute(side) === next.getAttribute(side));
  if (before === next) return;
  if (!isSameSize || !mayFade || !mayMove()) {
    host.replaceChildren(...(next ? [next] : []));
    return;
  }
  for (const gone of host.querySelectorAll('svg[data-leaving]')) gone.remove();
  before.toggleAttribute('data-leaving', true);
  before.setAttribute('aria-hidden', 'true');
  before.addEventListener('animationend', () => before.remove());
  host.prepend(next);
}
