/**
 * The border between the planes: every control message, as a closed union checked on receipt. All that one plane
 * knows of the other is in this file. Facts cross it, never SIP, SDP, media or keys.
 */

import { z } from 'zod';
import type { CallId, LegId, StreamId, TapId, TenantId } from '../base/ids.ts';
import { SIGNED_MEDIA } from '../model/call.ts';
import { FLOORS, LEG_PROFILES, SRTP_SUITES } from '../model/leg-policy.ts';
import type { RoutingSnapshot } from '../model/routing.ts';
import { TRANSPORTS } from '../model/tenant.ts';

/** Raised with every change of meaning; both sides refuse a peer that says another. */
export const LINK_VERSION = 3;
/** A busy node's snapshot is some 2 KiB a call: one that did not fit would keep governance away for good. */
export const MAX_CONTROL_BYTES = 64 * 1024 * 1024;

const whole = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const word = z.string().max(256);
const idOf = <Id extends string>() =>
  z
    .string()
    .regex(/^[a-z]_[0-9a-f]{32}$/)
    .transform((text) => text as Id);
const callId = idOf<CallId>();
const legId = idOf<LegId>();
const streamId = idOf<StreamId>();
const tapId = idOf<TapId>();
const tenantId = z
  .string()
  .max(63)
  .transform((text) => text as TenantId);

const streamFact = z.strictObject({
  stream: streamId,
  worker: whole,
  secure: z.boolean(),
  direction: z.enum(['sendrecv', 'sendonly', 'recvonly', 'inactive']),
  ptimeMs: whole,
  payloads: z
    .array(
      z.strictObject({
        payloadType: whole,
        encoding: z.enum(['PCMU', 'PCMA', 'G722', 'L16', 'telephone-event', 'other']),
        clockRateHz: whole,
      }),
    )
    .max(32)
    .readonly(),
  active: z.boolean(),
  startedUs: whole.optional(),
});

const callFact = z.strictObject({
  call: callId,
  tenant: tenantId,
  direction: z.enum(['inbound', 'outbound']),
  ingress: word,
  trusted: z.boolean(),
  labels: z.record(z.string().max(64), z.string().max(256)),
  startedWallMs: whole,
  startedMonoUs: whole,
  state: z.enum(['early', 'confirmed']),
  media: z.enum(['anchored', 'opaque', 'bypass', 'none']),
  signedMedia: z.enum(SIGNED_MEDIA).optional(),
  legs: z
    .array(
      z.strictObject({
        leg: legId,
        side: z.enum(['caller', 'callee']),
        role: z.enum(['customer', 'agent', 'ivr']),
        stream: streamFact.optional(),
      }),
    )
    .max(32)
    .readonly(),
});

/** A digest of what was said, and which lines were edited how often: never a line of it. */
const signalingAccount = z.strictObject({
  messages: whole,
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  edits: z.record(z.string().max(64), whole),
});

/** Where a chain stood: what the call plane remembers for governance across a loss of the database's tail. */
const chainHead = z.strictObject({ log: word, epoch: word, seq: whole, leaf: word });

const nextHop = z.strictObject({
  host: word,
  port: whole.min(1).max(65535).optional(),
  transport: z.enum(TRANSPORTS).optional(),
});

const legPolicy = z.strictObject({
  profile: z.enum(LEG_PROFILES),
  suites: z.array(z.enum(SRTP_SUITES)).max(SRTP_SUITES.length),
  floor: z.enum(FLOORS),
  ice: z.enum(['off', 'lite']),
  rtcpMux: z.enum(['as-offered', 'offer', 'off']),
  nat: z.enum(['off', 'latch']),
  lifetime: z.boolean(),
});

/** What the call plane routes by: everything it may know of the configuration, and nothing else. */
export const routingSnapshot: z.ZodType<RoutingSnapshot> = z.strictObject({
  revision: whole,
  digest: word,
  tenants: z
    .array(
      z.strictObject({
        id: tenantId,
        match: z.strictObject({
          sources: z.array(word).max(256),
          domains: z.array(word).max(64),
          dids: z.array(word).max(256),
          headers: z.array(z.strictObject({ name: word, value: word })).max(8),
        }),
        trusted: z.boolean(),
        labels: z.array(word).max(8),
        ingress: word,
        egress: word,
        nextHops: z.array(nextHop).min(1).max(16),
        media: z.strictObject({ caller: legPolicy, callee: legPolicy }),
        mediaMode: z.enum(['anchored', 'signaling-only']),
        otherLines: z.enum(['leave', 'relay']),
        onMediaUnavailable: z.enum(['bypass', 'reject']),
        onSignedMedia: z.enum(['bypass', 'reject']),
        roles: z.strictObject({
          caller: z.enum(['customer', 'agent', 'ivr']),
          callee: z.enum(['customer', 'agent', 'ivr']),
        }),
        direction: z.enum(['inbound', 'outbound']),
      }),
    )
    .max(10_000),
});

export const tapRefusal = z.enum(['late', 'unknown_stream', 'unknown_call', 'too_many', 'worker_down', 'no_reader']);
export const tapEnd = z.enum(['closed', 'lapsed', 'call_ended', 'stream_ended', 'worker_down', 'reader_gone']);

/** Call plane → governance. */
export const fromCallPlane = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('hello'), version: whole, plane: z.literal('call'), life: word, pid: whole }),
  /** Everything there is, sent after every hello: the other side forgets what it knew and believes this. */
  z.strictObject({
    kind: z.literal('snapshot'),
    calls: z.array(callFact).max(100_000),
    /** Path of each media worker's tap socket, by worker index. */
    tapSockets: z.array(word).max(64),
    routesRevision: whole.nullable(),
    heads: z.array(chainHead).max(100_000),
  }),
  z.strictObject({ kind: z.literal('call.started'), fact: callFact }),
  z.strictObject({ kind: z.literal('call.changed'), fact: callFact }),
  z.strictObject({
    kind: z.literal('call.ended'),
    call: callId,
    tenant: tenantId,
    reason: word,
    signaling: signalingAccount.optional(),
  }),
  z.strictObject({ kind: z.literal('tap.opened'), tap: tapId, stream: streamId }),
  z.strictObject({ kind: z.literal('tap.refused'), tap: tapId, stream: streamId, reason: tapRefusal }),
  z.strictObject({
    kind: z.literal('tap.ended'),
    tap: tapId,
    stream: streamId,
    reason: tapEnd,
    frames: whole,
    dropped: whole,
  }),
  /** A key was pressed on that stream: when (CLOCK_MONOTONIC) and for how long. Which one stays in the call. */
  z.strictObject({ kind: z.literal('stream.dtmf'), call: callId, stream: streamId, atUs: whole, durationMs: whole }),
  z.strictObject({ kind: z.literal('tap.sockets'), tapSockets: z.array(word).max(64) }),
]);

/** Governance → call plane. */
export const fromGovernance = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('hello'), version: whole, plane: z.literal('governance'), life: word, pid: whole }),
  z.strictObject({ kind: z.literal('routes'), snapshot: routingSnapshot }),
  /** `deadlineUs` is absolute CLOCK_MONOTONIC: a message that lingers cannot lengthen a tap's life. */
  z.strictObject({ kind: z.literal('tap.open'), tap: tapId, call: callId, stream: streamId, deadlineUs: whole }),
  z.strictObject({ kind: z.literal('tap.renew'), taps: z.array(tapId).max(10_000), deadlineUs: whole }),
  z.strictObject({ kind: z.literal('tap.close'), tap: tapId }),
  z.strictObject({ kind: z.literal('ledger.heads'), heads: z.array(chainHead).max(10_000) }),
]);

/** Call plane or governance → supervisor. Metrics carry names and closed words only. */
export const toSupervisor = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('hello'),
    version: whole,
    plane: z.enum(['call', 'governance']),
    life: word,
    pid: whole,
  }),
  z.strictObject({
    kind: z.literal('heartbeat'),
    ready: z.boolean(),
    /** Why not ready, or what is degraded: closed words such as `no_routes` or `ledger_unavailable`. */
    conditions: z.array(word).max(32),
    status: z.record(z.string().max(64), z.union([z.number(), z.string().max(256), z.boolean()])),
    metrics: z
      .array(
        z.strictObject({
          name: word,
          kind: z.enum(['counter', 'gauge']),
          labels: z.record(z.string().max(64), word),
          value: z.number(),
        }),
      )
      .max(8192),
  }),
]);

/** Supervisor → call plane or governance. */
export const fromSupervisor = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('hello'), version: whole, plane: z.literal('supervisor'), life: word, pid: whole }),
  z.strictObject({ kind: z.literal('stop') }),
  /** To the call plane: whether new calls are refused, while those there are go on. */
  z.strictObject({ kind: z.literal('drain'), on: z.boolean() }),
]);

export type ChainHead = z.infer<typeof chainHead>;
export type FromCallPlane = z.infer<typeof fromCallPlane>;
export type FromGovernance = z.infer<typeof fromGovernance>;
export type ToSupervisor = z.infer<typeof toSupervisor>;
export type FromSupervisor = z.infer<typeof fromSupervisor>;
export type TapRefusal = z.infer<typeof tapRefusal>;
export type TapEnd = z.infer<typeof tapEnd>;
