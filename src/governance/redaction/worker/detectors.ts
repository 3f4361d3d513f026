/** What a session redacts with, as a parameter, so that tests can make it fail. */

import { CodedError } from '../../../base/error.ts';
import type { EntityType } from '../../../model/transcript.ts';
import { Aside, type AsideOptions } from '../aside.ts';
import type { CallMemory } from '../call-memory.ts';
import { LegRedactor, type LegRedactorOptions, type Plans } from '../leg-redactor.ts';
import type { LinkKey } from '../linkable-token.ts';
import type { PartialsOf, PutBack } from '../redaction.ts';
import { restoreText } from '../restore.ts';

/** One leg's redactor, as a session uses it. */
export interface LegDetectors extends Pick<LegRedactor, 'push' | 'advance' | 'settle' | 'close'> {
  replan(plans: Plans, partials: PartialsOf): void;
}

export interface Detectors {
  openLeg(
    options: LegRedactorOptions & { readonly partials: PartialsOf; readonly linkKey: LinkKey | undefined },
  ): LegDetectors;
  openAside(options: AsideOptions & { readonly linkKey: LinkKey | undefined }): Pick<Aside, 'push' | 'end'>;
  restoreText(text: string, memory: CallMemory, types: readonly EntityType[]): PutBack;
}

export class SessionError extends CodedError<'LEG_UNKNOWN' | 'PART_UNKNOWN'> {}

export const REAL_DETECTORS: Detectors = {
  openLeg: (options) => new LegRedactor(options),
  openAside: (options) => new Aside(options),
  restoreText,
};
