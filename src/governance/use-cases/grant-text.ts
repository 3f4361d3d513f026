/**
 * Decides who may read what one leg says, and how it must be redacted for them, before anything is recognised. Whoever
 * is silenced is not asked about; when that is lifted, policy is asked anew for him alone.
 */

import { isDeepStrictEqual } from 'node:util';
import type { LegId, ProcessorId } from '../../base/ids.ts';
import type { Grant } from '../../model/grant.ts';
import type { Processor } from '../../model/tenant.ts';
import { stricterAction } from '../../model/redaction-action.ts';
import type { RedactionPlan } from '../../model/transcript.ts';
import { askPolicy } from './ask-policy.ts';
import { currentPositionMs } from './lease-window.ts';
import { isOver, type LiveCall, type LiveStream } from './live-calls.ts';
import type { Deps } from './ports.ts';
import { isTakingCard } from './pci-state.ts';
import { streamInput } from './policy-input.ts';
import { healthOf } from './note-health.ts';
import { hearingOf, recordSilence, startRevoked } from './silence-stream.ts';

/** Asks the policy for every text processor of the tenant, and opens the leg's redaction when one may read it. */
export async function grantText(deps: Deps, call: LiveCall, stream: LiveStream): Promise<void> {
  const { leg } = stream;
  // Marked as asked at once: a second fact may arrive while the policy thinks.
  call.textGrants.set(leg, []);
  const { governedAnew } = call;
  const grants: Grant[] = [];
  for (const processor of readersOf(call)) {
    const grant = await askForText(deps, call, stream, processor);
    if (grant !== 'denied' && grant !== 'silenced') grants.push(grant);
  }
  // What was decided under another configuration is void; whoever changed it has asked anew.
  if (call.governedAnew !== governedAnew) return;
  // Somebody may have been taken up meanwhile by a lift.
  const all = [...(call.textGrants.get(leg) ?? []), ...grants];
  if (grants.length === 0 || isOver(call)) return;
  // Where somebody hears already, words may have gone by while the policy was asked.
  openRedaction(deps, call, leg, { grants: all, resumed: call.isResumed || stream.feeds.size > 0 });
  call.textGrants.set(leg, all);
}

/** Takes up every reader of the stream that was silenced and is not any more. Never rejects. */
export async function readAgain(deps: Deps, call: LiveCall, stream: LiveStream): Promise<void> {
  const readers = readersOf(call).filter(({ id }) => isDue(deps, call, stream, id));
  await Promise.all(readers.map((reader) => readAs(deps, call, stream, reader)));
}

function isDue(deps: Deps, call: LiveCall, stream: LiveStream, reader: ProcessorId): boolean {
  const silence = stream.silences.get(reader);
  if (silence?.reason !== 'revoked' || stream.asked.has(reader)) return false;
  return deps.clock.monoUs() >= silence.retryAtUs && !deps.calls.silenced.covers(hearingOf(call, reader));
}

async function readAs(deps: Deps, call: LiveCall, stream: LiveStream, reader: Processor): Promise<void> {
  stream.asked.set(reader.id, 'asking');
  try {
    await grantTextAgain(deps, call, stream, reader);
  } finally {
    stream.asked.delete(reader.id);
  }
}

/**
 * What was granted before the switch was pulled is void, and what was said until policy has answered is never this
 * reader's. The others of the leg read on; only another plan for all of them begins its redaction anew.
 */
async function grantTextAgain(deps: Deps, call: LiveCall, stream: LiveStream, reader: Processor): Promise<void> {
  const { leg } = stream;
  const before = call.textGrants.get(leg) ?? [];
  call.textGrants.set(leg, without(before, reader.id));
  const { governedAnew } = call;
  const grant = await askForText(deps, call, stream, reader);
  const silence = stream.silences.get(reader.id);
  if (grant === 'silenced' || silence === undefined || isOver(call)) return;
  if (call.governedAnew !== governedAnew) return;
  const toMs = currentPositionMs(deps, call, stream);
  stream.silences.delete(reader.id);
  recordSilence(deps, call, stream, reader.id, { ...silence, toMs });
  if (grant === 'denied') return;
  stream.readableFromMs.set(reader.id, toMs);
  const after = [...without(call.textGrants.get(leg) ?? [], reader.id), grant];
  const isRedacted = before.length > 0 || deps.transcripts?.keeps(call.call) === true;
  const isAsBefore = isRedacted && isDeepStrictEqual(strictestPlan(before), strictestPlan(after));
  if (!isAsBefore) openRedaction(deps, call, leg, { grants: after, resumed: true });
  call.textGrants.set(leg, after);
}

/** What becomes of types that a grant does not name. */
const DEFAULT_ACTION = 'pseudonym';

/** One rendering serves every reader of the leg, so for each type whatever tells least wins. */
export function strictestPlan(grants: readonly Grant[]): RedactionPlan {
  const plans = grants.map(({ decision }) => decision.obligations.redact ?? {});
  const types = new Set(plans.flatMap((plan) => Object.keys(plan)));
  const actions = [...types].map((type) => {
    const wishes = plans.map((plan) => (Object.hasOwn(plan, type) ? plan[type] : undefined) ?? DEFAULT_ACTION);
    return [type, wishes.reduce(stricterAction)] as const;
  });
  return { actions: Object.fromEntries(actions), defaultAction: DEFAULT_ACTION };
}

/** Text processors of the call's tenant. */
export function readersOf({ revision, tenant }: LiveCall): Processor[] {
  return revision.processors.filter(({ id, hears }) => hears === 'text' && tenant.processors.includes(id));
}

/** `silenced` when the reader was, before policy had answered: even if only for a moment that is over. */
export async function askForText(
  deps: Deps,
  call: LiveCall,
  stream: LiveStream,
  processor: Processor,
): Promise<Grant | 'denied' | 'silenced'> {
  const { tenant, fact } = call;
  const { leg } = stream;
  const askedAtMs = currentPositionMs(deps, call, stream);
  const latch = deps.calls.silenced.latch(hearingOf(call, processor.id));
  const decision = latch.wasSilenced()
    ? undefined
    : await askPolicy(deps, call, 'stream', {
        input: () =>
          streamInput(
            { tenant, fact, nowMs: deps.clock.wallMs(), isTakingCard: isTakingCard(call) },
            { leg, stream: stream.fact, processor, health: healthOf(deps, processor.id), modality: 'text' },
          ),
        subject: { leg, stream: stream.stream, processor: processor.id, modality: 'text' },
      });
  latch.release();
  if (decision?.allow === false) return 'denied';
  if (decision === undefined || latch.wasSilenced()) {
    startRevoked(deps, call, stream, processor.id, askedAtMs);
    return 'silenced';
  }
  const subject = { tenant: tenant.id, call: call.call, leg, stream: stream.stream };
  return { ...subject, processor, modality: 'text', decision };
}

/** Begins the leg's redaction, for all who may read it together. */
export function openRedaction(
  deps: Deps,
  call: LiveCall,
  leg: LegId,
  { grants, resumed }: { readonly grants: readonly Grant[]; readonly resumed: boolean },
): void {
  deps.redaction.open(call.call, leg, { tenant: call.tenant.id, plan: strictestPlan(grants), resumed });
}

function without(grants: readonly Grant[], reader: ProcessorId): Grant[] {
  return grants.filter(({ processor }) => processor.id !== reader);
}
