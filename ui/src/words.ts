// Times, names and numbers in words. What speaks of time takes the time it speaks
// at, so that a test can say what time it is.

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago, in the largest whole unit: `just now`, `2 min ago`, `3 h ago`, `5 days ago`. */
export function ago(then: number, now: number): string {
  const past = now - then;
  if (past < MINUTE) return 'just now';
  if (past < HOUR) return `${Math.floor(past / MINUTE)} min ago`;
  if (past < DAY) return `${Math.floor(past / HOUR)} h ago`;
  const days = Math.floor(past / DAY);
  return days === 1 ? 'yesterday' : `${days} days ago`;
}

const TIME_OF_DAY = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

/** The time of day to the minute, in the viewer's own way: `14:00`. */
export function timeOfDay(time: number): string {
  return TIME_OF_DAY.format(time);
}

/** How long until, in its two largest units: `4 min 32 s`, `1 h 5 min`; `null` once it is past. */
export function left(until: number, now: number): string | null {
  const rest = Math.ceil((until - now) / SECOND) * SECOND;
  if (rest <= 0) return null;
  const units: [number, string][] = [
    [DAY, 'd'],
    [HOUR, 'h'],
    [MINUTE, 'min'],
    [SECOND, 's'],
  ];
  const first = units.findIndex(([size]) => rest >= size);
  let remaining = rest;
  const words: string[] = [];
  for (const [size, name] of units.slice(first, first + 2)) {
    const count = Math.floor(remaining / size);
    remaining -= count * size;
    if (count > 0) words.push(`${count} ${name}`);
  }
  return words.join(' ');
}

/** How long until, on the last day before it, to the minute; `null` earlier, and once it is past. */
export function lastDay(until: number, now: number): string | null {
  const rest = until - now;
  return rest > DAY ? null : left(Math.ceil(rest / MINUTE) * MINUTE, 0);
}

const MOMENT = new Intl.DateTimeFormat(undefined, {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});

/** A moment to the minute, in the viewer's own time: `Sat 28 Nov, 14:00`. */
export function moment(time: number): string {
  return MOMENT.format(time);
}

/** Up to two capitals that stand for a name: `AC` for `Acme Corporation`, the sign itself for `🎉`. */
export function initials(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
  if (words.length === 0) {
    const [first] = new Intl.Segmenter().segment(name.trim());
    return first?.segment ?? '';
  }
  return words
    .slice(0, 2)
    .map((word) => String.fromCodePoint(word.codePointAt(0) ?? 0x20).toLocaleUpperCase())
    .join('');
}

/** A role as Clerk writes it, for people: `Billing manager` for `org:billing_manager`. */
export function role(name: string): string {
  const words = name.replace(/^org:/, '').replaceAll('_', ' ');
  return words.charAt(0).toLocaleUpperCase() + words.slice(1);
}

/**
 * A name inside a sentence of an attribute, where `<bdi>` cannot stand: whichever
 * direction it is written in, the words around it keep theirs (UAX #9, isolates).
 */
export function isolated(name: string): string {
  return `\u2068${name}\u2069`;
}

/** A name for a sentence or a heading: as it is, or its beginning where it is as long as a paragraph. */
export function brief(name: string, most = 32): string {
  const signs = Array.from(new Intl.Segmenter().segment(name), ({ segment }) => segment);
  const text = signs.length > most ? `${signs.slice(0, most).join('').trimEnd()}…` : name;
  return isolated(text);
}

/** Names in a sentence, the first few of many: `Acme, Globex, Initech and 5 more`. */
export function listed(names: string[], most = 3): string {
  // One more takes no more room than “and 1 more”.
  const shown = names.length > most + 1 ? names.slice(0, most) : names;
  const words = shown.map((name) => brief(name));
  if (shown.length < names.length) words.push(`${names.length - shown.length} more`);
  const last = words.pop() ?? '';
  return words.length === 0 ? last : `${words.join(', ')} and ${last}`;
}

/** How many sessions elsewhere were ended, as a sentence. */
export function ended(sessions: number): string {
  if (sessions === 0) return 'There were no other sessions.';
  return sessions === 1 ? 'Ended 1 other session.' : `Ended ${sessions} other sessions.`;
}
