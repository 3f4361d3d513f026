/** The kill switch over the API: what is silenced stays silent until it is lifted, over restarts too. */

import { z } from 'zod';
import { callId, pageOf, processorName, reasonText, revocationId, tenantName, timeMs, whole } from './words.ts';

export const revocationTarget = z.discriminatedUnion('scope', [
  z.strictObject({ scope: z.literal('call'), call: callId }),
  /** With `tenant`, for that tenant alone. */
  z.strictObject({ scope: z.literal('processor'), processor: processorName, tenant: tenantName.optional() }),
  z.strictObject({ scope: z.literal('tenant'), tenant: tenantName }),
]);

export const silenceBody = z.strictObject({ target: revocationTarget, reason: reasonText });

export const revocationView = z.strictObject({
  revocation: revocationId,
  target: revocationTarget,
  reason: z.string(),
  actor: z.string(),
  acted_ms: timeMs,
  /** Leases closed and readers cut off at the moment of it. */
  silenced: whole,
  /** Whether the ledger holds it by now. */
  recorded: z.boolean(),
});
export const revocationPage = pageOf(revocationView);

export type RevocationTarget = z.infer<typeof revocationTarget>;
export type SilenceBody = z.infer<typeof silenceBody>;
export type RevocationView = z.infer<typeof revocationView>;
export type RevocationPage = z.infer<typeof revocationPage>;
