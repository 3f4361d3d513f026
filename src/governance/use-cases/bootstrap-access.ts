/**
 * Makes the first token of all, an admin's for every tenant, once in the life of a database. Only somebody at the node's
 * own socket can ask. Of two nodes that try at once, one makes it.
 */

import type { Clock } from '../../base/clock.ts';
import type { RandomBytes } from '../../base/ids.ts';
import type { IssuedToken } from '../../model/api/access.ts';
import { SYSTEM_LOG } from '../../model/evidence.ts';
import { FIRST_ISSUER } from '../../store/access-tokens.ts';
import type { AccessTokenRow } from '../../store/schema.ts';
import type { TokenStore } from '../access/token-store.ts';
import { makeToken } from '../access/token.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { AskError } from './administration.ts';
import { askDatabase } from './ask-database.ts';
import { noteToken } from './record-token.ts';
import { viewIssued } from './token-view.ts';

export interface BootstrapDeps {
  readonly tokens: Pick<TokenStore, 'addFirst' | 'hasFirst'>;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

export type BootstrapAccess = (holder: string) => Promise<IssuedToken>;

/** A year: there is no second one, and an admin's first act is to give others theirs. */
const LIFE_MS = 365 * 86_400_000;

/** Recorded, and perhaps stored: the database's answer was lost. */
interface Unsettled {
  readonly row: AccessTokenRow;
  readonly bearer: string;
}

/** Throws ALREADY_DONE, UNAVAILABLE, or the ledger's error. After UNAVAILABLE the same token is tried again. */
export function bootstrapAccessOf(deps: BootstrapDeps): BootstrapAccess {
  let unsettled: Unsettled | undefined;
  let earlier: Promise<unknown> = Promise.resolve();

  const bootstrap = async (holder: string): Promise<IssuedToken> => {
    if (unsettled === undefined && (await askDatabase(deps.tokens.hasFirst()))) throw alreadyDone();
    // If the row of an earlier attempt is stored and its secret forgotten, nobody could ever get in.
    unsettled ??= await record(deps, holder);
    const { row, bearer } = unsettled;
    const outcome = await askDatabase(deps.tokens.addFirst(row));
    unsettled = undefined;
    if (outcome === 'added') return viewIssued(row, bearer);
    // Another node was first. The log has both, and says of this one that it was the end of it.
    noteToken(deps.ledger, row, { action: 'revoked', actor: 'node' });
    throw alreadyDone();
  };

  return (holder) => {
    const mine = earlier.then(() => bootstrap(holder));
    earlier = mine.catch(() => undefined);
    return mine;
  };
}

async function record({ ledger, clock, random }: BootstrapDeps, holder: string): Promise<Unsettled> {
  const { token, bearer, secretHash } = makeToken(random);
  const issuedMs = Math.trunc(clock.wallMs());
  await ledger.append(SYSTEM_LOG, { kind: 'access.bootstrap', token, holder });
  const row: AccessTokenRow = {
    token,
    secret_hash: secretHash,
    holder,
    roles: ['admin'],
    tenants: null,
    issued_by: FIRST_ISSUER,
    issued_ms: issuedMs,
    expires_ms: issuedMs + LIFE_MS,
  };
  return { row, bearer };
}

function alreadyDone(): AskError {
  return new AskError('ALREADY_DONE', 'the first token was made already; an admin issues the others');
}
