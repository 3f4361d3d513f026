/**
 * Puts values back where their pseudonyms stand, for whoever policy lets see them: from the memory of the call that gave
 * them, or not at all. What is put in is never read again, so that no value can name another.
 */

import { isRemembered } from '../../model/entity-types.ts';
import type { EntityType } from '../../model/transcript.ts';
import type { CallMemory } from './call-memory.ts';

export interface Restored {
  readonly text: string;
  /** How many values of each type were put back. */
  readonly restored: Readonly<Record<EntityType, number>>;
  /** Pseudonyms of these types that stay, as nobody knows any more what they stand for. */
  readonly unknown: number;
}

/** A longer thing in brackets is none of ours, and is not waited for. */
const MAX_TOKEN_CHARS = 64;
/** `[CARD_1]`, `[CARD_1 …1111]` */
const TOKEN = /^\[([A-Z][A-Z_]*)_([1-9][0-9]{0,8})(?: …[0-9]{4})?\]$/;
/** What may yet become one. */
const BEGINNING = /^\[(?:[A-Z][A-Z_]*[0-9]{0,9}(?: (?:…[0-9]{0,4})?)?)?$/;

/** Puts back all of a text's values of the given types that the call knows. */
export function restoreText(text: string, memory: CallMemory, types: readonly EntityType[]): Restored {
  const restorer = new TokenRestorer(memory, types);
  const whole = restorer.push(text) + restorer.end();
  return { text: whole, restored: restorer.restored, unknown: restorer.unknown };
}

/** The same for text that comes in chunks, which may be cut inside of a token. */
export class TokenRestorer {
  readonly #memory: CallMemory;
  readonly #types: ReadonlySet<EntityType>;
  readonly #restored: Record<EntityType, number> = {};
  #unknown = 0;
  /** The beginning of what may become a token. */
  #held = '';

  constructor(memory: CallMemory, types: readonly EntityType[]) {
    this.#memory = memory;
    this.#types = new Set(types.filter(isRemembered));
  }

  get restored(): Readonly<Record<EntityType, number>> {
    return { ...this.#restored };
  }

  get unknown(): number {
    return this.#unknown;
  }

  /** Answers what can be given of it; the rest follows, at most 64 characters late. */
  push(chunk: string): string {
    let given = '';
    let from = 0;
    while (from < chunk.length) {
      if (this.#held === '') {
        const open = chunk.indexOf('[', from);
        if (open < 0) return given + chunk.slice(from);
        given += chunk.slice(from, open);
        this.#held = '[';
        from = open + 1;
        continue;
      }
      const char = chunk.charAt(from);
      // The bracket that ends the hope for one token may begin the next: it is looked at again.
      if (char !== '[') from += 1;
      given += this.#hold(char);
    }
    return given;
  }

  /** Nothing follows. */
  end(): string {
    const rest = this.#held;
    this.#held = '';
    return rest;
  }

  #hold(char: string): string {
    const text = char === '[' ? this.#held : this.#held + char;
    if (char !== '[' && text.length <= MAX_TOKEN_CHARS && BEGINNING.test(text)) {
      this.#held = text;
      return '';
    }
    this.#held = '';
    return char === ']' ? this.#valueOf(text) : text;
  }

  /** What a token stands for; the token itself where that is not to be said, or nobody knows it. */
  #valueOf(token: string): string {
    const [, type, number] = TOKEN.exec(token) ?? [];
    if (type === undefined || !this.#types.has(type)) return token;
    const known = this.#memory.values.named(type, Number(number));
    if (known === undefined) {
      this.#unknown += 1;
      return token;
    }
    this.#restored[type] = (this.#restored[type] ?? 0) + 1;
    return known.said;
  }
}
