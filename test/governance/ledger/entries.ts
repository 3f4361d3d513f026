/** Entry bodies for tests: valid, small, and told apart by a number. */

import type { EntryBody } from '../../../src/model/evidence.ts';

type DecisionRecord = Extract<EntryBody, { kind: 'lease.open' }>['decision'];

const id = (letter: string, number: number) => `${letter}_${number.toString(16).padStart(32, '0')}`;
const hash = 'ab'.repeat(32);

export const decision: DecisionRecord = {
  entrypoint: 'stream',
  allow: true,
  code: 'allowed',
  rules: [{ rule: 'earshot.stream.allow', clause: 'consent' }],
  obligations: { max_window_ms: 30_000, redact: { PAN: 'mask' } },
  policy: { bundle: hash, data: hash },
  input: hash,
};

export const callId = (number = 1) => id('c', number);
export const leaseId = (number = 1) => id('e', number);

type Changes<Kind extends EntryBody['kind']> = Partial<Extract<EntryBody, { kind: Kind }>>;

export function leaseOpen(number = 1, changes: Changes<'lease.open'> = {}): EntryBody {
  return {
    kind: 'lease.open',
    call: callId(),
    lease: leaseId(number),
    leg: id('l', 1),
    stream: id('s', 1),
    processor: 'ears',
    hears: 'raw_audio',
    terms: hash,
    from_ms: 0,
    through_ms: 20_000,
    max_bytes: 640_000,
    decision,
    ...changes,
  };
}

export function leaseRenew(number = 1, changes: Changes<'lease.renew'> = {}): EntryBody {
  return {
    kind: 'lease.renew',
    call: callId(),
    lease: leaseId(number),
    stream: id('s', 1),
    processor: 'ears',
    n: 1,
    through_ms: 35_000,
    max_bytes: 1_200_000,
    captured_through_ms: 10_000,
    bytes: 320_000,
    ...changes,
  };
}

export function leaseClose(number = 1, changes: Changes<'lease.close'> = {}): EntryBody {
  return {
    kind: 'lease.close',
    call: callId(),
    lease: leaseId(number),
    stream: id('s', 1),
    processor: 'ears',
    reason: 'end',
    captured_through_ms: 15_000,
    bytes: 480_000,
    max_bytes: 640_000,
    ...changes,
  };
}

export function callClose(changes: Changes<'call.close'> = {}): EntryBody {
  return {
    kind: 'call.close',
    call: callId(),
    reason: 'bye',
    duration_ms: 15_000,
    heard_by: [{ processor: 'ears', leases: 1, bytes: 480_000 }],
    ...changes,
  };
}

export function callOpen(changes: Changes<'call.open'> = {}): EntryBody {
  return {
    kind: 'call.open',
    call: callId(),
    direction: 'inbound',
    ingress: 'carrier',
    media: 'anchored',
    jurisdictions: ['EU'],
    config_revision: 1,
    ...changes,
  };
}

export function refusal(changes: Changes<'refusal'> = {}): EntryBody {
  return {
    kind: 'refusal',
    call: callId(),
    stream: id('s', 1),
    processor: 'trainer',
    modality: 'audio',
    count: 1,
    decision: { ...decision, allow: false, code: 'policy_denied', rules: [{ rule: 'earshot.stream.no_training' }] },
    ...changes,
  };
}

export function gap(changes: Changes<'gap'> = {}): EntryBody {
  return {
    kind: 'gap',
    call: callId(),
    stream: id('s', 1),
    reason: 'late',
    from_ms: 0,
    to_ms: 20,
    count: 1,
    ...changes,
  };
}

export function releaseRequest(number = 1, changes: Changes<'release.request'> = {}): EntryBody {
  return {
    kind: 'release.request',
    call: callId(),
    release: id('r', number),
    leg: id('l', 1),
    stream: id('s', 1),
    processor: 'assistant',
    terms: hash,
    from_ms: 0,
    to_ms: 900,
    chars: 40,
    final: true,
    entities: { PAN: 1 },
    detector: 'v1',
    payload: hash,
    decision: { ...decision, entrypoint: 'release' },
    ...changes,
  };
}

export function releaseOutcome(number = 1, changes: Changes<'release.outcome'> = {}): EntryBody {
  return {
    kind: 'release.outcome',
    call: callId(),
    release: id('r', number),
    processor: 'assistant',
    outcome: 'answered',
    sent_bytes: 120,
    received_chars: 60,
    took_ms: 300,
    ...changes,
  };
}

/** An entry without consequences. */
export function read(route = 'ledger'): EntryBody {
  return { kind: 'read', read: id('q', 1), route, actor: 'local' };
}
