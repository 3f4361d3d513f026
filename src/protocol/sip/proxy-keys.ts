/** The proxy's one secret split into a key per purpose, so that a MAC made for one thing never passes for another. */

import { hash, hkdfSync } from 'node:crypto';
import { assert } from '../../base/assert.ts';

/** Of SHA-256, in bytes. */
const BLOCK_BYTES = 64;

interface Pads {
  readonly inner: Uint8Array;
  readonly outer: Uint8Array;
}

/** Keys are few and live as long as the process. */
const padded = new WeakMap<Buffer, Pads>();

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
  return hmacSha256(key, text).subarray(0, sizeBytes);
}

/**
 * HMAC (RFC 2104 §2) of latin1 text by two calls of the one-shot hash. An `Hmac` object costs several times as much to
 * make as what it does with a line of text, and a call needs ten of these.
 */
function hmacSha256(key: Buffer, text: string): Buffer {
  const { inner, outer } = padsOf(key);
  const message = Buffer.allocUnsafe(BLOCK_BYTES + text.length);
  message.set(inner);
  message.write(text, BLOCK_BYTES, 'latin1');
  const digested = Buffer.concat([outer, hash('sha256', message, 'buffer')]);
  return hash('sha256', digested, 'buffer');
}

function padsOf(key: Buffer): Pads {
  const known = padded.get(key);
  if (known) return known;
  assert(key.length <= BLOCK_BYTES, 'a key of HMAC is no longer than a block');
  const pad = (byte: number): Uint8Array => Buffer.alloc(BLOCK_BYTES, byte).map((value, at) => value ^ (key[at] ?? 0));
  const made = { inner: pad(0x36), outer: pad(0x5c) };
  padded.set(key, made);
  return made;
}

function derive(secret: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `earshot sip ${purpose} v1`, 32));
}
