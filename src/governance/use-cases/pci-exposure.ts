/** How much of what should not have been heard was sent: arithmetic over the accounts of leases. Pure. */

import type { LeaseId, ProcessorId } from '../../base/ids.ts';

/** What was sent under a lease that is over. Where nobody counted, everything up to `capturedThroughMs` may have been. */
export interface SpentLease {
  readonly lease: LeaseId;
  readonly processor: ProcessorId;
  readonly fromMs: number;
  readonly capturedThroughMs: number;
  readonly bytes: number | 'unknown';
  /** Of audio as its processor takes it. */
  readonly bytesPerMs: number;
}

export interface Exposure {
  /** The most that any one processor got. */
  readonly exposedMs: number;
  /** Of all processors together. */
  readonly exposedBytes: number | 'unknown';
}

/** What was sent from `sensitiveMs` on, of a stream. */
export function exposureOf(leases: readonly SpentLease[], sensitiveMs: number): Exposure {
  const msOf = new Map<ProcessorId, number>();
  let exposedBytes: number | 'unknown' = 0;
  for (const { processor, fromMs, capturedThroughMs, bytes, bytesPerMs } of leases) {
    const spanMs = Math.max(0, capturedThroughMs - Math.max(sensitiveMs, fromMs));
    if (spanMs === 0) continue;
    msOf.set(processor, (msOf.get(processor) ?? 0) + spanMs);
    if (bytes === 'unknown' || exposedBytes === 'unknown') exposedBytes = 'unknown';
    else exposedBytes += Math.min(bytes, Math.ceil(spanMs * bytesPerMs));
  }
  return { exposedMs: Math.max(0, ...msOf.values()), exposedBytes };
}
