/** Lists tokens, newest first, to those who may issue them; that somebody looked is recorded before the first row. */

import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import type { RandomBytes } from '../../base/ids.ts';
import type { Principal } from '../../model/access.ts';
import type { TokenPage } from '../../model/api/access.ts';
import { timeMs, tokenId } from '../../model/api/words.ts';
import type { TokenPlace } from '../../store/access-tokens.ts';
import { conditionOf } from '../access/condition.ts';
import type { TokenStore } from '../access/token-store.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Page } from './administration.ts';
import { askDatabase } from './ask-database.ts';
import { readCursor, writeCursor } from './page-cursor.ts';
import { recordRead } from './record-read.ts';
import { viewToken } from './token-view.ts';

export interface ListTokensDeps {
  readonly tokens: Pick<TokenStore, 'list'>;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

export type ListTokens = (principal: Principal, page: Page) => Promise<TokenPage>;

const place = z.tuple([timeMs, tokenId]);

/** Throws INVALID for a cursor that is none, UNAVAILABLE, or the ledger's error. */
export function listTokensOf({ tokens, ledger, clock, random }: ListTokensDeps): ListTokens {
  return async (principal, { limit, cursor }) => {
    const after = cursor === undefined ? undefined : readPlace(cursor);
    const tenants = principal.tenants === 'all' ? [] : principal.tenants;
    const read = await recordRead({ ledger, random }, principal, { route: '/v1/tokens', tenants });
    const condition = conditionOf(principal, 'read', 'Token');
    const found = await askDatabase(tokens.list({ condition, after, limit: limit + 1 })).catch((error: unknown) => {
      read.done(0, 'broken');
      throw error;
    });
    const shown = found.slice(0, limit);
    read.done(shown.length);
    const last = shown.at(-1);
    const items = shown.map((stored) => viewToken(stored, clock.wallMs()));
    if (found.length <= limit || last === undefined) return { items };
    return { items, next: writeCursor([last.issued_ms, last.token]) };
  };
}

function readPlace(cursor: string): TokenPlace {
  const [issued_ms, token] = readCursor(place, cursor);
  return { issued_ms, token };
}
