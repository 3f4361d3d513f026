/**
 * The short word in our Record-Route that makes an in-dialog request ours after any restart, and nobody else's ever.
 * It names the call, the two interfaces and, of an end that cannot be called back, the flow it is reached by; its MAC
 * binds them to the dialog.
 *
 * ```
 *   1 byte          1 byte         16 bytes   0 to 40 bytes   8 bytes
 *   ingress index | egress index | call id  | flows         | MAC(…, interface names, Call-ID, caller's tag)
 *                                      base64url: 35 characters without a flow, 88 at most
 * ```
 */

import { constantTimeEqual } from '../../base/bytes.ts';
import { isId } from '../../base/ids.ts';
import type { CallId } from '../../base/ids.ts';
import type { SipRequest } from './message.ts';
import { readFlows, writeFlows } from './flow.ts';
import type { Flows } from './flow.ts';
import { macOf } from './proxy-keys.ts';

const MAC_BYTES = 8;
const FIELD_BYTES = 18;
const FORM = /^[A-Za-z0-9_-]{35,88}$/;
const NO_CALL = '00'.repeat(16);

export interface RouteFields {
  /** Index of the interface towards the caller (who sent the dialog's first request) and of the one towards the callee. */
  readonly ingress: number;
  readonly egress: number;
  /** Undefined for dialogs that are no call, such as a subscription. */
  readonly call: CallId | undefined;
  /** Of the ends that are reached by nothing else. */
  readonly flows?: Flows | undefined;
}

/** A token read back: who of the two sent the request it came with, and the flow of the other one. */
export interface PresentedRoute {
  readonly ingress: number;
  readonly egress: number;
  readonly call: CallId | undefined;
  readonly flows: Flows;
  readonly from: 'caller' | 'callee';
}

/** Names of the interfaces by index: if an index comes to mean another interface, old tokens end. */
export type InterfaceNames = readonly string[];

export function makeRouteToken(key: Buffer, names: InterfaceNames, first: SipRequest, fields: RouteFields): string {
  const fixed = Buffer.alloc(FIELD_BYTES);
  fixed[0] = fields.ingress;
  fixed[1] = fields.egress;
  fixed.write(fields.call?.slice(2) ?? NO_CALL, 2, 'hex');
  const bytes = fields.flows ? Buffer.concat([fixed, writeFlows(fields.flows)]) : fixed;
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
): PresentedRoute | undefined {
  if (!looksLikeRouteToken(token)) return undefined;
  const all = Buffer.from(token, 'base64url');
  if (all.length < FIELD_BYTES + MAC_BYTES) return undefined;
  const bytes = all.subarray(0, all.length - MAC_BYTES);
  const mac = all.subarray(all.length - MAC_BYTES);
  const matches = (callerTag: string): boolean =>
    constantTimeEqual(tokenMac(key, names, bytes, request.callId, callerTag), mac);
  const from = matches(request.fromTag) ? 'caller' : matches(request.toTag) ? 'callee' : undefined;
  return from && readFields(bytes, from);
}

function readFields(bytes: Buffer, from: PresentedRoute['from']): PresentedRoute | undefined {
  const flows = readFlows(bytes.subarray(FIELD_BYTES));
  if (!flows) return undefined;
  const id = bytes.toString('hex', 2, FIELD_BYTES);
  const call = `c_${id}`;
  const named = id !== NO_CALL && isId('call', call) ? call : undefined;
  return { ingress: bytes[0] ?? 0, egress: bytes[1] ?? 0, call: named, flows, from };
}

function tokenMac(key: Buffer, names: InterfaceNames, fields: Buffer, callId: string, callerTag: string): Buffer {
  const ingress = names[fields[0] ?? 0] ?? '';
  const egress = names[fields[1] ?? 0] ?? '';
  return macOf(key, [fields, ingress, egress, callId, callerTag], MAC_BYTES);
}
