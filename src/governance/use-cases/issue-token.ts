/**
 * Makes a token: refused, recorded, stored, shown, in this order. The log may name a token that never came to be; there
 * is never one that the log does not name.
 */

import type { Clock } from '../../base/clock.ts';
import type { RandomBytes } from '../../base/ids.ts';
import type { Principal } from '../../model/access.ts';
import type { IssuedToken, IssueTokenBody } from '../../model/api/access.ts';
import type { AccessTokenRow } from '../../store/schema.ts';
import { can } from '../access/ability.ts';
import { areRolesCompatible } from '../access/rules.ts';
import type { TokenStore } from '../access/token-store.ts';
import { makeToken } from '../access/token.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { AskError } from './administration.ts';
import { askDatabase } from './ask-database.ts';
import { noteToken, recordToken } from './record-token.ts';
import { viewIssued } from './token-view.ts';

export interface IssueTokenDeps {
  readonly tokens: Pick<TokenStore, 'add'>;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** Whether the configuration in force has a tenant of this name. */
  isTenant(name: string): boolean;
}

export type IssueToken = (principal: Principal, body: IssueTokenBody) => Promise<IssuedToken>;

/** Throws FORBIDDEN, INVALID, UNAVAILABLE, or the ledger's error, and then no token was issued. */
export function issueTokenOf(deps: IssueTokenDeps): IssueToken {
  return async (principal, body) => {
    refuseBeyondRights(principal, body);
    refuseNonsense(deps, body);
    const { token, bearer, secretHash } = makeToken(deps.random);
    const issuedMs = Math.trunc(deps.clock.wallMs());
    const row: AccessTokenRow = {
      token,
      secret_hash: secretHash,
      holder: body.holder,
      roles: body.roles,
      tenants: body.tenants === undefined ? null : [...new Set(body.tenants)],
      issued_by: principal.token,
      issued_ms: issuedMs,
      expires_ms: issuedMs + body.expires_in_s * 1000,
    };
    try {
      await recordToken(deps.ledger, row, { action: 'issued', actor: principal.token });
      await askDatabase(deps.tokens.add(row));
    } catch (error) {
      // Whatever became of the row, nobody was given the secret. Where the log says that it was issued, it says too
      // that this was the end of it.
      noteToken(deps.ledger, row, { action: 'revoked', actor: 'node' });
      throw error;
    }
    return viewIssued(row, bearer);
  };
}

function refuseBeyondRights(principal: Principal, { holder, tenants }: IssueTokenBody): void {
  const scopes = tenants ?? [undefined];
  if (scopes.every((tenant) => can(principal, 'issue', 'Token', { tenant, holder }))) return;
  throw new AskError('FORBIDDEN', 'a token is for somebody else, and for no more tenants than your own');
}

function refuseNonsense(deps: IssueTokenDeps, { roles, tenants }: IssueTokenBody): void {
  if (!areRolesCompatible(roles)) {
    throw new AskError('INVALID', 'roles must differ, and admin cannot be combined with another one');
  }
  if (tenants?.every((tenant) => deps.isTenant(tenant)) === false) {
    throw new AskError('INVALID', 'tenants must be names of tenants in the configuration in force');
  }
}
