/** Keeps what may go on going on: taps every 2 s by 5 s, leases before they run out. What is not renewed ends by itself. */

import { TAP_LIFE_MS } from '../../link/messages.ts';
import { bytesFor, currentPositionMs, LEASE_WINDOW_MS } from './lease-window.ts';
import type { Feed, LiveCall, LiveStream } from './live-calls.ts';
import type { Deps } from './ports.ts';
import { silenceFeed } from './silence-stream.ts';

/** A lease is renewed when less than this is left of it. */
const RENEW_BELOW_MS = 15_000;
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
    if (call.endReason !== undefined) continue;
    for (const stream of call.streams.values()) {
      for (const feed of [...stream.feeds.values()]) renewIfLow(deps, call, stream, feed);
    }
  }
}

function renewIfLow(deps: Deps, call: LiveCall, stream: LiveStream, feed: Feed): void {
  if (feed.state !== 'open' || feed.isRenewing) return;
  const positionMs = currentPositionMs(deps, stream);
  if (positionMs >= feed.throughMs && !deps.ledger.isAvailable) {
    silenceFeed(deps, call, stream, feed, 'ledger_unavailable');
    return;
  }
  if (feed.throughMs - positionMs > RENEW_BELOW_MS) return;
  feed.isRenewing = true;
  void renew(deps, call, stream, feed, positionMs).finally(() => {
    feed.isRenewing = false;
  });
}

async function renew(deps: Deps, call: LiveCall, stream: LiveStream, feed: Feed, positionMs: number): Promise<void> {
  const { processor, decision } = feed.grant;
  const throughMs = positionMs + Math.min(LEASE_WINDOW_MS, decision.obligations.max_window_ms ?? LEASE_WINDOW_MS);
  const maxBytes = Math.min(
    bytesFor(processor, throughMs - feed.fromMs),
    decision.obligations.max_bytes ?? Number.MAX_SAFE_INTEGER,
  );
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
    // The lease runs out where it stood; the next pass tries again while there is something left of it.
    return;
  }
  feed.renewals += 1;
  if (feed.state !== 'open') return;
  feed.throughMs = throughMs;
  feed.maxBytes = maxBytes;
  deps.audio.extendFeed({ lease: feed.lease, throughMs, maxBytes });
  deps.publish({
    kind: 'lease',
    call: call.call,
    stream: stream.stream,
    processor: processor.id,
    state: 'renewed',
    throughMs,
    bytes: feed.use.bytes,
  });
}
