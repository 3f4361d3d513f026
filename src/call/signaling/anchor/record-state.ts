/** The record of a call as data, for the next life of the call plane. What is left out is what that life cannot need. */

import type { CallRecord } from './call-record.ts';
import { fromPlain, toPlain } from '../../plain-state.ts';

/** Everything but the match rules of its tenant: it holds keys. */
export function saveRecord(record: CallRecord): unknown {
  const match = { sources: [], domains: [], dids: [], headers: [] };
  return toPlain({ ...record, tenant: { ...record.tenant, match } });
}

/** A record that `saveRecord` of the same build made. */
export function readRecord(state: unknown): CallRecord {
  return fromPlain(state) as CallRecord;
}
