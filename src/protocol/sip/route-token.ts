/**
 * The short word in our Record-Route that makes an in-dialog request ours after any restart, and nobody else's ever.
 * It names the call and the two interfaces, and its MAC binds them to the dialog: it holds nothing about the caller.
 *
 * ```
 *   1 byte          1 byte         16 bytes     8 bytes
 *   ingress index | egress index | call id    | MAC(…, interface names, Call-ID, caller's tag)      base64url: 35 characters
 * ```
 */

import { constantTimeEqual } from '../../base/bytes.ts';
import { isId } from '../../base/ids.ts';
import type { CallId } from '../../base/ids.ts';
import type { SipRequest } from './message.ts';
import { macOf } from './proxy-keys.ts';

const MAC_BYTES = 8;
const FIELD_BYTES = 18;
const FORM = /^[A-Za-z0-9_-]{35}$/;
const NO_CALL = '00'.repeat(16);

export interface RouteFields {
  /** Index of the interface towards the caller (who sent the dialog's first request) and of the one towards the callee. */
  readonly ingress: number;
  readonly egress: number;
  /** Undefined for dialogs that are no call, such as a subscription. */
  readonly call: CallId | undefined;
}

/** Names of the interfaces by index: if an index comes to mean another interface, old tokens end. */
export type InterfaceNames = readonly string[];

export function makeRouteToken(key: Buffer, names: InterfaceNames, first: SipRequest, fields: RouteFields): string {
  const bytes = Buffer.alloc(FIELD_BYTES);
  bytes[0] = fields.ingress;
  bytes[1] = fields.egress;
  bytes.write(fields.call?.slice(2) ?? NO_CALL, 2, 'hex');
  const mac = tokenMac(key, names, bytes, first.callId, first.fromTag);
  return Buffer.concat([bytes, mac]).toString('base64url');
}

/** Whether `user` has the shape of a token; says nothing about who made it. */
export function looksLikeRouteToken(user: string): boolean {
  return FORM.test(user);
}

/** Reads a token presented with an in-dialog request, and which side of the dialog sent it. Undefined when not ours for it. */
export function verifyRouteToken(
  key: Buffer,
  names: InterfaceNames,
  request: SipRequest,
  token: string,
): (RouteFields & { readonly from: 'caller' | 'callee' }) | undefined {
  if (!looksLikeRouteToken(token)) return undefined;
  const all = Buffer.from(token, 'base64url');
  if (all.length !== FIELD_BYTES + MAC_BYTES) return undefined;
  const bytes = all.subarray(0, FIELD_BYTES);
  const mac = all.subarray(FIELD_BYTES);
  const matches = (callerTag: string): boolean =>
    constantTimeEqual(tokenMac(key, names, bytes, request.callId, callerTag), mac);
  if (matches(request.fromTag)) return { ...readFields(bytes), from: 'caller' };
  if (matches(request.toTag)) return { ...readFields(bytes), from: 'callee' };
  return undefined;
}

function readFields(bytes: Buffer): RouteFields {
  const call = `c_${bytes.toString('hex', 2)}`;
  const named = bytes.toString('hex', 2) !== NO_CALL && isId('call', call) ? call : undefined;
  return { ingress: bytes[0] ?? 0, egress: bytes[1] ?? 0, call: named };
}

function tokenMac(key: Buffer, names: InterfaceNames, fields: Buffer, callId: string, callerTag: string): Buffer {
  const ingress = names[fields[0] ?? 0] ?? '';
  const egress = names[fields[1] ?? 0] ?? '';
  return macOf(key, [fields, ingress, egress, callId, callerTag], MAC_BYTES);
}
