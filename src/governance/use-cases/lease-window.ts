/** The arithmetic of leases: where a stream is, how far a lease may reach ahead of it, how many bytes that can be. */

import type { Grant } from '../../model/grant.ts';
import type { LiveCall, LiveStream } from './live-calls.ts';
import type { Deps } from './ports.ts';

/** Longest window any lease grants ahead of what has been captured. */
const LEASE_WINDOW_MS = 30_000;
/** Room for silence put in for short gaps and for resampling, on top of the audio itself. */
const BYTE_SLACK = 1.05;

/** How far ahead a lease under this grant may reach. */
export function windowMs({ decision }: Grant): number {
  return Math.min(LEASE_WINDOW_MS, decision.obligations.max_window_ms ?? LEASE_WINDOW_MS);
}

/** Where the stream's timeline is now, in whole ms: since its first packet, 0 before it, and no further than the call. */
export function currentPositionMs(deps: Deps, call: LiveCall, stream: LiveStream): number {
  const { startedUs } = stream.fact;
  const nowUs = call.end?.atUs ?? deps.clock.monoUs();
  const elapsedMs = startedUs === undefined ? 0 : (nowUs - startedUs) / 1000;
  return Math.max(0, Math.floor(elapsedMs), Math.floor(stream.positionMs));
}

/**
 * Where everything that has been captured by now ends: a packet is placed where what it carries begins, and comes when that
 * is over.
 */
export function capturedThroughMs(deps: Deps, call: LiveCall, stream: LiveStream): number {
  return Math.ceil(currentPositionMs(deps, call, stream) + stream.leadMs + stream.fact.ptimeMs);
}

/** How far a position told of just now is ahead of our clock; never behind it. */
export function leadOf(deps: Deps, { fact: { startedUs } }: LiveStream, positionMs: number): number {
  return startedUs === undefined ? 0 : Math.max(0, positionMs - (deps.clock.monoUs() - startedUs) / 1000);
}

/** The most bytes a lease over `lengthMs` may come to: 16-bit samples at the processor's rate, or what policy allows. */
export function bytesFor({ processor, decision }: Grant, lengthMs: number): number {
  const bytes = Math.ceil(((lengthMs * processor.sampleRateHz * 2) / 1000) * BYTE_SLACK);
  return Math.min(bytes, decision.obligations.max_bytes ?? bytes);
}
