/**
 * The bytes a policy is asked with, and a commitment to exactly those bytes. The salt is forgotten at once:
 * until inputs are kept under a call's key, a commitment says only that two copies of an entry speak of one input.
 */

import { createHmac } from 'node:crypto';
import { wipe } from '../../base/bytes.ts';
import { canonicalJson } from '../../base/canonical-json.ts';
import type { RandomBytes } from '../../base/ids.ts';
import type { PolicyInput } from '../../model/decision.ts';

export const MAX_INPUT_BYTES = 64 * 1024;
const SALT_BYTES = 32;

export interface CommittedInput {
  /** Canonical JSON (RFC 8785), or undefined when the input cannot be asked about. */
  readonly bytes: Uint8Array | undefined;
  /** HMAC-SHA-256 (hex) of the bytes under a random salt; of nothing when there are none. */
  readonly commitment: string;
}

/** Turns `input` into bytes, once: what is committed to is what is evaluated. Refuses anything but a plain object. */
export function commitInput(input: PolicyInput, random: RandomBytes): CommittedInput {
  const bytes = toBytes(input);
  const salt = random(SALT_BYTES);
  const commitment = createHmac('sha256', salt)
    .update(bytes ?? '')
    .digest('hex');
  wipe(salt);
  return { bytes, commitment };
}

function toBytes(input: unknown): Uint8Array | undefined {
  try {
    if (!isPlainObject(input)) return undefined;
    const bytes = canonicalJson(input);
    // A copy with memory of its own: a view of Node's shared pool would take all of the pool along to the worker.
    return bytes.length <= MAX_INPUT_BYTES ? new Uint8Array(bytes) : undefined;
  } catch {
    return undefined;
  }
}

function isPlainObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
