/**
 * One ordinary question per entrypoint. A bundle is used only after it has answered all of them with a decision:
 * what is undefined, malformed or endless here would be so on a call. Whether it allows or denies is its own affair.
 */

import type { Entrypoint, PolicyInput } from '../../model/decision.ts';

const NOW_MS = 1_800_000_000_000;
const YEAR_MS = 31_536_000_000;

const common = {
  v: 1,
  now_ms: NOW_MS,
  tenant: 'golden',
  call: {
    id: `c_${'0'.repeat(32)}`,
    direction: 'inbound',
    ingress: 'golden',
    trusted: false,
    jurisdictions: ['eu'],
    labels: {},
  },
  leg: { side: 'caller', role: 'customer' },
  consent: { state: 'granted', method: 'announcement', parties: 'all', source: 'config' },
  disclosure: { played: true, source: 'config' },
  window: { pci: false },
} as const satisfies Partial<PolicyInput>;

const assistant = {
  id: 'golden',
  kind: 'assistant',
  hears: 'text',
  protocol: 'openai-chat',
  region: 'eu-golden',
  legal_entity: 'golden',
  purpose: 'golden',
  terms: { hash: '0'.repeat(64), training: false, retention_days: 0, expires_at_ms: NOW_MS + YEAR_MS },
  health: 'up',
} as const satisfies PolicyInput['processor'];

const release = { entities: { CARD: 1 }, chars: 80, final: true, detector: 'golden' } as const;

export const GOLDEN_INPUTS: Readonly<Record<Entrypoint, PolicyInput>> = {
  stream: { ...common, stream: { codec: 'PCMU', secure: true, modality: 'text' }, processor: assistant },
  release: { ...common, processor: assistant, release },
  retain: { ...common, retain: { kind: 'transcript' } },
  emit: { ...common, processor: assistant, release, subscriber: { id: 'local', kind: 'local' } },
};
