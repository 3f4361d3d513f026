/**
 * What a look ahead knows: the call's values, and on top of them what it met itself, so that an echo within words that
 * may still change is caught as it will be when they no longer do. It teaches the call nothing.
 */

import type { EntityType } from '../../model/transcript.ts';
import { CallValues, type KnownValue, type Saying } from './call-values.ts';
import type { Settled } from './settled.ts';

export class PreviewValues {
  readonly #call: CallValues;
  #own: CallValues | undefined;

  constructor(call: CallValues) {
    this.#call = call;
  }

  get hasNumbers(): boolean {
    return this.#call.hasNumbers || this.#own?.hasNumbers === true;
  }

  get hasNames(): boolean {
    return this.#call.hasNames || this.#own?.hasNames === true;
  }

  learn(type: EntityType, value: string, saying?: Saying): KnownValue | undefined {
    return this.#call.find(type, value) ?? this.#mine().learn(type, value, saying);
  }

  extend(known: KnownValue, value: string, said?: string): KnownValue {
    return this.#mine().extend(known, value, said);
  }

  echoOf(digits: string): KnownValue | undefined {
    return this.#call.echoOf(digits) ?? this.#own?.echoOf(digits);
  }

  nameWith(word: string): KnownValue | undefined {
    return this.#call.nameWith(word) ?? this.#own?.nameWith(word);
  }

  /** The findings with only the names that the call has given: another may come to mean something else. */
  known({ tokens, findings }: Settled): Settled {
    return {
      tokens,
      findings: findings.map((one) => (one.value && !this.#isCalls(one.value) ? { ...one, value: undefined } : one)),
    };
  }

  #isCalls(known: KnownValue): boolean {
    return this.#call.find(known.type, known.value) === known;
  }

  /** Numbered from where the call is, so that no two of them have one name. */
  #mine(): CallValues {
    this.#own ??= new CallValues(this.#call.used);
    return this.#own;
  }
}
