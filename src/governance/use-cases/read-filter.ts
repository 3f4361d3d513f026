/**
 * What a `read` entry says was asked for. Names and ids as they are; a reason or type only where it is a word of ours,
 * because whoever asks types it freely, and what is typed freely may be about a person.
 */

import type { GapReason, LeaseCloseReason } from '../../model/audio.ts';
import type { CallEndReason } from '../../model/call.ts';
import type { DecisionCode } from '../../model/decision.ts';

const OTHER = 'other';
const MAX_CHARS = 128;

type Asked = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** Absent parts are left out; what was freely typed must be given through `knownReason` or `knownType`. */
export function readFilter(asked: Asked): Record<string, string> {
  const filter: Record<string, string> = {};
  for (const [name, value] of Object.entries(asked)) {
    if (value === undefined) continue;
    const text = Array.isArray(value) ? value.join(',') : String(value);
    filter[name] = text.length <= MAX_CHARS ? text : OTHER;
  }
  return filter;
}

export function knownReason(reason: string | undefined): string | undefined {
  return reason === undefined || Object.hasOwn(REASONS, reason) ? reason : OTHER;
}

export function knownType(entity: string | undefined): string | undefined {
  return entity === undefined || TYPES.has(entity) ? entity : OTHER;
}

const REASONS: Readonly<Record<DecisionCode | GapReason | LeaseCloseReason | CallEndReason, true>> = {
  allowed: true,
  policy_denied: true,
  policy_undefined: true,
  policy_malformed: true,
  policy_obligation_unknown: true,
  policy_error: true,
  policy_deadline: true,
  policy_unavailable: true,
  policy_invalid: true,
  policy_quarantined: true,
  media_opaque: true,
  lost: true,
  late: true,
  tap_overflow: true,
  tap_lapsed: true,
  queue_overflow: true,
  lease_exhausted: true,
  undecodable: true,
  processor_down: true,
  ledger_unavailable: true,
  governance_restart: true,
  audio_worker_restart: true,
  redaction_unavailable: true,
  policy: true,
  revoked: true,
  not_kept: true,
  end: true,
  pci: true,
  consent: true,
  policy_change: true,
  quota: true,
  unused: true,
  bye: true,
  cancelled: true,
  refused: true,
  timeout: true,
  swept: true,
  drained: true,
  restart: true,
};

const TYPES: ReadonlySet<string> = new Set(['CARD', 'PHONE', 'SSN', 'CVV', 'EXPIRY', 'NUMBER', 'EMAIL']);
