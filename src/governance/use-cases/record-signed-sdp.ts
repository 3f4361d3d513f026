/** Puts on record, once a call, that its SDP was under a signature: why nobody could hear it, and that nothing was broken. */

import type { LiveCall } from './live-calls.ts';
import type { Deps } from './ports.ts';

export function recordSignedSdp(deps: Deps, call: LiveCall): void {
  const signature = call.fact.signedMedia;
  if (signature === undefined || call.isSignatureRecorded) return;
  call.isSignatureRecorded = true;
  deps.ledger.note(call.tenant.id, { kind: 'signed_sdp', call: call.call, signature });
}
