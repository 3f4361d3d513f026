/**
 * Decides who may read what one leg says, and how it must be redacted for them, before anything is recognised. Whoever
 * is silenced is not asked about; when that is lifted, policy is asked anew for him alone.
 */

import type { ProcessorId } from '../../base/ids.ts';
import type { TextGrant } from '../../model/grant.ts';
import type { Processor } from '../../model/tenant.ts';
import { askPolicy } from './ask-policy.ts';
import { currentPositionMs } from './lease-window.ts';
import { currentReaders, isOver, type LiveCall, type LiveStream } from './live-calls.ts';
import type { Deps } from './ports.ts';
import { isTakingCard } from './pci-state.ts';
import { streamInput } from './policy-input.ts';
import { healthOf } from './note-health.ts';
import { redactLeg } from './redact-leg.ts';
import { hearingOf, recordSilence, startRevoked } from './silence-stream.ts';
import { textGrantOf } from './text-plans.ts';

/** Asks the policy for every text processor of the tenant, and opens the leg's redaction when one may read it. */
export async function grantText(deps: Deps, call: LiveCall, stream: LiveStream): Promise<void> {
  const { leg } = stream;
  // Marked as asked at once: a second fact may arrive while the policy thinks.
  call.textGrants.set(leg, []);
  const { governedAnew } = call;
  const grants: TextGrant[] = [];
  for (const processor of readersOf(call)) {
    const grant = await askForText(deps, call, stream, processor);
    if (grant !== 'denied' && grant !== 'silenced') grants.push(grant);
  }
  // What was decided under another configuration is void; whoever changed it has asked anew.
  if (call.governedAnew !== governedAnew) return;
  if (grants.length === 0 || isOver(call)) return;
  // Somebody may have been taken up meanwhile by a lift.
  call.textGrants.set(leg, [...currentReaders(call, leg), ...grants]);
  redactLeg(deps, call, stream);
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
 * reader's. The others of the leg read on.
 */
async function grantTextAgain(deps: Deps, call: LiveCall, stream: LiveStream, reader: Processor): Promise<void> {
  const { leg } = stream;
  call.textGrants.set(leg, without(currentReaders(call, leg), reader.id));
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
  call.textGrants.set(leg, [...without(currentReaders(call, leg), reader.id), grant]);
  redactLeg(deps, call, stream);
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
): Promise<TextGrant | 'denied' | 'silenced'> {
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
  return textGrantOf(tenant.redaction, { ...subject, processor, modality: 'text', decision });
}

function without(grants: readonly TextGrant[], reader: ProcessorId): readonly TextGrant[] {
  return grants.filter(({ processor }) => processor.id !== reader);
}
