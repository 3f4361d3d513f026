/** Keeps what may go on going on: taps every 2 s by 5 s, leases before they run out. What is not renewed ends by itself. */

import { TAP_LIFE_MS } from '../../link/tap-life.ts';
import { bytesFor, currentPositionMs, windowMs } from './lease-window.ts';
import type { Feed, LiveCall, LiveStream } from './live-calls.ts';
import type { Deps } from './ports.ts';
import { hearingOf, silenceFeed } from './silence-stream.ts';

/** A lease is renewed when less than half of its window is left, and never as late as this. */
const RENEW_BELOW_AT_LEAST_MS = 2000;
const LEDGER_LIMIT_MS = 5000;
const MAX_TAPS_PER_MESSAGE = 10_000;

/** Moves the deadline of every running tap. */
export function renewTaps(deps: Deps): void {
  const taps = deps.calls
    .all()
    .flatMap((call) => [...call.streams.values()].flatMap(({ tap }) => (tap === undefined ? [] : [tap])));
  const deadlineUs = deps.clock.monoUs() + TAP_LIFE_MS * 1000;
  for (let at = 0; at < taps.length; at += MAX_TAPS_PER_MESSAGE) {
    deps.callPlane.send({ kind: 'tap.renew', taps: taps.slice(at, at + MAX_TAPS_PER_MESSAGE), deadlineUs });
  }
}

/** Renews every lease that runs low; each on its own, so that one tenant's wait is nobody else's. */
export function renewLeases(deps: Deps): void {
  for (const call of deps.calls.all()) {
    if (call.end !== undefined) continue;
    for (const stream of call.streams.values()) {
      for (const feed of [...stream.feeds.values()]) renewIfLow(deps, call, stream, feed);
    }
  }
}

function renewIfLow(deps: Deps, call: LiveCall, stream: LiveStream, feed: Feed): void {
  if (feed.state !== 'open' || feed.renewing !== undefined) return;
  if (deps.calls.silenced.covers(hearingOf(call, feed.grant.processor.id))) {
    silenceFeed(deps, call, stream, feed, 'revoked');
    return;
  }
  const positionMs = currentPositionMs(deps, call, stream);
  // One that ran out is over: what was captured since was granted by nobody, and a new lease begins after it.
  if (positionMs >= feed.throughMs) {
    silenceFeed(deps, call, stream, feed, feed.wasRefused ? 'ledger_unavailable' : 'tap_lapsed');
    return;
  }
  const halfMs = windowMs(feed.grant) / 2;
  if (feed.throughMs - positionMs > Math.max(halfMs, RENEW_BELOW_AT_LEAST_MS)) return;
  call.arrangements += 1;
  feed.renewing = renew(deps, call, stream, feed, positionMs).finally(() => {
    feed.renewing = undefined;
    call.arrangements -= 1;
  });
}

/** Never rejects: a lease that is not renewed runs out where it stood, and is tried again while something is left. */
async function renew(deps: Deps, call: LiveCall, stream: LiveStream, feed: Feed, positionMs: number): Promise<void> {
  const { processor } = feed.grant;
  const throughMs = positionMs + windowMs(feed.grant);
  const maxBytes = bytesFor(feed.grant, throughMs - feed.fromMs);
  if (throughMs <= feed.throughMs) return;
  try {
    await deps.ledger.append(
      call.tenant.id,
      {
        kind: 'lease.renew',
        call: call.call,
        lease: feed.lease,
        stream: stream.stream,
        processor: processor.id,
        n: feed.renewals + 1,
        through_ms: throughMs,
        max_bytes: maxBytes,
        captured_through_ms: positionMs,
        bytes: feed.use.bytes,
      },
      { deadlineMs: LEDGER_LIMIT_MS, urgent: true },
    );
  } catch {
    feed.wasRefused = true;
    return;
  }
  feed.wasRefused = false;
  feed.renewals += 1;
  feed.throughMs = throughMs;
  feed.maxBytes = maxBytes;
  if (feed.state !== 'open') return;
  deps.audio.extendFeed({ lease: feed.lease, throughMs, maxBytes });
  deps.publish({
    kind: 'lease',
    call: call.call,
    tenant: call.tenant.id,
    stream: stream.stream,
    processor: processor.id,
    state: 'renewed',
    throughMs,
    bytes: feed.use.bytes,
  });
}
