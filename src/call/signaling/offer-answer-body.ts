/**
 * The session description in a message's body, whole or in one part of several, and edits of it as edits of the message.
 * What is encoded, sealed, or could be read in two ways is none that we would touch.
 */

import type { SignedMedia } from '../../model/call.ts';
import { editBody } from '../../protocol/sip/edits.ts';
import { linesNamed, valueText } from '../../protocol/sip/head-index.ts';
import type { SipMessage } from '../../protocol/sip/message.ts';
import { editSdpPart, findSdpPart, isSmime } from '../../protocol/sip/multipart.ts';
import type { MultipartRefusal, SdpPart } from '../../protocol/sip/multipart.ts';
import type { Splice } from '../../protocol/splice.ts';
import { findSignature } from './signed-media.ts';

export type SdpBody =
  | {
      readonly kind: 'sdp';
      readonly sdp: Buffer;
      /** Undefined where it is the whole body. */
      readonly part: SdpPart | undefined;
      readonly signed: SignedMedia | undefined;
    }
  /** Whatever it holds, a signature or a seal holds it: `sdp` is not to be read. */
  | { readonly kind: 'sealed'; readonly sdp: Buffer; readonly signed: 'smime' }
  /** There is none: an offer is yet to come, or none was meant. */
  | { readonly kind: 'none' }
  /** There may be one; nobody here can say. */
  | { readonly kind: 'unreadable'; readonly reason: 'encoded' | 'other_body' | MultipartRefusal };

/** Bodies that gateways and phones send beside SDP or without it, and that never hold any. */
const NO_SDP = new Set([
  'application/isup',
  'application/qsig',
  'application/pidf+xml',
  'application/resource-lists+xml',
  'application/rs-metadata+xml',
]);

export function findSdp(message: SipMessage): SdpBody {
  const { head, contentType, body } = message;
  if (body.length === 0) return { kind: 'none' };
  if (contentType === undefined) return { kind: 'unreadable', reason: 'other_body' };
  if (isSmime(contentType)) return { kind: 'sealed', sdp: body, signed: 'smime' };
  const [encoding] = linesNamed(head, 'content-encoding');
  const isEncoded = encoding !== undefined && valueText(head, encoding).toLowerCase() !== 'identity';
  if (isEncoded) return { kind: 'unreadable', reason: 'encoded' };
  if (contentType === 'application/sdp')
    return { kind: 'sdp', sdp: body, part: undefined, signed: findSignature(message) };
  if (contentType.startsWith('multipart/')) return findInParts(message);
  return NO_SDP.has(contentType) ? { kind: 'none' } : { kind: 'unreadable', reason: 'other_body' };
}

export function hasSdp(message: SipMessage): boolean {
  return findSdp(message).kind === 'sdp';
}

/** Splices on the description's own bytes, as splices on the message: every length that counts them follows. */
export function editSdp(
  message: SipMessage,
  { part }: Pick<Extract<SdpBody, { kind: 'sdp' }>, 'part'>,
  edits: readonly Splice[],
): Splice[] {
  return editBody(message.head, part ? editSdpPart(part, edits) : edits);
}

function findInParts(message: SipMessage): SdpBody {
  const { head, body } = message;
  const [line] = linesNamed(head, 'content-type');
  const reading = findSdpPart(body, line ? valueText(head, line) : '');
  switch (reading.kind) {
    case 'sdp': {
      const sdp = body.subarray(reading.at, reading.at + reading.size);
      return { kind: 'sdp', sdp, part: reading, signed: findSignature(message) };
    }
    case 'signed':
      return { kind: 'sealed', sdp: body, signed: 'smime' };
    case 'none':
    case 'unreadable':
      return reading;
  }
}
