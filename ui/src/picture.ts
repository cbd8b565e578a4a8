// From the SVG text of the core to elements of the page. The core writes no
// scripts, styles or references, and the window's policy would block them; this
// is the third lock on the same door, because the text holds strings from data.

const SVG = 'http://www.w3.org/2000/svg';

const ELEMENTS = new Set(
  'svg g path rect circle ellipse line polyline polygon text tspan title desc'.split(' '),
);

/** An attribute that could load, run or restyle something. */
function isForbidden({ name, value }: Attr): boolean {
  return /^(on.*|style|class|id|src|(.*:)?href|xml:base)$/i.test(name) || /url\(/i.test(value);
}

/** The picture as an element that is not in the page yet; `null` when the text is no SVG. */
export function parsePicture(text: string): SVGSVGElement | null {
  const parsed = new DOMParser().parseFromString(text, 'image/svg+xml');
  const root = parsed.documentElement;
  if (root.namespaceURI !== SVG || root.localName !== 'svg') return null;
  if (parsed.getElementsByTagName('parsererror').length > 0) return null;
  // A list of its own: the tree changes while it is walked.
  for (const element of [...root.querySelectorAll('*')]) {
    if (element.namespaceURI !== SVG || !ELEMENTS.has(element.localName)) element.remove();
  }
  for (const element of [root, ...root.querySelectorAll('*')]) {
    for (const attribute of [...element.attributes]) {
      if (attribute.name !== 'xmlns' && isForbidden(attribute)) {
        element.removeAttributeNode(attribute);
      }
    }
  }
  return document.adoptNode(root) as unknown as SVGSVGElement;
}
