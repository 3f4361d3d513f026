/** Says what a hidden value stands for: one the call knows, one it learns, or the rest of the one said just before. */

import { isRemembered } from '../../model/entity-types.ts';
import type { KnownValue, Values } from './call-values.ts';
import { saidOf } from './lexer.ts';
import type { Mask } from './masks.ts';
import type { Token } from './speech/token.ts';

export class Naming {
  readonly #values: Values;
  /** The value whose hidden end has just left, in case it goes on. */
  #carried: { readonly known: KnownValue; readonly end: number } | undefined;

  constructor(values: Values) {
    this.#values = values;
  }

  /** One that goes on from here by itself, with values of its own. */
  copy(values: Values): Naming {
    const copy = new Naming(values);
    copy.#carried = this.#carried;
    return copy;
  }

  /** Masks come in order; `tokens` is what this one hides. */
  name(mask: Mask, tokens: readonly Token[]): KnownValue | undefined {
    const value = mask.value ?? tokens.map((token) => token.fold).join(' ');
    // A part that is read back is not how the value is said.
    const said = mask.rule.startsWith('echo.') ? undefined : saidOf(tokens);
    const carried = this.#carried;
    // A security code said in one breath with its card is not remembered with it either.
    const isNext = carried !== undefined && carried.end === mask.start && isRemembered(mask.type);
    const goesOn = isNext && !isWholeCard(carried.known) && (mask.isRest === true || carried.known.type === mask.type);
    const known = goesOn
      ? this.#values.extend(carried.known, value, said)
      : this.#values.learn(mask.type, value, { said, isWhole: mask.value !== undefined });
    this.#carried = known && { known, end: mask.end };
    return known;
  }
}

/** Of cards, the shortest that a detector took for one, and those that are one whatever it made of them. */
const SHORTEST_CARD = 12;
const USUAL_CARD = 15;

/** What follows one is its code or its expiry. */
function isWholeCard({ type, value, isWhole }: KnownValue): boolean {
  const digits = value.replaceAll(/\D/g, '').length;
  return type === 'CARD' && digits >= (isWhole ? SHORTEST_CARD : USUAL_CARD);
}
