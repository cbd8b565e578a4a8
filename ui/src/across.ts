// The axis along the bottom of a picture: which value stands where, and which
// stretch a viewer zooms to. All lengths are shares of the axis, 0 at its left
// side and 1 at its right one, so that a logarithmic axis is as easy as a linear.

import type { Across } from './generated/Across';
import type { Rect } from './generated/Rect';

/** A stretch of an axis, the lesser value first. */
export type Stretch = [from: number, to: number];

/** A pinch or a key never zooms in further than to this share of the whole. */
const LEAST = 1e-6;

/** How far along the axis a place in the picture is. */
export function along(plot: Rect, x: number): number {
  return plot.width > 0 ? (x - plot.x) / plot.width : 0;
}

/** The value that stands there. */
export function valueAt({ from, to, log }: Across, share: number): number {
  return log ? from * Math.pow(to / from, share) : from + (to - from) * share;
}

/** Where a value stands: outside of 0 to 1 where the axis does not reach it. */
export function shareOf({ from, to, log }: Across, value: number): number {
  return log ? Math.log(value / from) / Math.log(to / from) : (value - from) / (to - from);
}

/** The stretch between two places, whichever comes first. */
export function between(axis: Across, a: number, b: number): Stretch {
  const clamp = (share: number) => Math.max(0, Math.min(1, share));
  const ends = [valueAt(axis, clamp(a)), valueAt(axis, clamp(b))];
  return [Math.min(...ends), Math.max(...ends)];
}

/**
 * The stretch that is `factor` times as long, with the value at `around` where it
 * was. It does not leave the whole axis; `null` is all of it.
 */
export function scaled(
  axis: Across,
  whole: Across,
  factor: number,
  around: number,
): Stretch | null {
  const start = shareOf(axis, whole.from);
  const end = shareOf(axis, whole.to);
  const from = Math.max(around * (1 - factor), start);
  const to = Math.min(around + (1 - around) * factor, end);
  if (!(to - from < end - start)) return null;
  if (to - from < (end - start) * LEAST) return [axis.from, axis.to];
  return [valueAt(axis, from), valueAt(axis, to)];
}

/** The stretch as long as this one, moved by a share of it. It stops at the ends of the whole axis. */
export function shifted(axis: Across, whole: Across, by: number): Stretch {
  const room = Math.max(shareOf(axis, whole.from), Math.min(by, shareOf(axis, whole.to) - 1));
  return [valueAt(axis, room), valueAt(axis, room + 1)];
}
