/** The proxy's one secret split into a key per purpose, so that a MAC made for one thing never passes for another. */

import { createHmac, hkdfSync } from 'node:crypto';
import { assert } from '../../base/assert.ts';

export interface ProxyKeys {
  readonly branch: Buffer;
  readonly route: Buffer;
  readonly tag: Buffer;
}

/** `secret` is 32 bytes kept across restarts: with it, what was sent before a restart is known again. */
export function deriveProxyKeys(secret: Uint8Array): ProxyKeys {
  assert(secret.length === 32, 'the proxy secret is 32 bytes');
  return { branch: derive(secret, 'via branch'), route: derive(secret, 'record-route'), tag: derive(secret, 'to tag') };
}

/** HMAC-SHA-256 over the parts, each with its length before it so that no two lists look alike; truncated. */
export function macOf(key: Buffer, parts: readonly (string | number | Uint8Array)[], sizeBytes: number): Buffer {
  let text = '';
  for (const part of parts) {
    const word = part instanceof Uint8Array ? Buffer.from(part).toString('latin1') : String(part);
    text += `${word.length}:${word}`;
  }
  // All in one: to hand a part over costs as much as to digest it, and a call needs ten of these.
  return createHmac('sha256', key).update(text, 'latin1').digest().subarray(0, sizeBytes);
}

function derive(secret: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `earshot sip ${purpose} v1`, 32));
}
