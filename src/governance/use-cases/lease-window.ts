/** The arithmetic of leases: where a stream is, how far a lease may reach ahead of it, how many bytes that can be. */

import type { Processor } from '../../model/tenant.ts';
import type { LiveStream } from './live-calls.ts';
import type { Deps } from './ports.ts';

/** Longest window a lease grants ahead of what has been captured. */
export const LEASE_WINDOW_MS = 30_000;
/** Room for silence put in for short gaps and for resampling, on top of the audio itself. */
const BYTE_SLACK = 1.05;

/** Where the stream's timeline is now, in whole ms: since its first packet, 0 before it. */
export function currentPositionMs(deps: Deps, stream: LiveStream): number {
  const { startedUs } = stream.fact;
  const elapsedMs = startedUs === undefined ? 0 : (deps.clock.monoUs() - startedUs) / 1000;
  return Math.max(0, Math.floor(elapsedMs), Math.floor(stream.positionMs));
}

/** Payload bytes that `windowMs` of audio can come to for this processor: 16-bit samples at its rate. */
export function bytesFor(processor: Processor, windowMs: number): number {
  return Math.ceil(((windowMs * processor.sampleRateHz * 2) / 1000) * BYTE_SLACK);
}
