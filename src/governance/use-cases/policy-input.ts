/** Builds the input documents of the four questions from facts. Time is in the input, so a decision can be replayed. */

import type { LegId } from '../../base/ids.ts';
import type { CallFact, Encoding, StreamFact } from '../../model/call.ts';
import type { PolicyInput } from '../../model/decision.ts';
import type { Modality, Processor, Tenant } from '../../model/tenant.ts';
import type { Release } from '../../model/transcript.ts';
import type { Health } from './processor-health.ts';

export interface Question {
  readonly tenant: Tenant;
  readonly fact: CallFact;
  readonly nowMs: number;
  /** Whether card data is being taken; of words, whether it was when they were said. */
  readonly isTakingCard: boolean;
}

/** May this processor receive this leg, as this modality? */
export function streamInput(
  question: Question,
  asked: {
    readonly leg: LegId;
    readonly stream: StreamFact;
    readonly processor: Processor;
    readonly health: Health;
    readonly modality: Modality;
  },
): PolicyInput {
  return {
    ...callInput(question),
    ...legInput(question.fact, asked.leg),
    stream: { ...viewOf(asked.stream), modality: asked.modality },
    processor: processorInput(asked.processor, asked.health),
  };
}

/** May this already redacted release go to this processor? */
export function releaseInput(
  question: Question,
  asked: { readonly release: Release; readonly processor: Processor; readonly health: Health },
): PolicyInput {
  const { release, processor, health } = asked;
  return {
    ...callInput(question),
    ...legInput(question.fact, release.leg),
    processor: processorInput(processor, health),
    release: {
      entities: release.entities,
      chars: release.text.length,
      final: release.final,
      detector: release.detector,
    },
  };
}

/** May this be kept? */
export function retainInput(question: Question, kind: NonNullable<PolicyInput['retain']>['kind']): PolicyInput {
  return { ...callInput(question), retain: { kind } };
}

/** May this insight go to this subscriber? */
export function emitInput(
  question: Question,
  asked: { readonly processor: Processor; readonly health: Health; readonly subscriber: string },
): PolicyInput {
  return {
    ...callInput(question),
    processor: processorInput(asked.processor, asked.health),
    subscriber: { id: asked.subscriber, kind: 'local' },
  };
}

function callInput({ tenant, fact, nowMs, isTakingCard }: Question): PolicyInput {
  return {
    v: 1,
    now_ms: nowMs,
    tenant: tenant.id,
    call: {
      id: fact.call,
      direction: fact.direction,
      ingress: fact.ingress,
      trusted: fact.trusted,
      jurisdictions: tenant.jurisdictions,
      labels: fact.trusted ? fact.labels : {},
    },
    consent: tenant.consent,
    disclosure: tenant.disclosure,
    window: { pci: isTakingCard },
  };
}

function legInput(fact: CallFact, leg: LegId): Pick<PolicyInput, 'leg'> {
  const found = fact.legs.find((candidate) => candidate.leg === leg);
  return found === undefined ? {} : { leg: { side: found.side, role: found.role } };
}

function processorInput(processor: Processor, health: Health): NonNullable<PolicyInput['processor']> {
  return {
    id: processor.id,
    kind: processor.hears === 'text' ? 'assistant' : 'transcriber',
    hears: processor.hears,
    protocol: processor.protocol,
    region: processor.region,
    legal_entity: processor.legalEntity,
    purpose: processor.purpose,
    terms: {
      hash: processor.terms.hash,
      training: processor.terms.training,
      retention_days: processor.terms.retentionDays,
      expires_at_ms: processor.terms.expiresAtMs,
    },
    health,
  };
}

/** What the policy is told of a stream: when it changes, the question is another one. */
export function viewOf(stream: StreamFact): { readonly codec: Encoding; readonly secure: boolean } {
  return { codec: mainCodec(stream), secure: stream.secure };
}

/** The first audio codec of the payload map: what a stream is sent as unless it changes its mind. */
function mainCodec(stream: StreamFact): Encoding {
  return stream.payloads.find(({ encoding }) => encoding !== 'telephone-event')?.encoding ?? 'other';
}
