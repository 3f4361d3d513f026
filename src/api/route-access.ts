/**
 * What a route takes of whoever asks. Every route says it in its `config`, and one that does not cannot be registered:
 * a route nobody thought about is not open.
 */

import type { FastifyRequest, RouteOptions } from 'fastify';
import { assert } from '../base/assert.ts';
import { can } from '../governance/access/ability.ts';
import type { AccessAction, AccessSubject, Principal } from '../model/access.ts';
import { Refusal } from './refusal.ts';

export type RouteAccess =
  /** Anybody, without a token: no tenant's data is behind it. */
  | 'public'
  /** Any valid token. */
  | 'token'
  /** The node's own socket, without a token. */
  | 'local'
  | AbilityAccess;

export interface AbilityAccess {
  readonly action: AccessAction;
  readonly subject: AccessSubject;
  /**
   * Tenants the request names, `undefined` among them where it asks for all of them. By default those of the query's
   * `tenant`. What it names beyond the token's is answered as if it did not exist.
   */
  readonly tenants?: (request: FastifyRequest) => readonly (string | undefined)[];
}

/** Who asked, once it is known. */
export interface Visitor {
  readonly principal: Principal;
  /** The whole token; undefined at the node's own socket without one. */
  readonly bearer: string | undefined;
  readonly expiresMs: number | undefined;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: RouteAccess;
  }
  interface FastifyRequest {
    visitor: Visitor | null;
  }
}

/** For `onRoute`: refuses to start with a route that does not say what it takes, and says it in its description. */
export function requireAccess(route: RouteOptions): void {
  const access = route.config?.access;
  assert(access !== undefined, 'a route does not say what access it takes');
  const security = access === 'public' || access === 'local' ? [] : [{ bearer: [] }];
  route.schema = { ...route.schema, description: describeAccess(access), security };
}

/** Who asks. Only for routes behind a token. */
export function visitorOf(request: FastifyRequest): Visitor {
  assert(request.visitor !== null, 'a route that takes no token has no visitor');
  return request.visitor;
}

export function principalOf(request: FastifyRequest): Principal {
  return visitorOf(request).principal;
}

/** Whether the visitor may ask such a thing at all. Throws `Refusal`. */
export function checkAccess(access: RouteAccess, { principal, bearer }: Visitor): void {
  if (access === 'public') return;
  const isLocal = bearer === undefined;
  if (access === 'local') {
    if (isLocal) return;
    throw new Refusal('LOCAL_ONLY', 'this is done at the socket of the node itself, and without a token');
  }
  if (access === 'token') {
    if (isLocal) throw new Refusal('TOKEN_MISSING', 'this takes a token');
    return;
  }
  if (can(principal, access.action, access.subject)) return;
  if (isLocal) throw new Refusal('TOKEN_MISSING', 'this takes a token');
  throw new Refusal('FORBIDDEN', 'none of the roles of this token may do this');
}

/** Whether the tenants that the request names are the visitor's. After validation. Throws `Refusal`. */
export function checkTenants(access: RouteAccess, request: FastifyRequest, { principal }: Visitor): void {
  if (typeof access === 'string') return;
  const named = access.tenants?.(request) ?? tenantsOfQuery(request);
  for (const tenant of named) {
    if (can(principal, access.action, access.subject, { tenant })) continue;
    if (tenant === undefined) throw new Refusal('FORBIDDEN', 'this takes a token for every tenant: name some');
    throw new Refusal('NOT_FOUND', 'there is nothing of that name that you may see', { notedAs: 'FOREIGN_TENANT' });
  }
}

/** Tenants named by `?tenant=`, once or repeatedly. */
export function tenantsOfQuery({ query }: FastifyRequest): readonly string[] {
  if (typeof query !== 'object' || query === null || !('tenant' in query)) return [];
  return Array.isArray(query.tenant) ? query.tenant.map(String) : [];
}

function describeAccess(access: RouteAccess): string {
  if (access === 'public') return 'Takes no token.';
  if (access === 'token') return 'Takes any valid token.';
  if (access === 'local') return "Taken at the node's own Unix socket alone, without a token.";
  return `Takes a token that may ${access.action} ${access.subject}.`;
}
