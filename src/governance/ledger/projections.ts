/** What the columns beside an entry must say. Computed when it is written, and again by whoever verifies it. */

import type { Entry } from '../../model/evidence.ts';
import type { Projections } from '../../store/schema.ts';

export function projectEntry(entry: Entry): Projections {
  const decision = 'decision' in entry ? entry.decision : undefined;
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
    allow: decision?.allow ?? null,
    entrypoint: decision?.entrypoint ?? null,
    words: listOf(wordsOf(entry)),
    entities: listOf(entitiesOf(entry)),
  };
}

/** Everything a question about a reason may name, in the order the entry says it. */
function wordsOf(entry: Entry): readonly string[] {
  if ('decision' in entry) {
    const { code, rules } = entry.decision;
    return [code, ...rules.flatMap(({ rule, clause }) => (clause === undefined ? [rule] : [rule, clause]))];
  }
  switch (entry.kind) {
    case 'gap':
    case 'lease.close':
    case 'call.close':
    case 'pci.close':
      return [entry.reason];
    case 'pci.open':
      return [entry.trigger];
    case 'release.outcome':
    case 'read.done':
      return [entry.outcome];
    case 'policy.invalid':
    case 'incident':
    case 'access.denied':
      return [entry.code];
    case 'revoke':
      return [entry.action, entry.scope];
    case 'access.token':
      return [entry.action];
    default:
      return [];
  }
}

/** In the order of canonical JSON (RFC 8785 §3.2.3), whatever order the object was made in. */
function entitiesOf(entry: Entry): readonly string[] {
  if (!('entities' in entry)) return [];
  return Object.entries(entry.entities)
    .filter(([, count]) => count > 0)
    .map(([type]) => type)
    .sort();
}

/** Each once. U+0000 is a character of JSON that no text in Postgres can hold: what has it cannot be asked for. */
function listOf(words: readonly string[]): readonly string[] | null {
  const listed = [...new Set(words)].filter((word) => !word.includes('\0'));
  return listed.length === 0 ? null : listed;
}
