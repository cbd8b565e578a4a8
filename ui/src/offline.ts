// What there is without a network, in words.

import type { OfflineCopyView } from './generated/OfflineCopyView';

/** Why something cannot be chosen while nobody answers. */
export const NOT_SEEN = 'Not seen before going offline';

/** Whether everything is there that is to be fetched ahead. */
export function isComplete({ progress }: OfflineCopyView): boolean {
  return progress !== null && progress.done === progress.all;
}

/** How far the copy is; `null` where nobody wants one. */
export function copied(copy: OfflineCopyView, isOffline: boolean): string | null {
  const { progress } = copy;
  if (progress === null) return null;
  if (isComplete(copy)) return 'Available offline';
  const { done, failed, all } = progress;
  const count = `${done} of ${all} answers are there`;
  if (isOffline) return `${count}; the others follow when you are online again`;
  // What failed is asked for again, but not now.
  return done + failed === all
    ? `${count}; the others are tried again later`
    : `Fetching: ${count}`;
}
