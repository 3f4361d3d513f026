/** Branded identifiers: random, unguessable, and never derived from anything a caller sends. */

import { randomBytes } from 'node:crypto';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type CallId = Branded<'call'>;
export type LegId = Branded<'leg'>;
export type StreamId = Branded<'stream'>;
export type TapId = Branded<'tap'>;
export type LeaseId = Branded<'lease'>;
export type EpochId = Branded<'epoch'>;
export type ReleaseId = Branded<'release'>;
export type SegmentId = Branded<'segment'>;
export type InsightId = Branded<'insight'>;
export type TokenId = Branded<'token'>;
export type SealedId = Branded<'sealed'>;
export type ReadId = Branded<'read'>;
export type RevocationId = Branded<'revocation'>;
export type WindowId = Branded<'window'>;

/** Configured names: lower-case words an operator chose. */
export type TenantId = Branded<'tenant'>;
export type ProcessorId = Branded<'processor'>;

const PREFIX = {
  call: 'c',
  leg: 'l',
  stream: 's',
  tap: 't',
  lease: 'e',
  epoch: 'p',
  release: 'r',
  segment: 'g',
  insight: 'i',
  token: 'k',
  sealed: 'o',
  read: 'q',
  revocation: 'v',
  window: 'w',
} as const;

type RandomName = keyof typeof PREFIX;

/** Source of randomness; tests pass a counting one. */
export type RandomBytes = (sizeBytes: number) => Uint8Array;

/** Of one request to the system, which costs more than what it brings for an id. */
const RESERVE_BYTES = 4096;
const MAX_FROM_RESERVE_BYTES = 64;
let reserve = Buffer.alloc(0);

/** What is handed out leaves the reserve, so that no second copy of a key made of it stays in memory. */
export const systemRandom: RandomBytes = (sizeBytes) => {
  if (sizeBytes > MAX_FROM_RESERVE_BYTES) return randomBytes(sizeBytes);
  if (reserve.length < sizeBytes) reserve = randomBytes(RESERVE_BYTES);
  const taken = Buffer.alloc(sizeBytes);
  reserve.copy(taken, 0, 0, sizeBytes);
  reserve.fill(0, 0, sizeBytes);
  reserve = reserve.subarray(sizeBytes);
  return taken;
};

/** A fresh 128-bit id such as `c_9f…` (32 hex digits). */
export function newId<Name extends RandomName>(name: Name, random: RandomBytes = systemRandom): Branded<Name> {
  return `${PREFIX[name]}_${hexOf(random(16))}` as Branded<Name>;
}

function hexOf(bytes: Uint8Array): string {
  return (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes)).toString('hex');
}

/** Whether `text` has the shape of an id of that name; says nothing about its existence. */
export function isId<Name extends RandomName>(name: Name, text: string): text is Branded<Name> {
  return text.length === 34 && text.startsWith(`${PREFIX[name]}_`) && /^[0-9a-f]{32}$/.test(text.slice(2));
}

/** Marks an already validated configured name. */
export function asTenantId(name: string): TenantId {
  return name as TenantId;
}

export function asProcessorId(name: string): ProcessorId {
  return name as ProcessorId;
}
