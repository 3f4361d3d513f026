/** What a session redacts with, as a parameter, so that tests can make it fail. */

import { CodedError } from '../../../base/error.ts';
import type { EntityType, RedactionPlan } from '../../../model/transcript.ts';
import { Aside } from '../aside.ts';
import type { CallMemory } from '../call-memory.ts';
import { LegRedactor, type LegRedactorOptions } from '../leg-redactor.ts';
import type { LinkKey, PutBack } from '../redaction.ts';

export interface Detectors {
  openLeg(
    options: LegRedactorOptions & { readonly linkKey?: LinkKey | undefined },
  ): Pick<LegRedactor, 'push' | 'advance' | 'settle' | 'replan' | 'close'>;
  openAside(options: {
    readonly plan: RedactionPlan;
    readonly memory: CallMemory;
    readonly linkKey?: LinkKey | undefined;
  }): Pick<Aside, 'push' | 'end'>;
  restoreText(text: string, memory: CallMemory, types: readonly EntityType[]): PutBack;
}

export class SessionError extends CodedError<'LEG_UNKNOWN' | 'PART_UNKNOWN' | 'CANNOT_RESTORE'> {}

export const REAL_DETECTORS: Detectors = {
  openLeg: ({ memory, plans, resumed, settings }) => new LegRedactor({ memory, plans, resumed, settings }),
  openAside: ({ plan, memory }) => new Aside(plan, memory),
  restoreText: () => {
    throw new SessionError('CANNOT_RESTORE', 'nothing puts values back yet');
  },
};
