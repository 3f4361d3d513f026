/**
 * The account a closed call gives of who heard it, against the leases of that call. Within one epoch it must be exact;
 * a call that outlived its writer can only be held to what was possible.
 */

import type { Place } from './findings.ts';
import type { LeaseAccount, Of } from './lease-account.ts';

type CallClose = Of<'call.close'>;
type Fail = (code: string, place: Place) => void;

interface Sum {
  leases: number;
  /** Closed without ever having been used; a writer may count them or not. */
  unused: number;
  leastBytes: number;
  mostBytes: number;
}

export function judgeCalls(calls: ReadonlyMap<string, CallClose>, leases: readonly LeaseAccount[], fail: Fail): void {
  const byCall = new Map<string, LeaseAccount[]>();
  for (const lease of leases) {
    if (!lease.open || lease.isVoided) continue;
    const name = `${lease.open.log}\n${lease.open.call}`;
    const group = byCall.get(name);
    if (group) group.push(lease);
    else byCall.set(name, [lease]);
  }
  for (const [name, close] of calls) judgeCall(close, byCall.get(name) ?? [], fail);
}

function judgeCall(close: CallClose, leases: readonly LeaseAccount[], fail: Fail): void {
  for (const lease of leases) if (lease.open && !lease.close) fail('lease_left_open', lease.open);
  const sums = sumByProcessor(leases);
  const isExact = leases.every((lease) => lease.open?.epoch === close.epoch && lease.close?.epoch === close.epoch);
  const said = new Map(close.heard_by.map((heard) => [heard.processor, heard]));
  if (said.size !== close.heard_by.length) fail('call_account', close);
  for (const processor of new Set([...said.keys(), ...sums.keys()])) {
    const heard = said.get(processor) ?? { leases: 0, bytes: 0 };
    const sum = sums.get(processor) ?? { leases: 0, unused: 0, leastBytes: 0, mostBytes: 0 };
    const isPossible = heard.leases <= sum.leases && heard.bytes <= sum.mostBytes;
    const isWhole = heard.leases >= sum.leases - sum.unused && heard.bytes >= sum.leastBytes;
    if (!isPossible || (isExact && !isWhole)) fail('call_account', close);
  }
}

function sumByProcessor(leases: readonly LeaseAccount[]): Map<string, Sum> {
  const sums = new Map<string, Sum>();
  for (const { open, close } of leases) {
    if (!open || !close) continue;
    const sum = sums.get(open.processor) ?? { leases: 0, unused: 0, leastBytes: 0, mostBytes: 0 };
    sum.leases += 1;
    if (close.reason === 'unused') sum.unused += 1;
    sum.leastBytes += close.bytes === 'unknown' ? 0 : close.bytes;
    sum.mostBytes += close.bytes === 'unknown' ? close.max_bytes : close.bytes;
    sums.set(open.processor, sum);
  }
  return sums;
}
