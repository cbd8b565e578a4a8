// How a dashboard comes to be from the pipes, in words.

import type { MadeView } from './generated/MadeView';
import type { MakingView } from './generated/MakingView';

/** How far asking the pipes has come. */
export function progress({ asked, pipes }: MakingView): string {
  return pipes === 0 ? 'Asking for the list of pipes…' : `${asked} of ${pipes} pipes`;
}

/** How many pipes are not on a made dashboard; `null` where all are. */
export function leftOut({ leftOut: pipes }: MadeView): string | null {
  if (pipes.length === 0) return null;
  return pipes.length === 1 ? '1 pipe is left out' : `${pipes.length} pipes are left out`;
}
