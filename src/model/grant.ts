/** Permission as a value: what one allowing decision permits. Without a Grant there is no tap, lease or release. */

import type { CallId, LegId, StreamId, TenantId } from '../base/ids.ts';
import type { Decision } from './decision.ts';
import type { PartialsMode } from './redaction-settings.ts';
import type { Modality, Processor } from './tenant.ts';
import type { RedactionPlan } from './transcript.ts';

export interface Grant {
  readonly tenant: TenantId;
  readonly call: CallId;
  readonly leg: LegId;
  readonly stream: StreamId;
  readonly processor: Processor;
  readonly modality: Modality;
  readonly decision: Decision;
}

/** Permission to read what a leg says, and how it is rendered for that reader. */
export interface TextGrant extends Grant {
  readonly plan: RedactionPlan;
  /** The same for equal plans, so that they are rendered once. */
  readonly planName: string;
  /** What the reader is given before a turn is over. */
  readonly partials: PartialsMode;
}
