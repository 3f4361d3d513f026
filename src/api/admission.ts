/**
 * The way of every request to its handler: who asks, how often, may he, and for these tenants? Nothing of the body is
 * read before the first three are answered, and no handler runs before all are.
 */

import type { FastifyRequest } from 'fastify';
import { assert } from '../base/assert.ts';
import type { AccessVerbs } from '../governance/use-cases/administration.ts';
import type { Principal } from '../model/access.ts';
import type { Api } from './api.ts';
import { LIMITS } from './limits.ts';
import { createRateLimits, type RateLimits } from './rate-limits.ts';
import { Refusal } from './refusal.ts';
import { checkAccess, checkTenants, visitorOf, type RouteAccess, type Visitor } from './route-access.ts';

export interface AdmissionOptions {
  readonly access: Pick<AccessVerbs, 'authenticate'>;
  /** Whether this is the node's own socket, which only the user it runs as can open. */
  readonly isLocal: boolean;
}

/** Whoever can open the node's own socket, and shows no token. */
const LOCAL: Principal = { token: 'local', holder: 'local', roles: [], tenants: 'all' };

export function admitRequests(api: Api, options: AdmissionOptions): void {
  const limits = createRateLimits(api, options);
  api.decorateRequest('visitor', null);
  api.addHook('onRequest', async (request) => {
    // A path that is no route, and a method that is none of its, are answered by whoever answers those.
    const access = request.is404 ? 'public' : accessOf(request);
    const isShown = access !== 'public' && request.headers.authorization !== undefined;
    if (!isShown) await limits.count(request);
    if (access !== 'public') request.visitor = await identify(request, options, limits);
    if (isShown) await limits.count(request);
    if (request.visitor !== null) checkAccess(access, request.visitor);
  });
  api.addHook('preHandler', (request, _reply, done) => {
    if (request.visitor !== null && !request.is404) checkTenants(accessOf(request), request, visitorOf(request));
    done();
  });
}

async function identify(
  request: FastifyRequest,
  { access, isLocal }: AdmissionOptions,
  limits: RateLimits,
): Promise<Visitor> {
  const { authorization } = request.headers;
  if (authorization === undefined) {
    if (isLocal) return { principal: LOCAL, bearer: undefined, expiresMs: undefined };
    if (accessOf(request) === 'local') {
      throw new Refusal('LOCAL_ONLY', 'this is done at the socket of the node itself, and without a token');
    }
    throw new Refusal('TOKEN_MISSING', 'this takes a token');
  }
  const bearer = readBearer(authorization);
  await limits.checkFailures(request, bearer);
  const holder = await access.authenticate(bearer);
  if (holder === undefined) {
    await limits.countFailure(request);
    throw new Refusal('TOKEN_REFUSED', 'this token is not valid here, or not any more');
  }
  limits.noteGood(bearer);
  const { expiresMs, ...principal } = holder;
  return { principal, bearer, expiresMs };
}

/** What follows `Bearer`, of any shape; whoever authenticates knows which are tokens. */
function readBearer(authorization: string): string {
  const [, bearer] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
  return bearer !== undefined && bearer.length <= LIMITS.bearerChars ? bearer : '';
}

function accessOf({ routeOptions }: FastifyRequest): RouteAccess {
  const { access } = routeOptions.config;
  assert(access !== undefined, 'a route does not say what access it takes');
  return access;
}
