/**
 * Heartbeats of the system log: each commits to the heads of the node's other chains, so that none of them can lose
 * its tail, or vanish whole, without the system log saying otherwise.
 */

import { SYSTEM_LOG, type EntryBody } from '../../model/evidence.ts';
import type { Receipt } from './ledger.ts';

/** Heads per entry: sixteen of the longest names stay below 4 KiB. */
const HEADS_PER_PART = 16;

/** One heartbeat in as many parts as it needs, numbered from 1; a single empty part when there are no chains. */
export function heartbeatsOf(heads: readonly Receipt[]): EntryBody[] {
  const others = heads.filter((head) => head.log !== SYSTEM_LOG);
  const parts = Math.max(1, Math.ceil(others.length / HEADS_PER_PART));
  return Array.from({ length: parts }, (_, index) => ({
    kind: 'heartbeat',
    heads: others.slice(index * HEADS_PER_PART, (index + 1) * HEADS_PER_PART),
    part: index + 1,
    parts,
  }));
}
