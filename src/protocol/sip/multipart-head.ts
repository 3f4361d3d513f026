/** The header lines of one part of a body (RFC 2046 §5.1): what it is, how long, and whether it is the session's. */

const MAX_HEAD_LINES = 32;

/** A number of the text, and where it is written. */
export interface Token {
  readonly value: number;
  readonly at: number;
  readonly length: number;
}

export interface PartHead {
  /** Lower-case `type/subtype`. */
  readonly type: string;
  /** With its parameters. */
  readonly contentType: string;
  readonly contentLength: Token | undefined;
  /** Its disposition is the session, by name or by default (RFC 5621 §3.2); an early session is another (RFC 3959). */
  readonly isSession: boolean;
  /** Its content is as it stands, not in another encoding. */
  readonly isIdentity: boolean;
  /** Where the content begins. */
  readonly end: number;
}

interface HeadLine {
  readonly value: string;
  readonly at: number;
}

/** Reads the head of the part `text[from, to)`; undefined for one that has no end, or says one thing twice. */
export function readPartHead(text: string, from: number, to: number): PartHead | undefined {
  const lines = new Map<string, HeadLine>();
  let at = from;
  for (let count = 0; count <= MAX_HEAD_LINES; count += 1) {
    const lf = text.indexOf('\n', at);
    // A part may be all head, with no content and no empty line.
    if (lf === -1 || lf >= to) return undefined;
    const line = text.slice(at, text[lf - 1] === '\r' ? lf - 1 : lf);
    if (line === '') return describe(lines, lf + 1);
    if (!addLine(lines, line, at)) return undefined;
    at = lf + 1;
  }
  return undefined;
}

/** False for what is no header line, goes on in the next one, or was said before: two readers could differ on it. */
function addLine(lines: Map<string, HeadLine>, line: string, at: number): boolean {
  const found = /^([\w!#$%&'*+.^`|~-]{1,64})[ \t]*:[ \t]*/.exec(line);
  const name = found?.[1]?.toLowerCase();
  if (!found || name === undefined || lines.has(name)) return /^[ \t]/.test(line) ? isHarmlessFold(lines) : false;
  lines.set(name, { value: line.slice(found[0].length).trimEnd(), at: at + found[0].length });
  return true;
}

/** A folded line adds to a value; of those we read, none may be one. */
function isHarmlessFold(lines: Map<string, HeadLine>): boolean {
  const last = [...lines.keys()].at(-1);
  return last !== undefined && !READ.has(last);
}

const READ = new Set([
  'content-type',
  'content-length',
  'content-disposition',
  'content-encoding',
  'content-transfer-encoding',
]);

function describe(lines: Map<string, HeadLine>, end: number): PartHead | undefined {
  const valueOf = (name: string): string => lines.get(name)?.value ?? '';
  const firstWord = (name: string): string => (valueOf(name).split(';')[0] ?? '').trim().toLowerCase();
  const length = lines.get('content-length');
  if (length && !/^\d{1,6}$/.test(length.value)) return undefined;
  return {
    type: firstWord('content-type').replace(/\s/g, ''),
    contentType: valueOf('content-type'),
    contentLength: length && { value: Number(length.value), at: length.at, length: length.value.length },
    isSession: ['', 'session'].includes(firstWord('content-disposition')),
    isIdentity:
      ['', 'identity'].includes(firstWord('content-encoding')) &&
      ['', '7bit', '8bit', 'binary'].includes(firstWord('content-transfer-encoding')),
    end,
  };
}
