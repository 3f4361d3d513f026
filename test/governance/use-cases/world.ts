/** A world in memory for the use cases: everything they ask of it is remembered, and answered as the test says. */

import { ManualClock } from '../../../src/base/clock.ts';
import { asProcessorId, asTenantId, newId, systemRandom, type LeaseId, type TapId } from '../../../src/base/ids.ts';
import { silentLog } from '../../../src/base/log.ts';
import { Metrics } from '../../../src/base/metrics.ts';
import { LedgerError, type Receipt } from '../../../src/governance/ledger/ledger.ts';
import type { EarshotEvent } from '../../../src/governance/insights/events.ts';
import { LiveCalls } from '../../../src/governance/use-cases/live-calls.ts';
import type { Deps } from '../../../src/governance/use-cases/ports.ts';
import type { FromGovernance } from '../../../src/link/messages.ts';
import type { CallFact } from '../../../src/model/call.ts';
import type { Decision } from '../../../src/model/decision.ts';
import type { EntryBody } from '../../../src/model/evidence.ts';
import type { Processor, Revision, Tenant } from '../../../src/model/tenant.ts';

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
  /** Changes the world for what comes next. */
  set(change: Partial<Behaviour>): void;
}

export interface Behaviour {
  ledgerFails: boolean;
  decide: (processor: string, entrypoint: string) => Pick<Decision, 'allow' | 'code'> & Partial<Decision>;
  workerTakesFeeds: boolean;
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
    decide: () => ({ allow: true, code: 'allowed' }),
    workerTakesFeeds: true,
  };
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
    publish: (event) => events.push(event),
    ledger: {
      get isAvailable() {
        return !behaviour.ledgerFails;
      },
      append(_log, body) {
        if (behaviour.ledgerFails) return Promise.reject(new LedgerError('UNAVAILABLE', 'down'));
        take(body);
        return Promise.resolve({} as Receipt);
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
          ...behaviour.decide(processor, entrypoint),
        });
      },
    },
    redaction: {
      detector: 'test',
      open: () => undefined,
      push: (segment) => {
        const { text, startMs, endMs } = segment;
        return Promise.resolve({
          kind: 'pieces',
          pieces: [{ text: text.toUpperCase(), entities: [], startMs, endMs }],
        });
      },
      settle: () => Promise.resolve({ kind: 'pieces', pieces: [] }),
      answer: (_call, text) =>
        Promise.resolve({ kind: 'pieces', pieces: [{ text, entities: [], startMs: 0, endMs: 0 }] }),
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
      infer: (turns) => {
        trace.push(`send:${processor.id}`);
        return Promise.resolve({ kind: 'answered', text: `re: ${turns.at(-1)?.text ?? ''}`, sentBytes: 10 });
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
    set: (change) => Object.assign(behaviour, change),
  };
}

export const scribe = processor('scribe', 'raw_audio');
export const collector = processor('collector', 'raw_audio');
export const coach = processor('coach', 'text');

export const tenant: Tenant = {
  id: asTenantId('acme'),
  sources: ['127.0.0.0/8'],
  trusted: true,
  ingress: 'a',
  egress: 'a',
  nextHops: [{ host: '127.0.0.1', port: 5070, transport: 'udp' }],
  media: { caller: 'sdes', callee: 'sdes' },
  onMediaUnavailable: 'bypass',
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
