/** Names of transactions (RFC 3261 §17.1.3, §17.2.3), so that what belongs together is found together. */

import type { SipRequest } from '../message.ts';
import { listText } from '../list-values.ts';
import { MAGIC_COOKIE } from '../via.ts';

/**
 * The key of the server transaction a request belongs to. `source` is the sender's address: it is part of the key, so
 * that nobody else can cancel a call by guessing its branch. `method` names the INVITE for an ACK or a CANCEL.
 */
export function serverKey(request: SipRequest, source: string, method = request.method): string {
  const via = request.topVia;
  // The cookie alone tells nobody apart (RFC 4475 §3.2.1).
  if (via.branch.startsWith(MAGIC_COOKIE) && via.branch !== MAGIC_COOKIE) {
    return `${method} ${via.branch} ${via.host}:${via.port ?? ''} ${source}`;
  }
  // RFC 2543 had no such branch: the fields that an INVITE, its ACK and its CANCEL share stand in for it.
  const topVia = request.vias[0] ? listText(request.head, request.vias[0]) : '';
  return `${method} ${request.uri} ${request.callId} ${request.fromTag} ${request.cseq.number} ${topVia} ${source}`;
}

/** The key of the client transaction with this branch of ours. */
export function clientKey(branch: string, method: string): string {
  return `${method} ${branch}`;
}
