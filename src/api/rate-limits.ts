/**
 * How often somebody may ask: by token, else by address, and far less often with a token that is refused. The limits
 * are this node's own; they keep one asker from taking the database from the others, no more.
 */

import { createHash } from 'node:crypto';
import { normalizeIP } from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import type { Api } from './api.ts';
import { LIMITS } from './limits.ts';
import { Refusal } from './refusal.ts';

export interface RateLimits {
  /** Counts a request, by who asks. Throws TOO_MANY_REQUESTS. */
  count(request: FastifyRequest): Promise<void>;
  /** Refuses a token before it is looked up, where too many from that address were bad. Throws TOO_MANY_REQUESTS. */
  checkFailures(request: FastifyRequest, bearer: string): Promise<void>;
  countFailure(request: FastifyRequest): Promise<void>;
  /** Remembers that this token was good, so that others at the same address cannot keep it out. */
  noteGood(bearer: string): void;
}

const HEAVY: ReadonlySet<string> = new Set([
  'POST /v1/config/apply',
  'POST /v1/config/rollback',
  'PUT /v1/bundles/:sha256',
]);
const MINUTE_MS = 60_000;
const MAX_GOOD = 1024;

type Limiter = ReturnType<Api['createRateLimit']>;

export function createRateLimits(api: Api, { isLocal }: { readonly isLocal: boolean }): RateLimits {
  const limiter = (max: number, keyGenerator: (request: FastifyRequest) => string): Limiter =>
    api.createRateLimit({ max, timeWindow: MINUTE_MS, keyGenerator });
  const byToken = limiter(LIMITS.perToken, tokenOf);
  const heavy = limiter(LIMITS.perTokenHeavy, tokenOf);
  const byAddress = limiter(LIMITS.perAddress, isLocal ? routeOf : addressOf);
  const failures = limiter(LIMITS.failuresPerAddress, isLocal ? routeOf : addressOf);
  const good = new Set<string>();

  return {
    count: async (request) => {
      const isKnown = request.visitor !== null && request.visitor.bearer !== undefined;
      refuseIfOver(await (isKnown ? byToken : byAddress)(request));
      if (isKnown && HEAVY.has(routeOf(request))) refuseIfOver(await heavy(request));
    },
    checkFailures: async (request, bearer) => {
      if (!good.has(hashOf(bearer))) refuseIfOver(await failures(request, { increment: false }), 1);
    },
    countFailure: async (request) => {
      await failures(request);
    },
    noteGood: (bearer) => {
      const [oldest] = good;
      if (good.size >= MAX_GOOD && oldest !== undefined) good.delete(oldest);
      good.add(hashOf(bearer));
    },
  };
}

/** `room` is what must be left over. */
function refuseIfOver(state: Awaited<ReturnType<Limiter>>, room = 0): void {
  if (state.isAllowed || (!state.isExceeded && state.remaining >= room)) return;
  const retryAfterS = Math.max(1, state.ttlInSeconds);
  throw new Refusal('TOO_MANY_REQUESTS', 'that was too often', { retryAfterS });
}

function tokenOf({ visitor }: FastifyRequest): string {
  return visitor?.principal.token ?? 'unknown';
}

function addressOf({ ip }: FastifyRequest): string {
  return normalizeIP(ip);
}

/**
 * All who may open the node's own socket are the same user. There every route counts apart, so that whoever watches the
 * node's health too eagerly does not stand in the way of the kill switch.
 */
function routeOf({ method, routeOptions }: FastifyRequest): string {
  return `${method} ${routeOptions.url ?? ''}`;
}

function hashOf(bearer: string): string {
  return createHash('sha256').update(bearer).digest('base64');
}
