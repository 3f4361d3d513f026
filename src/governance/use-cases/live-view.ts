/** Live calls as they are shown: who hears which stream now, how far, and how far behind. It shows no text and no key. */

import type { ProcessorId } from '../../base/ids.ts';
import type { StreamView } from '../../model/api/calls.ts';
import type { LegFact } from '../../model/call.ts';
import type { Feed, LiveCall, LiveStream } from './live-calls.ts';
import { isHushed } from './pci-state.ts';
import { viewOf } from './policy-input.ts';

/** Every stream of a call that governance knows of, in the order its legs came. */
export function streamsOf(call: LiveCall): StreamView[] {
  return [...call.streams.values()].map((stream) => viewStream(call, stream));
}

/** One stream: a processor that is being cut off hears it no more. */
export function viewStream(call: LiveCall, stream: LiveStream): StreamView {
  const leg = call.fact.legs.find((candidate) => candidate.leg === stream.leg);
  const { side, role } = leg ?? UNKNOWN_LEG;
  return {
    stream: stream.stream,
    leg: stream.leg,
    side,
    role,
    ...viewOf(stream.fact),
    tapped: stream.tap !== undefined,
    pci: isHushed(call, stream.leg),
    heard_by: openFeeds(stream).map((feed) => ({
      processor: feed.grant.processor.id,
      through_ms: Math.round(feed.throughMs),
      bytes: feed.use.bytes,
      lag_ms: lagMs(stream, feed),
    })),
    read_by: readersOf(call, stream),
  };
}

/** Feeds that still let audio through. */
export function openFeeds(stream: LiveStream): Feed[] {
  return [...stream.feeds.values()].filter(({ state }) => state === 'open');
}

/**
 * How much of what the audio worker has heard of a stream was not handed to that processor yet, in whole ms. Both ends
 * are the worker's own last reports, half a second old at most: where nothing is spoken, nothing lags.
 */
export function lagMs(stream: LiveStream, feed: Feed): number {
  return Math.max(0, Math.round(stream.positionMs - feed.use.capturedThroughMs));
}

/** Who may read what the stream's leg says, and is not silenced. */
export function readersOf(call: LiveCall, stream: LiveStream): ProcessorId[] {
  const granted = (call.textGrants.get(stream.leg) ?? []).map(({ processor }) => processor.id);
  return granted.filter((processor) => stream.silences.get(processor)?.reason !== 'revoked');
}

/** A fact that has dropped a leg is shown with the roles a leg has unless it is told otherwise. */
const UNKNOWN_LEG: Pick<LegFact, 'side' | 'role'> = { side: 'caller', role: 'customer' };
