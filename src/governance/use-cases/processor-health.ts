/** Whether a processor answers, from the last that was heard of it. It remembers; who is told of it is decided elsewhere. */

import type { ProcessorId } from '../../base/ids.ts';
import type { PolicyInput } from '../../model/decision.ts';

export type Health = NonNullable<PolicyInput['processor']>['health'];

/** A failure says nothing about later: where policy denies what is down, nobody would ever find out that it is up again. */
const DOWN_FOR_MS = 60_000;

export class ProcessorHealth {
  readonly #last = new Map<ProcessorId, { readonly isUp: boolean; readonly atUs: number }>();

  /** Processors are those of the configuration, so there are few. */
  note(processor: ProcessorId, isUp: boolean, atUs: number): void {
    this.#last.set(processor, { isUp, atUs });
  }

  /** `up` when it answered last, `down` when it failed less than a minute ago, `unknown` otherwise. */
  of(processor: ProcessorId, nowUs: number): Health {
    const last = this.#last.get(processor);
    if (last === undefined) return 'unknown';
    if (last.isUp) return 'up';
    return nowUs - last.atUs < DOWN_FOR_MS * 1000 ? 'down' : 'unknown';
  }
}
