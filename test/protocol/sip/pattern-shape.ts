/**
 * Whether a regular expression can only take linear time, by its shape alone: single characters repeated, each run ended
 * by what cannot be in it, and no start inside a run. Stricter than needed; what it cannot judge it calls unsafe.
 */

/** One repeatable character of a pattern: which of the 256 byte values it takes, and how often. */
interface Atom {
  readonly takes: (char: string) => boolean;
  readonly min: number;
  readonly max: number;
}

/** Repetitions up to this many are as good as none. */
const FEW = 8;
const MAX_ENDINGS = 100;
const BYTES = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));

/** A condition on the place, which may fail after a run. */
const NO_CHARACTER: Atom = { takes: () => false, min: 1, max: 1 };

/** Undefined when it is linear, else what is wrong. */
export function whyNotLinear(pattern: RegExp): string | undefined {
  const reader = new PatternReader(pattern.source, pattern.ignoreCase);
  const ways = reader.pattern();
  if (!reader.atEnd) return 'cannot be read';
  if (reader.complaint) return reader.complaint;
  const isAnchored = pattern.source.startsWith('^') && !pattern.multiline && reader.topLevelWays === 1;
  for (const way of ways) {
    const why = judge(way, isAnchored);
    if (why) return why;
  }
  return undefined;
}

function judge(way: readonly Atom[], isAnchored: boolean): string | undefined {
  let endings = 1;
  for (const [at, atom] of way.entries()) {
    if (atom.max <= FEW) continue;
    for (const next of way.slice(at + 1)) {
      if (meet(atom, next)) endings *= atom.max;
      if (next.min > 0) break;
    }
  }
  // Tried from one place only, a run of a known length ends in a known number of places.
  if (endings > (isAnchored ? MAX_ENDINGS : 1)) return 'a run may end in two places';
  const first = way.findIndex(({ max }) => max > FEW);
  if (isAnchored || first < 0 || way.length === 1) return undefined;
  const run = way[first];
  const [start] = way;
  // A try that begins in the middle of a run would walk the rest of it again, and so would the next.
  const startsOutside = first > 0 && start !== undefined && start.min > 0 && run !== undefined && !meet(start, run);
  return startsOutside ? undefined : 'it may start inside a run';
}

function meet(one: Atom, other: Atom): boolean {
  return BYTES.some((char) => one.takes(char) && other.takes(char));
}

/** Just the syntax our patterns use. */
class PatternReader {
  complaint: string | undefined;
  topLevelWays = 1;
  readonly #source: string;
  readonly #flags: string;
  #at = 0;

  constructor(source: string, ignoreCase: boolean) {
    this.#source = source;
    this.#flags = ignoreCase ? 'i' : '';
  }

  get atEnd(): boolean {
    return this.#at === this.#source.length;
  }

  pattern(): Atom[][] {
    const ways = this.#sequence();
    for (; this.#eat('|'); this.topLevelWays += 1) ways.push(...this.#sequence());
    return ways;
  }

  #alternatives(): Atom[][] {
    const ways = this.#sequence();
    while (this.#eat('|')) ways.push(...this.#sequence());
    return ways;
  }

  #sequence(): Atom[][] {
    let ways: Atom[][] = [[]];
    while (!this.atEnd && !/[|)]/.test(this.#peek())) {
      const parts = this.#term();
      ways = ways.flatMap((way) => parts.map((part) => [...way, ...part]));
    }
    return ways;
  }

  #term(): Atom[][] {
    if (this.#eat('^')) return [[]];
    if (this.#eat('$')) return [[NO_CHARACTER]];
    if (this.#eat('(?=') || this.#eat('(?!')) {
      const inside = this.#alternatives();
      if (inside.flat().some(({ max }) => max > FEW)) this.complaint = 'a run in a lookahead';
      this.#eat(')');
      return [[NO_CHARACTER]];
    }
    if (this.#eat('(?:') || this.#eat('(')) {
      const inside = this.#alternatives();
      this.#eat(')');
      return this.#repeatGroup(inside);
    }
    const text = this.#character();
    const one = new RegExp(`^(?:${text})$`, `${this.#flags}s`);
    const { min, max } = this.#quantifier();
    return [[{ takes: (char) => one.test(char), min, max }]];
  }

  #repeatGroup(inside: Atom[][]): Atom[][] {
    const { min, max } = this.#quantifier();
    if (max > 1 && inside.flat().some((atom) => atom.max > FEW)) this.complaint = 'a run within a repetition';
    if (max > FEW) this.complaint = 'a group repeated without end';
    return min === 0 ? [[], ...inside] : inside;
  }

  #character(): string {
    const found = /^(?:\[\^?(?:\\.|[^\]\\])*\]|\\x[0-9a-f]{2}|\\p\{\w+\}|\\.|.)/is.exec(this.#source.slice(this.#at));
    const text = found?.[0] ?? '';
    this.#at += Math.max(1, text.length);
    return text;
  }

  #quantifier(): { readonly min: number; readonly max: number } {
    if (this.#eat('*')) return { min: 0, max: Infinity };
    if (this.#eat('+')) return { min: 1, max: Infinity };
    if (this.#eat('?')) return { min: 0, max: 1 };
    const found = /^\{(\d+)(,(\d*))?\}/.exec(this.#source.slice(this.#at));
    if (!found) return { min: 1, max: 1 };
    this.#at += found[0].length;
    const min = Number(found[1]);
    return { min, max: found[2] === undefined ? min : found[3] === '' ? Infinity : Number(found[3]) };
  }

  #peek(): string {
    return this.#source.charAt(this.#at);
  }

  #eat(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }
}
