/** What the columns beside an entry must say. Computed when it is written, and again by whoever verifies it. */

import type { Entry } from '../../model/evidence.ts';
import type { Projections } from '../../store/schema.ts';

export function projectEntry(entry: Entry): Projections {
  return {
    kind: entry.kind,
    at_ms: entry.at_ms,
    call: 'call' in entry ? (entry.call ?? null) : null,
    stream: 'stream' in entry ? (entry.stream ?? null) : null,
    processor: 'processor' in entry ? (entry.processor ?? null) : null,
    lease: 'lease' in entry ? entry.lease : null,
    release: 'release' in entry ? (entry.release ?? null) : null,
    from_ms: 'from_ms' in entry ? entry.from_ms : null,
    through_ms: 'through_ms' in entry ? entry.through_ms : null,
    captured_through_ms: 'captured_through_ms' in entry ? entry.captured_through_ms : null,
    max_bytes: 'max_bytes' in entry ? entry.max_bytes : null,
    voided_seq: entry.kind === 'void' ? entry.voided_seq : null,
  };
}
