// A token's claims, made readable. They are data like any other: what does not
// have the form of a claim is left to the plain JSON below it.

export interface Scope {
  type: string;
  resource: string;
  /** Parameters that the token fixes, whatever a request says. */
  fixed: [name: string, value: string][];
}

export function scopesOf(claims: unknown): Scope[] {
  if (!isRecord(claims) || !Array.isArray(claims['scopes'])) return [];
  return claims['scopes'].filter(isRecord).map((scope) => ({
    type: text(scope['type']),
    resource: text(scope['resource']),
    fixed: isRecord(scope['fixed_params'])
      ? Object.entries(scope['fixed_params']).map(([name, value]) => [name, text(value)])
      : [],
  }));
}

/** Who signed a token, in words; the connection file's own word where that is all there is. */
export function sourceInWords(source: string): string {
  return SOURCES[source] ?? source;
}

const SOURCES: Record<string, string> = {
  mint: 'Signed on this machine, with the admin token (mint)',
  'clerk-template': 'Signed by Clerk, from a JWT template (clerk-template)',
  broker: 'Signed by the operator’s broker (broker)',
  static: 'Read-only, from the connection file (static)',
};

export interface Piece {
  kind: 'key' | 'text' | 'value' | 'plain';
  text: string;
}

/** Indented JSON in pieces, for colour; put together they are `JSON.stringify`'s text. */
export function piecesOf(value: unknown): Piece[] {
  const json = JSON.stringify(value, null, 2);
  const pattern =
    /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of json.matchAll(pattern)) {
    if (match.index > end) pieces.push({ kind: 'plain', text: json.slice(end, match.index) });
    const [whole, string, colon] = match;
    if (string === undefined) pieces.push({ kind: 'value', text: whole });
    else if (colon === undefined) pieces.push({ kind: 'text', text: string });
    else pieces.push({ kind: 'key', text: string }, { kind: 'plain', text: colon });
    end = match.index + whole.length;
  }
  if (end < json.length) pieces.push({ kind: 'plain', text: json.slice(end) });
  return pieces;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
