/**
 * The word in our Path header (RFC 3327, RFC 5626 §5): a registrar sends it back with each request to whoever registered
 * through us, and it says by what flow. Its MAC makes it ours; it opens nothing but that one way.
 *
 * ```
 *   1 byte            7 to 20 bytes   8 bytes
 *   interface index | flow          | MAC(…, interface name)      base64url
 * ```
 */

import { constantTimeEqual } from '../../base/bytes.ts';
import { readFlows, writeFlows } from './flow.ts';
import type { Flow } from './flow.ts';
import { macOf } from './proxy-keys.ts';
import type { InterfaceNames } from './route-token.ts';

const MAC_BYTES = 8;
const FORM = /^[A-Za-z0-9_-]{22,44}$/;

export interface PathFields {
  /** Index of the interface that the flow is on. */
  readonly at: number;
  readonly flow: Flow;
}

export function makePathToken(key: Buffer, names: InterfaceNames, { at, flow }: PathFields): string {
  const bytes = Buffer.concat([Buffer.of(at), writeFlows({ callee: flow })]);
  return Buffer.concat([bytes, pathMac(key, names, bytes)]).toString('base64url');
}

/** Undefined when it is none of ours. */
export function verifyPathToken(key: Buffer, names: InterfaceNames, token: string): PathFields | undefined {
  if (!FORM.test(token)) return undefined;
  const all = Buffer.from(token, 'base64url');
  const bytes = all.subarray(0, -MAC_BYTES);
  const mac = all.subarray(-MAC_BYTES);
  if (!constantTimeEqual(pathMac(key, names, bytes), mac)) return undefined;
  const flow = readFlows(bytes.subarray(1))?.callee;
  return flow && { at: bytes[0] ?? 0, flow };
}

/** Its purpose is the first part, so that no route token passes for it. */
function pathMac(key: Buffer, names: InterfaceNames, bytes: Buffer): Buffer {
  return macOf(key, ['path', bytes, names[bytes[0] ?? 0] ?? ''], MAC_BYTES);
}
