/**
 * Commits an answered offer, confirms a branch, and rolls back a refused transaction: the only places where what the
 * call has agreed changes. Each puts a new immutable value in place of the old.
 */

import type { CallRecord, CommittedMedia, CommittedPeer, Line, Proposal } from './call-record.ts';
import { otherSide } from './call-record.ts';
import type { LinePlan } from './line-plan.ts';
import { placeName } from './our-side.ts';
import type { Ours } from './ours.ts';
import { NOTHING_YET } from './ours.ts';
import type { PeerMedia } from './peer-media.ts';
import { IDLE_MEDIA, isIdle } from './peer-media.ts';
import type { AnsweredLines } from './read-answer.ts';

/** Commits `proposal` as answered on `branch`. Hearing an older exchange again changes nothing. */
export function commitAnswer(record: CallRecord, proposal: Proposal, branch: string, answers: AnsweredLines): void {
  proposal.before ??= committedLines(record);
  for (const plan of proposal.plans) {
    const line = record.lines.get(plan.mLine);
    if (line) commitLine(record, line, { proposal, plan, branch, answerer: answers.get(plan.mLine) ?? IDLE_MEDIA });
  }
}

/** Makes a branch with a 2xx the active one, once per transaction: a repeated 2xx must not take media back. */
export function confirmBranch(record: CallRecord, transaction: string, branch: string): void {
  const proposals = [...record.proposals.values()].filter((proposal) => proposal.transaction === transaction);
  const isNews = proposals.some((proposal) => !proposal.confirmed.has(branch)) || !record.confirmed.has(branch);
  for (const proposal of proposals) proposal.confirmed.add(branch);
  record.confirmed.add(branch);
  if (!isNews) return;
  for (const line of record.lines.values()) {
    if (line.committed?.callees.has(branch)) line.committed = { ...line.committed, active: branch };
  }
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
  const before = undone.find((proposal) => proposal.before)?.before;
  if (!before) return;
  const isFirst = before.size === 0;
  for (const line of record.lines.values()) {
    line.committed = before.get(line.mLine) ?? (line.session && !isFirst ? asIdle(line.committed) : undefined);
  }
  // Back before the first answer, whatever else was offered meanwhile stood on it.
  if (!hasAgreed(record)) record.proposals.clear();
}

/** A line that was not there before: what its session said is over. */
function asIdle(committed: CommittedMedia | undefined): CommittedMedia | undefined {
  if (!committed) return undefined;
  const idle = (peer: CommittedPeer): CommittedPeer => ({ ...peer, media: IDLE_MEDIA });
  const callees = new Map([...committed.callees].map(([tag, peer]) => [tag, idle(peer)]));
  return { caller: idle(committed.caller), callees, active: undefined };
}

/** What stands on each line that anything was agreed of. */
function committedLines({ lines }: CallRecord): ReadonlyMap<number, CommittedMedia> {
  return new Map([...lines].flatMap(([mLine, { committed }]) => (committed ? [[mLine, committed] as const] : [])));
}

/** Whether any answer stands. */
export function hasAgreed(record: CallRecord): boolean {
  return [...record.lines.values()].some(({ committed }) => committed !== undefined);
}

interface Answered {
  readonly proposal: Proposal;
  readonly plan: LinePlan;
  readonly branch: string;
  readonly answerer: PeerMedia;
}

function commitLine(record: CallRecord, line: Line, { proposal, plan, branch, answerer }: Answered): void {
  const { committed } = line;
  const { from, order } = proposal;
  const offererMedia = isIdle(answerer) ? offererOfClosedLine(committed, { proposal, plan, branch }) : offererOf(plan);
  const offerer = { media: offererMedia, ours: oursIn(plan, from), order };
  const answering = { media: answerer, ours: oursIn(plan, otherSide(from)), order };
  const [caller, callee] = from === 'caller' ? [offerer, answering] : [answering, offerer];
  line.committed = {
    caller: newer(committed?.caller, caller),
    callees: new Map([...(committed?.callees ?? []), [branch, newer(committed?.callees.get(branch), callee)]]),
    active: chooseActive(record, committed, branch, callee.media),
  };
  // Once committed it belongs to the committed media, and is never taken for fresh again.
  if (plan.kind === 'open' && !isIdle(answerer)) line.fresh.caller = line.fresh.callee = undefined;
}

function offererOf(plan: LinePlan): PeerMedia {
  return plan.kind === 'open' || plan.kind === 'relayed' ? plan.offerer : IDLE_MEDIA;
}

function oursIn(plan: LinePlan, side: Proposal['from']): Ours {
  return plan.kind === 'open' ? plan.ours[side] : NOTHING_YET;
}

/** An offerer whose line was closed has no media with that branch; in a fork, others may still take it. */
function offererOfClosedLine(
  committed: CommittedMedia | undefined,
  { proposal, plan, branch }: Pick<Answered, 'proposal' | 'plan' | 'branch'>,
): PeerMedia {
  if (proposal.from === 'callee' || committed?.active === branch) return IDLE_MEDIA;
  return committed?.caller.media ?? offererOf(plan);
}

/**
 * The later of two exchanges. A closed line keeps how it was keyed, by them and by us, and with it what was learnt under
 * it: it may be opened again. A leg that is no longer keyed in SDP has spent the keys it had.
 */
function newer(known: CommittedPeer | undefined, said: Omit<CommittedPeer, 'place'>): CommittedPeer {
  if (known && known.order > said.order) return known;
  if (isIdle(said.media)) {
    if (!known) return { ...said, place: undefined };
    const { keying, profile, ice } = known.media;
    return { ...known, media: { ...said.media, keying, profile, ice }, order: said.order };
  }
  const ours = said.media.keying.kind === 'sdes' ? said.ours : { ...said.ours, keys: [] };
  return { ...said, ours, place: placeName(said.media) ?? known?.place };
}

/** Until a branch is confirmed, media follows whichever last said something new. */
function chooseActive(
  record: CallRecord,
  committed: CommittedMedia | undefined,
  branch: string,
  said: PeerMedia,
): string | undefined {
  const active = committed?.active;
  if (active === undefined) return isIdle(said) && !record.confirmed.has(branch) ? undefined : branch;
  if (record.confirmed.has(active)) return active;
  if (record.confirmed.has(branch)) return branch;
  const before = committed?.callees.get(branch)?.media;
  return isIdle(said) || JSON.stringify(before) === JSON.stringify(said) ? active : branch;
}
