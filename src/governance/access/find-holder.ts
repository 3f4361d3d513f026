/**
 * Whose token this is, asked of the database. It remembers nothing, so its answer is as new as the database's; whoever
 * keeps it says for how long.
 */

import { asTenantId, isId, type TokenId } from '../../base/ids.ts';
import { isAccessRole, type Principal } from '../../model/access.ts';
import { findTokenBySecret, type StoredToken } from '../../store/access-tokens.ts';
import type { Database } from '../../store/database.ts';
import { areRolesCompatible } from './rules.ts';
import { isSameToken, parseToken, type ReadToken } from './token.ts';

/** A principal by token, and until when. */
export interface Holder extends Principal {
  readonly token: TokenId;
  readonly expiresMs: number;
}

/** The holder of a bearer token; undefined when nobody is, it expired or was revoked. Throws StoreError. */
export async function findHolder(database: Database, bearer: string, nowMs: number): Promise<Holder | undefined> {
  const read = parseToken(bearer);
  return read && judgeToken(read, await findTokenBySecret(database, read.secretHash), nowMs);
}

/** Who holds a token that was read, by what is stored under its hash. */
export function judgeToken(read: ReadToken, stored: StoredToken | undefined, nowMs: number): Holder | undefined {
  if (stored === undefined || !isSameToken(read, stored)) return undefined;
  if (stored.revoked_ms !== null || stored.expires_ms <= nowMs) return undefined;
  return toHolder(stored);
}

/** A row that we could not have written holds nothing: it is refused whole, not narrowed to what can be read of it. */
function toHolder({ token, holder, roles, tenants, expires_ms }: StoredToken): Holder | undefined {
  const known = roles.filter(isAccessRole);
  const isSound = known.length > 0 && known.length === roles.length && areRolesCompatible(known);
  if (!isId('token', token) || !isSound || tenants?.length === 0) return undefined;
  return {
    token,
    holder,
    roles: known,
    tenants: tenants === null ? 'all' : tenants.map(asTenantId),
    expiresMs: expires_ms,
  };
}
