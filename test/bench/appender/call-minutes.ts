/**
 * What one call writes into its tenant's log, found by letting the use cases govern one on a clock that is moved by hand:
 * leases renewed as they are, turns released as they are, decisions by the shipped policy. Nothing is counted by formula.
 */

import { setImmediate as breathe } from 'node:timers/promises';
import { newId } from '../../../src/base/ids.ts';
import { endCall } from '../../../src/governance/use-cases/end-call.ts';
import { followCall } from '../../../src/governance/use-cases/follow-call.ts';
import { onAudioEvent } from '../../../src/governance/use-cases/follow-tap.ts';
import { endTurnsByPause, governSegment } from '../../../src/governance/use-cases/govern-segment.ts';
import type { Deps } from '../../../src/governance/use-cases/ports.ts';
import { renewLeases } from '../../../src/governance/use-cases/renew-leases.ts';
import type { CallFact } from '../../../src/model/call.ts';
import type { EntryBody } from '../../../src/model/evidence.ts';
import type { Revision } from '../../../src/model/tenant.ts';
import { callFact, coach, makeWorld, revision, scribe, type World } from '../../governance/use-cases/world.ts';
import { loadShippedPolicy } from './shipped-policy.ts';

export const CALL_MINUTES = 5;
/** Of both legs together. */
export const TURNS_PER_MINUTE = 12;
export const STREAMS = 2;

const STEP_MS = 100;
/** As `governance/app.ts` does them. */
const LEASE_CHECK_MS = 1000;
const PAUSE_CHECK_MS = 300;
const TURN_MS = 60_000 / TURNS_PER_MINUTE;
const SPEECH_MS = 3000;
const TURN_TEXT = 'of course let me have a look at that order for you it should have come on monday';
const BYTES_PER_MS = 32;

const oneEarOneReader: Revision = { ...revision, processors: [scribe, coach] };

/** The entries of one call of `CALL_MINUTES`, two streams heard by one transcriber each, one reader of the text. */
export async function governOneCall(): Promise<readonly EntryBody[]> {
  const world = makeWorld();
  const deps: Deps = { ...world.deps, policy: await loadShippedPolicy() };
  const fact = twoLegs(world);
  await followCall(deps, oneEarOneReader, fact, { isResumed: false });
  for (let nowMs = STEP_MS; nowMs <= CALL_MINUTES * 60_000; nowMs += STEP_MS) {
    world.clock.advance(STEP_MS);
    if (nowMs % TURN_MS === SPEECH_MS) speak(deps, fact, nowMs);
    if (nowMs % PAUSE_CHECK_MS === 0) endTurnsByPause(deps);
    if (nowMs % LEASE_CHECK_MS === 0) {
      tellProgress(deps, nowMs);
      renewLeases(deps);
    }
    await breathe();
  }
  await hangUp(deps, world, fact);
  if (world.entries.some((entry) => entry.kind === 'lease.close' && entry.bytes === 'unknown')) {
    throw new Error('a lease of the benchmark has no account');
  }
  return world.entries;
}

function twoLegs({ clock }: World): CallFact {
  const started = { startedUs: clock.monoUs() };
  const [caller, callee] = [callFact(started), callFact(started)];
  const answering = callee.legs.map((leg) => ({ ...leg, side: 'callee', role: 'agent' }) as const);
  return { ...caller, startedWallMs: clock.wallMs(), legs: [...caller.legs, ...answering] };
}

function speak(deps: Deps, fact: CallFact, nowMs: number): void {
  const leg = fact.legs[Math.floor(nowMs / TURN_MS) % STREAMS];
  if (leg?.stream === undefined) throw new Error('a leg has no stream');
  governSegment(deps, {
    segment: newId('segment', deps.random),
    call: fact.call,
    leg: leg.leg,
    stream: leg.stream.stream,
    processor: scribe.id,
    final: true,
    text: TURN_TEXT,
    startMs: nowMs - SPEECH_MS,
    endMs: nowMs,
    words: [],
  });
}

/** As the audio worker would: everything captured was sent. */
function tellProgress(deps: Deps, nowMs: number): void {
  for (const { lease } of feedsOf(deps)) {
    const use = { capturedThroughMs: nowMs, bytes: nowMs * BYTES_PER_MS };
    onAudioEvent(deps, { kind: 'feed.progress', lease, use, waitingMs: 0 });
  }
}

async function hangUp(deps: Deps, world: World, fact: CallFact): Promise<void> {
  const feeds = feedsOf(deps);
  const ended = endCall(deps, fact.call, 'bye');
  for (const { lease, use, grant } of feeds) {
    const processor = grant.processor.id;
    onAudioEvent(deps, { kind: 'feed.closed', lease, stream: grant.stream, processor, reason: 'end', use });
    onAudioEvent(deps, { kind: 'feed.finished', lease });
  }
  while (deps.calls.size > 0) {
    world.clock.advance(STEP_MS);
    await breathe();
  }
  await ended;
}

function feedsOf({ calls }: Deps) {
  return calls.all().flatMap(({ streams }) => [...streams.values()].flatMap(({ feeds }) => [...feeds.values()]));
}
