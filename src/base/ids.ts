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
} as const;

type RandomName = keyof typeof PREFIX;

/** Source of randomness; tests pass a counting one. */
export type RandomBytes = (sizeBytes: number) => Uint8Array;

export const systemRandom: RandomBytes = (sizeBytes) => randomBytes(sizeBytes);

/** A fresh 128-bit id such as `c_9f…` (32 hex digits). */
export function newId<Name extends RandomName>(name: Name, random: RandomBytes = systemRandom): Branded<Name> {
  return `${PREFIX[name]}_${Buffer.from(random(16)).toString('hex')}` as Branded<Name>;
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
