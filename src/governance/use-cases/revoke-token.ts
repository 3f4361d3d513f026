/**
 * Ends a token before its time: recorded, then stored, then in force here at once and elsewhere within seconds. When
 * storing fails the log says more than is true, so whoever asked is told and asks again.
 */

import type { Clock } from '../../base/clock.ts';
import type { Principal } from '../../model/access.ts';
import type { TokenView } from '../../model/api/access.ts';
import type { StoredToken } from '../../store/access-tokens.ts';
import { conditionOf } from '../access/condition.ts';
import type { TokenStore } from '../access/token-store.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { AskError } from './administration.ts';
import { askDatabase } from './ask-database.ts';
import type { Authenticator } from './authenticate.ts';
import { recordToken } from './record-token.ts';
import { viewToken } from './token-view.ts';

export interface RevokeTokenDeps {
  readonly tokens: Pick<TokenStore, 'find' | 'hasAnotherUsable' | 'revoke'>;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly authenticator: Pick<Authenticator, 'forget'>;
}

export type RevokeToken = (principal: Principal, token: string) => Promise<TokenView>;

/** Throws NOT_FOUND also for a token of tenants that are not the principal's. Revoking twice changes nothing. */
export function revokeTokenOf(deps: RevokeTokenDeps): RevokeToken {
  let earlier: Promise<unknown> = Promise.resolve();

  const revoke: RevokeToken = async (principal, token) => {
    const { tokens, ledger, clock, authenticator } = deps;
    const stored = await askDatabase(tokens.find(token, conditionOf(principal, 'revoke', 'Token')));
    if (stored === undefined) throw new AskError('NOT_FOUND', 'there is no such token');
    if (stored.revoked_ms !== null) return viewToken(stored, clock.wallMs());
    await refuseToLockOut(deps, stored);
    await recordToken(ledger, stored, { action: 'revoked', actor: principal.token });
    const at_ms = Math.trunc(clock.wallMs());
    const ended = await askDatabase(tokens.revoke({ token, revoked_by: principal.token, at_ms }));
    authenticator.forget();
    return viewToken({ ...stored, revoked_ms: ended.at_ms }, at_ms);
  };

  // One after another: of two that are revoked at once, each would be the other's reason to let it go.
  return (principal, token) => {
    const mine = earlier.then(() => revoke(principal, token));
    earlier = mine.catch(() => undefined);
    return mine;
  };
}

/** Nobody could issue a token any more: the first one of a database is never made twice. */
async function refuseToLockOut({ tokens, clock }: RevokeTokenDeps, stored: StoredToken): Promise<void> {
  const nowMs = clock.wallMs();
  const isLastAdminMaybe = stored.roles.includes('admin') && stored.tenants === null && stored.expires_ms > nowMs;
  if (!isLastAdminMaybe) return;
  if (await askDatabase(tokens.hasAnotherUsable({ role: 'admin', than: stored.token, nowMs }))) return;
  throw new AskError('CONFLICT', 'this is the last token that can issue others: issue another admin one first');
}
