/**
 * Commits an answered offer, confirms a branch, and rolls back a refused transaction: the only places where what the
 * call has agreed changes. Each puts a new immutable value in place of the old.
 */

import type { CallRecord, CommittedMedia, CommittedPeer, Proposal } from './call-record.ts';
import type { PeerMedia } from './peer-media.ts';
import { IDLE_MEDIA, isIdle } from './peer-media.ts';
import { spendFreshKeys } from './sending-key.ts';

/** Commits `proposal` as answered on `branch`. Hearing an older exchange again changes nothing. */
export function commitAnswer(record: CallRecord, proposal: Proposal, branch: string, answerer: PeerMedia): void {
  const { committed } = record;
  proposal.before ??= { committed };
  const { order, plan, from } = proposal;
  const offerer = isIdle(answerer) ? offererOfClosedLine(committed, proposal, branch) : plan.offerer;
  const [callerSaid, calleeSaid] = from === 'caller' ? [offerer, answerer] : [answerer, offerer];
  const callee = newer(committed?.callees.get(branch), { media: calleeSaid, order });
  // A closed line leaves the keys as they were: it may be opened again under them.
  const keepsKeys = committed && (committed.order > order || isIdle(answerer));
  record.committed = {
    mLine: plan.mLine,
    caller: newer(committed?.caller, { media: callerSaid, order }),
    callees: new Map([...(committed?.callees ?? []), [branch, callee]]),
    sendKeys: keepsKeys ? committed.sendKeys : plan.sendKeys,
    order: Math.max(order, committed?.order ?? 0),
    active: chooseActive(record, branch, callee.media),
  };
  spendFreshKeys(record);
}

/** Makes a branch with a 2xx the active one, once per transaction: a repeated 2xx must not take media back. */
export function confirmBranch(record: CallRecord, transaction: string, branch: string): void {
  const proposals = [...record.proposals.values()].filter((proposal) => proposal.transaction === transaction);
  const isNews = proposals.some((proposal) => !proposal.confirmed.has(branch)) || !record.confirmed.has(branch);
  for (const proposal of proposals) proposal.confirmed.add(branch);
  record.confirmed.add(branch);
  const { committed } = record;
  if (isNews && committed?.callees.has(branch)) record.committed = { ...committed, active: branch };
}

/**
 * Takes back what `transaction` proposed, and what its provisional answers committed: a refused re-INVITE leaves the
 * session as it was before it (RFC 6141 §3.1). A transaction with a 2xx is past refusing,
 * but for an offer in that 2xx which its ACK left unanswered.
 */
export function rollBack(record: CallRecord, transaction: string): void {
  const undone = [...record.proposals.values()].filter(
    (proposal) => proposal.transaction === transaction && (proposal.confirmed.size === 0 || !proposal.before),
  );
  for (const proposal of undone) record.proposals.delete(proposal.key);
  const first = undone.find((proposal) => proposal.before);
  if (!first?.before) return;
  record.committed = first.before.committed;
  // Back before the first answer, whatever else was offered meanwhile stood on it.
  if (!record.committed) record.proposals.clear();
}

/** An offerer whose line was closed has no media with that branch; in a fork, others may still take it. */
function offererOfClosedLine(committed: CommittedMedia | undefined, proposal: Proposal, branch: string): PeerMedia {
  if (proposal.from === 'callee') return IDLE_MEDIA;
  if (committed?.active === branch) return IDLE_MEDIA;
  return committed?.caller.media ?? proposal.plan.offerer;
}

/** The later of two exchanges. A closed line keeps the peer's key, and with it what was learnt under it. */
function newer(known: CommittedPeer | undefined, said: CommittedPeer): CommittedPeer {
  if (known && known.order > said.order) return known;
  return known && isIdle(said.media) ? { ...said, media: { ...said.media, key: known.media.key } } : said;
}

/** Until a branch is confirmed, media follows whichever last said something new. */
function chooseActive(record: CallRecord, branch: string, said: PeerMedia): string | undefined {
  const active = record.committed?.active;
  if (active === undefined) return isIdle(said) && !record.confirmed.has(branch) ? undefined : branch;
  if (record.confirmed.has(active)) return active;
  if (record.confirmed.has(branch)) return branch;
  const before = record.committed?.callees.get(branch)?.media;
  return isIdle(said) || JSON.stringify(before) === JSON.stringify(said) ? active : branch;
}
