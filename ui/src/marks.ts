// What lies under the pointer. The core tells where the marks of a picture are;
// this file only measures distances. Coordinates are CSS pixels of the picture.

import type { Entry } from './generated/Entry';
import type { Group } from './generated/Group';
import type { Mark } from './generated/Mark';
import type { Marks } from './generated/Marks';
import type { Rect } from './generated/Rect';
import type { Shape } from './generated/Shape';
import { meant } from './series';

export interface Point {
  x: number;
  y: number;
}

/** How far beside the plot the pointer may be and still mean it. */
const REACH = 8;
/** How far beyond the nearest mark another is as near, for a pointer that knows whole pixels. */
const SAME = 0.5;

/** The index of the mark that stands nearest to a value of the axis along the bottom. */
export function nearestTo({ marks }: Marks, at: number): number | null {
  let nearest: number | null = null;
  let least = Infinity;
  marks.forEach((mark, index) => {
    const distance = mark.at === null ? Infinity : Math.abs(mark.at - at);
    if (distance < least) {
      least = distance;
      nearest = index;
    }
  });
  return nearest;
}

/** The index of the mark that the pointer means. */
export function pick({ plot, pick, marks }: Marks, at: Point): number | null {
  if (pick === 'shape' || pick === 'span') {
    // What was drawn last lies on top.
    const index = marks.findLastIndex((mark) => covers(mark.shape, at));
    return index < 0 ? null : index;
  }
  const inside =
    at.x >= plot.x - REACH &&
    at.x <= plot.x + plot.width + REACH &&
    at.y >= plot.y - REACH &&
    at.y <= plot.y + plot.height + REACH;
  if (!inside) return null;
  const least = marks.reduce(
    (least, { shape }) => Math.min(least, distanceX(shape, at.x)),
    Infinity,
  );
  let nearest: number | null = null;
  let lowest = Infinity;
  // Of marks that share a pixel, the one with a value at the pointer's height: each has peaks of its own.
  marks.forEach((mark, index) => {
    if (distanceX(mark.shape, at.x) > least + SAME) return;
    const height = distanceY(mark, at.y);
    if (nearest === null || height < lowest) {
      lowest = height;
      nearest = index;
    }
  });
  return nearest;
}

/** How far above or below the pointer the mark's nearest value is. */
function distanceY({ entries }: Mark, y: number): number {
  return entries.reduce(
    (least, entry) => (entry.y === null ? least : Math.min(least, Math.abs(entry.y - y))),
    Infinity,
  );
}

/**
 * The entry of a mark that a point means: the bar that it is on, the layer that it is in, or the nearest value, if one
 * is near.
 */
export function entryAt(pick: Marks['pick'], mark: Mark, at: Point): Entry | null {
  const { entries, parts } = mark;
  if (parts.length > 0) return entries[parts.findLastIndex((part) => holds(part, at))] ?? null;
  if (pick === 'layer') return layer(entries, at.y);
  return entries.length > 1 ? meant(entries, at.y) : null;
}

/** The layer whose upper edge is the next one above the pointer. */
function layer(entries: Entry[], y: number): Entry | null {
  return entries.reduce<Entry | null>(
    (best, entry) =>
      entry.y !== null && entry.y <= y && (best?.y == null || entry.y > best.y) ? entry : best,
    null,
  );
}

/** The series that a point on a mark is about: the only one there is, or the one that the point means. */
export function groupAt({ pick, groups }: Marks, mark: Mark, at: Point | null): Group | null {
  if (groups.length === 0) return null;
  const only = mark.entries.length === 1 ? (mark.entries[0] ?? null) : null;
  const entry = only ?? (at && entryAt(pick, mark, at));
  return groups.find(({ name }) => name === entry?.name) ?? null;
}

/** Whether a shape covers a point. */
export function covers(shape: Shape, at: Point): boolean {
  switch (shape.type) {
    case 'column':
      return Math.abs(shape.x - at.x) <= REACH;
    case 'rect':
      return holds(shape, at);
    case 'wedge': {
      const dx = at.x - shape.cx;
      const dy = at.y - shape.cy;
      const radius = Math.hypot(dx, dy);
      if (radius < shape.inner || radius > shape.outer) return false;
      // Clockwise from twelve o'clock, as the core measures.
      const angle = Math.atan2(dx, -dy);
      return turn(angle - shape.start) < shape.end - shape.start;
    }
    case 'polygon':
      return isInside(shape.points, at);
  }
}

function holds({ x, y, width, height }: Rect, at: Point): boolean {
  return at.x >= x && at.x < x + width && at.y >= y && at.y < y + height;
}

/** Whether a ray to the right leaves a closed outline once more than it enters it. */
function isInside(points: [number, number][], { x, y }: Point): boolean {
  let inside = false;
  points.forEach(([ax, ay], index) => {
    const [bx, by] = points.at(index - 1) ?? [ax, ay];
    if (ay > y !== by > y && x < ax + ((bx - ax) * (y - ay)) / (by - ay)) inside = !inside;
  });
  return inside;
}

/** The rectangle around a closed outline: its left, upper, right and lower side. */
function around(points: [number, number][]): [number, number, number, number] {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** An angle within one turn: 0 to 2π. */
function turn(angle: number): number {
  const full = 2 * Math.PI;
  return ((angle % full) + full) % full;
}

function distanceX(shape: Shape, x: number): number {
  switch (shape.type) {
    case 'column':
      return Math.abs(shape.x - x);
    case 'rect':
      return Math.max(shape.x - x, 0, x - (shape.x + shape.width));
    case 'wedge':
      return Math.abs(shape.cx - x);
    case 'polygon': {
      const [left, , right] = around(shape.points);
      return Math.max(left - x, 0, x - right);
    }
  }
}

/** Where the tooltip of a mark points when no pointer says where. */
export function anchor(mark: Mark, plot: Marks['plot']): Point {
  const { shape } = mark;
  switch (shape.type) {
    case 'column': {
      const heights = mark.entries.flatMap((entry) => (entry.y === null ? [] : [entry.y]));
      return { x: shape.x, y: heights.length > 0 ? Math.min(...heights) : plot.y };
    }
    case 'rect':
      return { x: shape.x + shape.width / 2, y: shape.y + shape.height / 2 };
    case 'wedge': {
      const angle = (shape.start + shape.end) / 2;
      const radius = (shape.inner + shape.outer) / 2;
      return { x: shape.cx + radius * Math.sin(angle), y: shape.cy - radius * Math.cos(angle) };
    }
    case 'polygon': {
      const [left, top, right, bottom] = around(shape.points);
      return { x: (left + right) / 2, y: (top + bottom) / 2 };
    }
  }
}

/** The outline of a wedge or a polygon as SVG path data. */
export function outline(shape: Extract<Shape, { type: 'wedge' | 'polygon' }>): string {
  return shape.type === 'wedge'
    ? arc(shape)
    : `M${shape.points.map((at) => at.join(' ')).join('L')}Z`;
}

function arc(wedge: Extract<Shape, { type: 'wedge' }>): string {
  const { cx, cy, inner, outer } = wedge;
  const { start } = wedge;
  // An arc cannot end where it starts: a full ring stops just short of it.
  const end = Math.min(wedge.end, start + 2 * Math.PI - 1e-3);
  const at = (radius: number, angle: number) =>
    `${(cx + radius * Math.sin(angle)).toFixed(3)} ${(cy - radius * Math.cos(angle)).toFixed(3)}`;
  const large = end - start > Math.PI ? 1 : 0;
  return (
    `M${at(outer, start)}A${outer} ${outer} 0 ${large} 1 ${at(outer, end)}` +
    `L${at(inner, end)}A${inner} ${inner} 0 ${large} 0 ${at(inner, start)}Z`
  );
}

/** The mark that an arrow key leads to, from the one the viewer is on. */
export function step(key: string, from: number | null, count: number): number | null {
  if (count === 0) return null;
  switch (key) {
    case 'ArrowRight':
    case 'ArrowDown':
      return from === null ? 0 : Math.min(from + 1, count - 1);
    case 'ArrowLeft':
    case 'ArrowUp':
      return from === null ? count - 1 : Math.max(from - 1, 0);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}
