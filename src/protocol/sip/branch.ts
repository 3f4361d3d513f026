/**
 * The branch of our own Via: a keyed MAC of the hop before us, so that a response proves by itself that we sent the
 * request, and where it must go, even after a restart (RFC 3261 §16.11). It remembers nothing.
 *
 * ```
 *   z9hG4bK  e  A  I  mmmmmmmmmmmmmmmmmmmmmmmm
 *   cookie   ours  |  |  96-bit MAC, hex
 *                  |  ingress interface, base 36
 *                  attempt (0 for the first next hop), base 36
 * ```
 */

import { constantTimeEqual } from '../../base/bytes.ts';
import type { SipMessage, SipResponse } from './message.ts';
import { macOf } from './proxy-keys.ts';
import { canonicalHost } from './ip-address.ts';
import type { Via } from './via.ts';
import { MAGIC_COOKIE } from './via.ts';

const MAC_BYTES = 12;
const FORM = /^z9hG4bKe([0-9a-z])([0-9a-z])([0-9a-f]{24})$/;

/** Where the request came from, as the Via below ours says it once it is marked. */
export interface PreviousHop {
  readonly host: string;
  readonly port: number | undefined;
  readonly branch: string;
  /** As its Via writes it, in upper case. */
  readonly transport: string;
  readonly received: string | undefined;
  readonly rport: number | undefined;
}

export interface BranchFields {
  /** Index of the next hop tried, below 36. */
  readonly attempt: number;
  /** Index of the interface the request came in on, below 36. */
  readonly ingress: number;
}

/** The branch for a request that is sent on; the same for its retransmissions, its CANCEL and its ACK. */
export function makeBranch(key: Buffer, message: SipMessage, previous: PreviousHop, fields: BranchFields): string {
  const mac = branchMac(key, message, previous, fields).toString('hex');
  return `${MAGIC_COOKIE}e${fields.attempt.toString(36)}${fields.ingress.toString(36)}${mac}`;
}

/** What the top Via's branch says of a response, if we made it for the very hop that stands below; else undefined. */
export function verifyBranch(key: Buffer, response: SipResponse): BranchFields | undefined {
  const [, attempt, ingress, mac] = FORM.exec(response.topVia.branch) ?? [];
  if (attempt === undefined || ingress === undefined || mac === undefined || !response.nextVia) return undefined;
  const fields = { attempt: Number.parseInt(attempt, 36), ingress: Number.parseInt(ingress, 36) };
  const expected = branchMac(key, response, previousHop(response.nextVia), fields);
  return constantTimeEqual(expected, Buffer.from(mac, 'hex')) ? fields : undefined;
}

/** The hop a Via describes, from its own words. */
export function previousHop(via: Via): PreviousHop {
  const { host, port, branch, transport, received, rport } = via;
  return { host, port, branch, transport, received, rport: typeof rport === 'number' ? rport : undefined };
}

function branchMac(key: Buffer, message: SipMessage, previous: PreviousHop, fields: BranchFields): Buffer {
  const received = previous.received === undefined ? '' : canonicalHost(previous.received);
  return macOf(
    key,
    [
      fields.attempt,
      fields.ingress,
      message.callId,
      message.fromTag,
      message.cseq.number,
      canonicalHost(previous.host),
      previous.port ?? '',
      previous.branch,
      previous.transport,
      received,
      previous.rport ?? '',
    ],
    MAC_BYTES,
  );
}
