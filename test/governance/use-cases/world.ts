/** A world in memory for the use cases: everything they ask of it is remembered, and answered as the test says. */

import { legPolicy } from '../../../src/model/leg-policy.ts';
import { ManualClock } from '../../../src/base/clock.ts';
import { asProcessorId, asTenantId, newId, systemRandom, type LeaseId, type TapId } from '../../../src/base/ids.ts';
import { silentLog } from '../../../src/base/log.ts';
import { Metrics } from '../../../src/base/metrics.ts';
import { EpochChains } from '../../../src/governance/ledger/epoch-chains.ts';
import { LedgerError, type Receipt } from '../../../src/governance/ledger/ledger.ts';
import { verifyLedger } from '../../../src/governance/ledger/verify.ts';
import type { EarshotEvent } from '../../../src/governance/insights/events.ts';
import type { Plans } from '../../../src/governance/redaction/leg-redactor.ts';
import type { Redacted } from '../../../src/governance/redaction/redaction.ts';
import { Conditions } from '../../../src/governance/use-cases/conditions.ts';
import { onAudioEvent } from '../../../src/governance/use-cases/follow-tap.ts';
import { LiveCalls } from '../../../src/governance/use-cases/live-calls.ts';
import type { Deps } from '../../../src/governance/use-cases/ports.ts';
import type { FromGovernance } from '../../../src/link/messages.ts';
import type { LeaseCloseReason } from '../../../src/model/audio.ts';
import type { CallFact } from '../../../src/model/call.ts';
import type { Decision, PolicyInput } from '../../../src/model/decision.ts';
import type { EntryBody } from '../../../src/model/evidence.ts';
import { DEFAULT_REDACTION } from '../../../src/model/redaction-settings.ts';
import type { Processor, Revision, Tenant } from '../../../src/model/tenant.ts';
import type { EntitySpan, Piece, Segment } from '../../../src/model/transcript.ts';
import type { InferOutcome } from '../../../src/processors/processor.ts';
import { monthOf } from '../../../src/store/month.ts';

export interface World {
  readonly deps: Deps;
  readonly clock: ManualClock;
  /** What happened, in order: `entry:lease.open`, `tap.open`, `feed.open`, `send:coach` … */
  readonly trace: string[];
  readonly entries: EntryBody[];
  readonly events: EarshotEvent[];
  readonly sentToCallPlane: FromGovernance[];
  readonly openFeeds: Set<LeaseId>;
  readonly taps: Set<TapId>;
  /** Under which every leg is rendered now. */
  plans(): Plans;
  /** Changes the world for what comes next. */
  set(change: Partial<Behaviour>): void;
  /** Makes everything held durable, or fails it where the ledger fails now. */
  letLedger(): void;
}

export interface Behaviour {
  ledgerFails: boolean;
  /** What is appended waits for `letLedger`, or for it to fail. */
  ledgerHolds: boolean;
  decide: (
    processor: string,
    entrypoint: string,
    input: PolicyInput,
  ) => Pick<Decision, 'allow' | 'code'> & Partial<Decision>;
  workerTakesFeeds: boolean;
  /** Under which every leg is rendered. */
  plans: Plans;
  /** How the chat model answers. */
  infer: (signal: AbortSignal) => Promise<InferOutcome>;
}

export function makeWorld(): World {
  const clock = new ManualClock();
  const trace: string[] = [];
  const entries: EntryBody[] = [];
  const events: EarshotEvent[] = [];
  const sentToCallPlane: FromGovernance[] = [];
  const openFeeds = new Set<LeaseId>();
  const taps = new Set<TapId>();
  const behaviour: Behaviour = {
    ledgerFails: false,
    ledgerHolds: false,
    decide: () => ({ allow: true, code: 'allowed' }),
    workerTakesFeeds: true,
    plans: {},
    infer: () => Promise.resolve({ kind: 'answered', text: 're', sentBytes: 10 }),
  };
  const held: (() => void)[] = [];
  const take = (body: EntryBody): void => {
    trace.push(`entry:${body.kind}`);
    entries.push(body);
  };
  const deps: Deps = {
    clock,
    random: systemRandom,
    log: silentLog,
    metrics: new Metrics(),
    calls: new LiveCalls(),
    conditions: new Conditions((event) => events.push(event)),
    publish: (event) => events.push(event),
    ledger: {
      get isAvailable() {
        return !behaviour.ledgerFails;
      },
      append(_log, body) {
        return new Promise((resolve, reject) => {
          const settle = (): void => {
            if (behaviour.ledgerFails) {
              reject(new LedgerError('UNAVAILABLE', 'down'));
              return;
            }
            take(body);
            resolve({} as Receipt);
          };
          if (behaviour.ledgerHolds) held.push(settle);
          else settle();
        });
      },
      note: (_log, body) => take(body),
    },
    policy: {
      decide(_tenant, entrypoint, input) {
        const processor = input.processor?.id ?? '';
        return Promise.resolve({
          entrypoint,
          reasons: [],
          obligations: {},
          inputCommitment: '0'.repeat(64),
          evaluationUs: 1,
          ...behaviour.decide(processor, entrypoint, input),
        });
      },
    },
    redaction: {
      detector: 'test',
      open: (_call, _leg, { plans }) => void (behaviour.plans = plans),
      replan: (_call, _leg, plans) => void (behaviour.plans = plans),
      push: (segment) => {
        const { text, startMs, endMs } = segment;
        const entities: EntitySpan[] = [];
        const piece = { text: text.toUpperCase(), entities, startMs, endMs };
        if (segment.final) return Promise.resolve(settled(behaviour.plans, [piece]));
        const previews = Object.fromEntries(Object.keys(behaviour.plans).map((plan) => [plan, piece]));
        return Promise.resolve({ ...settled(behaviour.plans, []), previews });
      },
      advance: () => Promise.resolve(settled(behaviour.plans, [])),
      settle: () => Promise.resolve(settled(behaviour.plans, [])),
      answer: (_call, text) =>
        Promise.resolve({ kind: 'answered', piece: { text, entities: [], startMs: 0, endMs: 0 } }),
      restore: () => Promise.resolve({ kind: 'withheld' }),
      close: () => undefined,
    },
    audio: {
      expectStream: ({ tap }) => {
        trace.push('expect');
        taps.add(tap);
        return true;
      },
      forgetStream: (tap) => void taps.delete(tap),
      openFeed: ({ window, processor }) => {
        if (!behaviour.workerTakesFeeds) return false;
        trace.push(`feed.open:${processor.id}`);
        openFeeds.add(window.lease);
        return true;
      },
      extendFeed: () => trace.push('feed.extend'),
      closeFeed: ({ lease }) => {
        trace.push('feed.close');
        return openFeeds.delete(lease);
      },
    },
    callPlane: {
      send(message) {
        trace.push(message.kind);
        sentToCallPlane.push(message);
        return true;
      },
    },
    textProcessor: (processor) => ({
      infer: (_turns, { signal }) => {
        trace.push(`send:${processor.id}`);
        return behaviour.infer(signal);
      },
      close: () => Promise.resolve(),
    }),
  };
  return {
    deps,
    clock,
    trace,
    entries,
    events,
    sentToCallPlane,
    openFeeds,
    taps,
    plans: () => behaviour.plans,
    set: (change) => Object.assign(behaviour, change),
    letLedger: () => {
      for (const settle of held.splice(0)) settle();
    },
  };
}

export const scribe = processor('scribe', 'raw_audio');
export const collector = processor('collector', 'raw_audio');
export const coach = processor('coach', 'text');

export const tenant: Tenant = {
  id: asTenantId('acme'),
  match: { sources: ['127.0.0.0/8'], domains: [], dids: [], headers: [] },
  labels: [],
  redaction: DEFAULT_REDACTION,
  retention: { transcripts: { keep: false, days: 30 } },
  trusted: true,
  ingress: 'a',
  egress: 'a',
  nextHops: [{ host: '127.0.0.1', port: 5070, transport: 'udp' }],
  media: { caller: legPolicy('sdes'), callee: legPolicy('sdes') },
  onMediaUnavailable: 'bypass',
  mediaMode: 'anchored',
  otherLines: 'leave',
  onSignedMedia: 'bypass',
  roles: { caller: 'customer', callee: 'agent' },
  direction: 'inbound',
  jurisdictions: ['EU'],
  consent: { state: 'granted', method: 'announcement', parties: 'all', source: 'config' },
  disclosure: { played: true, source: 'config' },
  processors: [scribe.id, collector.id, coach.id],
  policy: undefined,
};

export const revision: Revision = {
  revision: 1,
  digest: 'd',
  tenants: [tenant],
  processors: [scribe, collector, coach],
};

/** A call with one stream, that has started unless told otherwise. */
export function callFact(options: { readonly startedUs?: number | undefined } = { startedUs: 1_000_000 }): CallFact {
  return {
    call: newId('call'),
    tenant: tenant.id,
    direction: 'inbound',
    ingress: 'a',
    trusted: true,
    labels: {},
    startedWallMs: 1_800_000_000_000,
    startedMonoUs: 1_000_000,
    state: 'confirmed',
    media: 'anchored',
    legs: [
      {
        leg: newId('leg'),
        side: 'caller',
        role: 'customer',
        stream: {
          stream: newId('stream'),
          worker: 0,
          secure: true,
          direction: 'sendrecv',
          ptimeMs: 20,
          payloads: [{ payloadType: 9, encoding: 'G722', clockRateHz: 8000 }],
          active: true,
          ...(options.startedUs === undefined ? {} : { startedUs: options.startedUs }),
        },
      },
    ],
  };
}

/** What a recogniser says that the first leg of the call said: half a second of it. */
export function segment({ call, legs }: CallFact, text: string, startMs = 0): Segment {
  const [leg] = legs;
  return {
    segment: newId('segment'),
    call,
    leg: leg!.leg,
    stream: leg!.stream!.stream,
    processor: scribe.id,
    final: true,
    text,
    startMs,
    endMs: startMs + 500,
    words: [],
  };
}

function processor(id: string, hears: Processor['hears']): Processor {
  return {
    id: asProcessorId(id),
    protocol: hears === 'text' ? 'openai-chat' : 'vosk',
    url: 'ws://127.0.0.1:1',
    hears,
    region: 'eu',
    legalEntity: 'x',
    purpose: 'transcription',
    terms: { hash: 'a'.repeat(64), training: false, retentionDays: 0, expiresAtMs: 4_000_000_000_000 },
    sampleRateHz: 16_000,
    model: undefined,
    instructions: undefined,
    credentialEnv: undefined,
  };
}

/** The same pieces under every plan. */
export function settled(plans: Plans, pieces: readonly Piece[]): Extract<Redacted, { kind: 'settled' }> {
  return { kind: 'settled', texts: Object.fromEntries(Object.keys(plans).map((plan) => [plan, pieces])), signals: [] };
}

/** Lets everything that waits for nothing but itself happen. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) await Promise.resolve();
}

export function ofKind<Kind extends EntryBody['kind']>(world: World, kind: Kind): Extract<EntryBody, { kind: Kind }>[] {
  return world.entries.filter((entry): entry is Extract<EntryBody, { kind: Kind }> => entry.kind === kind);
}

/** What the audio worker says when a feed was closed: how much of it was heard. */
export function feedClosed(
  world: World,
  lease: string,
  account: { readonly reason: LeaseCloseReason; readonly capturedThroughMs: number; readonly bytes: number },
): void {
  const found = world.deps.calls.findLease(lease as LeaseId);
  if (found === undefined) return;
  const { stream, processor } = found.feed.grant;
  const { reason, ...use } = account;
  onAudioEvent(world.deps, {
    kind: 'feed.closed',
    lease: found.feed.lease,
    stream,
    processor: processor.id,
    reason,
    use,
  });
  onAudioEvent(world.deps, { kind: 'feed.finished', lease: found.feed.lease });
}

/** What a verifier finds in everything this world recorded. */
export async function verifyWorld(world: World): Promise<readonly string[]> {
  const nowMs = world.clock.wallMs();
  const epoch = { node: 'n', epoch: `p_${'1'.repeat(32)}`, month: monthOf(nowMs), opened_ms: nowMs };
  const chains = new EpochChains({ epoch, software: 'test', previous: new Map() });
  const now = { at_ms: nowMs, mono_us: world.clock.monoUs() };
  const rows = world.entries.flatMap((body) => chains.place(tenant.id, body, now, now));
  const { findings } = await verifyLedger(rows);
  return findings.map(({ code }) => code);
}
