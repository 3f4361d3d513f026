/** What is asked of the tokens that are stored, and the Postgres behind it. Rows are added and found, never changed. */

import type { RowCondition } from '../../model/access.ts';
import {
  addFirstToken,
  addRevocation,
  addToken,
  findToken,
  findTokenBySecret,
  hasAnotherUsable,
  hasFirstToken,
  listTokens,
  type StoredToken,
  type TokenPlace,
} from '../../store/access-tokens.ts';
import type { Database } from '../../store/database.ts';
import type { AccessRevocationRow, AccessTokenRow } from '../../store/schema.ts';

export interface TokenStore {
  add(row: AccessTokenRow): Promise<void>;
  /** May be repeated with the same row: `added` as long as it is the first one. */
  addFirst(row: AccessTokenRow): Promise<'added' | 'taken'>;
  hasFirst(): Promise<boolean>;
  findBySecret(secretHash: Buffer): Promise<StoredToken | undefined>;
  /** Only where `condition` lets every tenant of it be seen. */
  find(token: string, condition: RowCondition): Promise<StoredToken | undefined>;
  /** Newest first. */
  list(page: {
    readonly condition: RowCondition;
    readonly after?: TokenPlace | undefined;
    readonly limit: number;
  }): Promise<StoredToken[]>;
  /** Whether a token other than `than` has this role for every tenant and can still be used. */
  hasAnotherUsable(wanted: { readonly role: string; readonly than: string; readonly nowMs: number }): Promise<boolean>;
  /** Ends a token for good; the first end counts, and is returned. */
  revoke(row: AccessRevocationRow): Promise<AccessRevocationRow>;
}

/** The store over a connection of the `app` role. Everything throws StoreError. */
export function postgresTokenStore(database: Database): TokenStore {
  return {
    add: (row) => addToken(database, row),
    addFirst: (row) => addFirstToken(database, row),
    hasFirst: () => hasFirstToken(database),
    findBySecret: (secretHash) => findTokenBySecret(database, secretHash),
    find: (token, condition) => findToken(database, token, condition),
    list: (page) => listTokens(database, page),
    hasAnotherUsable: (wanted) => hasAnotherUsable(database, wanted),
    revoke: (row) => addRevocation(database, row),
  };
}
