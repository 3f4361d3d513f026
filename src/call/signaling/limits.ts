/** Every number that bounds signaling, with the value it has unless the node says otherwise. */

export interface SignalingLimits {
  /** Requests being carried at once, each with its transactions. New calls stop at three quarters of it. */
  readonly maxExchanges: number;
  readonly maxCalls: number;
  /** Datagrams one source address may send per second before the rest are dropped. */
  readonly maxDatagramsPerSourcePerSecond: number;
  /** Refusals sent per source address and second: a spoofed source is not flooded through us. */
  readonly maxRefusalsPerSourcePerSecond: number;
  /** How long a next hop may stay silent before the one after it is tried. */
  readonly hopPatienceMs: number;
  /** How long a next hop that failed is tried last. */
  readonly hopRestMs: number;
  /** How long the first resolution of a name may hold a request. */
  readonly resolveTimeoutMs: number;
  readonly resolveTtlMs: number;
  readonly maxNames: number;
  readonly maxNameWaiters: number;
  /** A call without in-dialog requests and without media for this long has lost its BYE. */
  readonly idleCallMs: number;
  readonly sweepEveryMs: number;
  /** Answerers of one call that are told apart; more are carried but not anchored. */
  readonly maxBranches: number;
  /** Offers in a 2xx, per call, whose ACK is still recognised. */
  readonly maxLateOffers: number;
}

export const DEFAULT_LIMITS: SignalingLimits = {
  maxExchanges: 65_536,
  maxCalls: 20_000,
  maxDatagramsPerSourcePerSecond: 10_000,
  maxRefusalsPerSourcePerSecond: 50,
  hopPatienceMs: 4000,
  hopRestMs: 30_000,
  resolveTimeoutMs: 2000,
  resolveTtlMs: 30_000,
  maxNames: 1024,
  maxNameWaiters: 1024,
  idleCallMs: 4 * 3600 * 1000,
  sweepEveryMs: 10_000,
  maxBranches: 24,
  maxLateOffers: 8,
};
