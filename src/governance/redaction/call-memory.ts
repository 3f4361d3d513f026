/** What the legs of one call share: the values it is known to hold, and who has been asked for what. Memory only. */

import type { EntityType } from '../../model/transcript.ts';
import { CallValues } from './call-values.ts';
import type { CardCall } from './card-talk.ts';
import { Slot } from './slots.ts';
import type { Topic } from './speech/token.ts';

const MAX_LEGS = 16;

export class CallMemory {
  readonly values: CallValues;
  readonly card: CardCall = { isCardTalk: false };
  readonly #slots: Slot[] = [];

  constructor(used: Readonly<Record<EntityType, number>> = {}) {
    this.values = new CallValues(used);
  }

  /** The questions put to one leg. */
  join(): Slot {
    const slot = new Slot();
    if (this.#slots.length < MAX_LEGS) this.#slots.push(slot);
    return slot;
  }

  leave(slot: Slot): void {
    const at = this.#slots.indexOf(slot);
    if (at >= 0) this.#slots.splice(at, 1);
  }

  /** Somebody asked: all the others may be about to answer. */
  ask(topic: Topic, by: Slot): void {
    for (const slot of this.#slots) if (slot !== by) slot.open(topic);
  }
}
