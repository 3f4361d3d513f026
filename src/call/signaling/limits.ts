/** Every number that bounds signaling, with the value it has unless the node says otherwise. */

export interface SignalingLimits {
  /** Requests being carried at once, each with its transactions. New calls stop at three quarters of it. */
  readonly maxExchanges: number;
  readonly maxCalls: number;
  /** New calls a second, and how many may come at once. 0 means as many as come. */
  readonly newCallsPerSecond: number;
  readonly newCallBurst: number;
  /** How late the event loop may be before new calls are sent elsewhere. 0 means however late. */
  readonly maxLoopLagMs: number;
  /** Datagrams one source address may send per second before the rest are dropped. */
  readonly maxDatagramsPerSourcePerSecond: number;
  /** Refusals sent per source address and second: a spoofed source is not flooded through us. */
  readonly maxRefusalsPerSourcePerSecond: number;
  /** How long a next hop may stay silent before the one after it is tried. */
  readonly hopPatienceMs: number;
  /** Failures in a row after which a next hop is down, and answers in a row after which it is up again. */
  readonly hopFailures: number;
  readonly hopRecoveries: number;
  /** How long a next hop that is down is tried last, where nobody asks it in between. */
  readonly hopRestMs: number;
  /** The longest that a next hop's own Retry-After is obeyed. */
  readonly maxRetryAfterMs: number;
  /** How often each next hop of the routes is asked whether it lives; 0 asks nobody. */
  readonly probeEveryMs: number;
  /** The same for one that failed. */
  readonly probeFailedEveryMs: number;
  /** How long one may take to answer that. */
  readonly probePatienceMs: number;
  /** Questions under way at once. */
  readonly maxProbes: number;
  /** How long the first resolution of a name may hold a request. */
  readonly resolveTimeoutMs: number;
  /** How long what was resolved is used, where DNS does not say; and within which bounds where it does. */
  readonly resolveTtlMs: number;
  readonly resolveMinTtlMs: number;
  readonly resolveMaxTtlMs: number;
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
  newCallsPerSecond: 2000,
  newCallBurst: 2000,
  maxLoopLagMs: 200,
  maxDatagramsPerSourcePerSecond: 10_000,
  maxRefusalsPerSourcePerSecond: 50,
  hopPatienceMs: 4000,
  hopFailures: 2,
  hopRecoveries: 3,
  hopRestMs: 30_000,
  maxRetryAfterMs: 60_000,
  probeEveryMs: 30_000,
  probeFailedEveryMs: 5000,
  probePatienceMs: 4000,
  maxProbes: 16,
  resolveTimeoutMs: 2000,
  resolveTtlMs: 30_000,
  resolveMinTtlMs: 5000,
  resolveMaxTtlMs: 300_000,
  maxNames: 1024,
  maxNameWaiters: 1024,
  idleCallMs: 4 * 3600 * 1000,
  sweepEveryMs: 10_000,
  maxBranches: 24,
  maxLateOffers: 8,
};
