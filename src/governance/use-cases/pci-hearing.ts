/**
 * What becomes of hearing when card data begins to be taken and when that is over: the legs concerned fall silent at
 * once, the others are asked about anew and heard on meanwhile, and afterwards policy decides again.
 */

import type { Decision } from '../../model/decision.ts';
import { askForHearing } from './ask-for-hearing.ts';
import { listenToStream } from './listen-to-stream.ts';
import { isOver, type Feed, type LiveCall, type LiveStream } from './live-calls.ts';
import { openFeeds } from './live-view.ts';
import { isHushed, isTakingCard, type PciWindow } from './pci-state.ts';
import type { Deps } from './ports.ts';
import { closeTap, silenceFeed, silenceStream, startMuted } from './silence-stream.ts';

/** Nobody hears the stream, and every attempt to is put off. */
export function muteStream(deps: Deps, call: LiveCall, stream: LiveStream, fromMs: number): void {
  silenceStream(deps, call, stream, 'pci');
  for (const [processor, { reason }] of stream.silences) {
    if (reason !== 'revoked') startMuted(deps, call, stream, processor, fromMs);
  }
}

/**
 * Whoever is heard on is asked about anew, as card data is being taken. Meanwhile the grant there is holds, so that what
 * the agent says can end the window; one that is bound to be silent now is.
 */
export function hearOthersAnew(deps: Deps, call: LiveCall): void {
  for (const stream of call.streams.values()) {
    if (isHushed(call, stream.leg)) continue;
    for (const feed of openFeeds(stream)) {
      if (isBound(feed.grant.decision)) muteFeed(deps, call, stream, feed);
      else void askAnew(deps, call, stream, feed);
    }
  }
}

/** Policy decides again who may hear, and what is heard next is redacted as by somebody who came late. */
export function takeUpAgain(deps: Deps, call: LiveCall, window: PciWindow): void {
  for (const stream of call.streams.values()) {
    if (window.streams.has(stream.stream)) call.behind.add(stream.leg);
    askAgain(deps, stream);
    if (stream.fact.active && stream.fact.startedUs !== undefined) void listenToStream(deps, call, stream);
  }
}

async function askAnew(deps: Deps, call: LiveCall, stream: LiveStream, feed: Feed): Promise<void> {
  const { changes } = call.pci;
  const decision = await askForHearing(deps, call, stream, feed.grant.processor);
  const isAnswered = call.pci.changes === changes && isTakingCard(call) && !isOver(call);
  if (isAnswered && feed.state === 'open' && (!decision.allow || isBound(decision))) muteFeed(deps, call, stream, feed);
}

function isBound({ obligations }: Decision): boolean {
  return obligations.mute_on?.includes('pci') === true;
}

function muteFeed(deps: Deps, call: LiveCall, stream: LiveStream, feed: Feed): void {
  silenceFeed(deps, call, stream, feed, 'pci');
  if (openFeeds(stream).length === 0) closeTap(deps, stream);
}

/** Whoever waited for the end, or was denied under another question, is due now. */
function askAgain(deps: Deps, stream: LiveStream): void {
  for (const [processor, silence] of stream.silences) {
    if (silence.reason !== 'pci') continue;
    stream.silences.set(processor, { ...silence, failures: 0, retryAtUs: deps.clock.monoUs() });
  }
  for (const [processor, state] of stream.asked) {
    if (state === 'answered' && !stream.feeds.has(processor)) stream.asked.delete(processor);
  }
}
