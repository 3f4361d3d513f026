/** Permission as a value: what one allowing decision permits. Without a Grant there is no tap, lease or release. */

import type { CallId, LegId, StreamId, TenantId } from '../base/ids.ts';
import type { Decision } from './decision.ts';
import type { Modality, Processor } from './tenant.ts';

export interface Grant {
  readonly tenant: TenantId;
  readonly call: CallId;
  readonly leg: LegId;
  readonly stream: StreamId;
  readonly processor: Processor;
  readonly modality: Modality;
  readonly decision: Decision;
}
