/** Tokens in memory and a ledger that remembers the order of things, for the use cases of access. */

import { ManualClock } from '../../../src/base/clock.ts';
import { systemRandom } from '../../../src/base/ids.ts';
import { matches } from '../../../src/governance/access/condition.ts';
import type { TokenStore } from '../../../src/governance/access/token-store.ts';
import { LedgerError, type Ledger } from '../../../src/governance/ledger/ledger.ts';
import { Authenticator } from '../../../src/governance/use-cases/authenticate.ts';
import type { EntryBody } from '../../../src/model/evidence.ts';
import { FIRST_ISSUER, type StoredToken } from '../../../src/store/access-tokens.ts';
import { StoreError } from '../../../src/store/error.ts';
import type { AccessTokenRow } from '../../../src/store/schema.ts';

export interface TokenWorld {
  readonly clock: ManualClock;
  readonly random: typeof systemRandom;
  readonly ledger: Ledger;
  readonly tokens: TokenStore;
  readonly authenticator: Authenticator;
  /** In order: `append system`, `add`, `revoke` … */
  readonly trace: string[];
  readonly entries: { readonly log: string; readonly body: EntryBody; readonly how: 'append' | 'note' }[];
  readonly rows: StoredToken[];
  /** How often the database was asked whose a secret is. */
  lookups: number;
  fault: 'none' | 'ledger' | 'database' | 'answer lost';
  /** Called inside each question to the database, before it is answered. */
  onLookup: () => void;
}

export function makeTokenWorld(): TokenWorld {
  const clock = new ManualClock();
  const rows: StoredToken[] = [];
  const entries: TokenWorld['entries'] = [];
  const trace: string[] = [];
  const find = (token: string): number => rows.findIndex((row) => row.token === token);

  const ledger: Ledger = {
    isAvailable: true,
    append: (log, body) => {
      if (world.fault === 'ledger') return Promise.reject(new LedgerError('DEADLINE', 'not durable in time'));
      trace.push(`append ${body.kind} ${log}`);
      entries.push({ log, body, how: 'append' });
      return Promise.resolve({ log, epoch: 'p', seq: entries.length, leaf: '' });
    },
    note: (log, body) => {
      trace.push(`note ${body.kind} ${log}`);
      entries.push({ log, body, how: 'note' });
    },
  };

  /** Does `work` unless the database is away; with its answer lost, does it and fails. */
  const ask = <Answer>(name: string, work: () => Answer): Promise<Answer> => {
    if (world.fault === 'database') return Promise.reject(new StoreError('UNREACHABLE', 'away'));
    trace.push(name);
    const answer = work();
    if (world.fault === 'answer lost') return Promise.reject(new StoreError('TIMEOUT', 'no answer'));
    return Promise.resolve(answer);
  };
  const store = (row: AccessTokenRow): void => void rows.push({ ...row, revoked_ms: null });
  const isSeen = (row: StoredToken, condition: Parameters<TokenStore['find']>[1]): boolean =>
    condition.kind === 'always' ||
    (row.tenants !== null && row.tenants.every((tenant) => matches(condition, { tenant })));

  const tokens: TokenStore = {
    add: (row) => ask('add', () => store(row)),
    addFirst: (row) =>
      ask('addFirst', () => {
        const first = rows.find(({ issued_by }) => issued_by === FIRST_ISSUER);
        if (first === undefined) store(row);
        return first === undefined || first.token === row.token ? 'added' : 'taken';
      }),
    hasFirst: () => ask('hasFirst', () => rows.some(({ issued_by }) => issued_by === FIRST_ISSUER)),
    findBySecret: (hash) =>
      ask('findBySecret', () => {
        world.lookups += 1;
        const found = rows.find((row) => row.secret_hash.equals(hash));
        const answer = found === undefined ? undefined : { ...found };
        world.onLookup();
        return answer;
      }),
    find: (token, condition) => ask('find', () => rows.find((row) => row.token === token && isSeen(row, condition))),
    list: ({ condition, after, limit }) =>
      ask('list', () =>
        rows
          .filter((row) => isSeen(row, condition))
          .sort((a, b) => b.issued_ms - a.issued_ms || (a.token < b.token ? 1 : -1))
          .filter(
            (row) =>
              after === undefined ||
              row.issued_ms < after.issued_ms ||
              (row.issued_ms === after.issued_ms && row.token < after.token),
          )
          .slice(0, limit),
      ),
    hasAnotherUsable: ({ role, than, nowMs }) =>
      ask('hasAnotherUsable', () =>
        rows.some(
          (row) =>
            row.token !== than &&
            row.tenants === null &&
            row.revoked_ms === null &&
            row.expires_ms > nowMs &&
            row.roles.includes(role),
        ),
      ),
    revoke: (row) =>
      ask('revoke', () => {
        const at = find(row.token);
        rows[at] = { ...rows[at]!, revoked_ms: rows[at]!.revoked_ms ?? row.at_ms };
        return row;
      }),
  };
  const world: TokenWorld = {
    clock,
    random: systemRandom,
    ledger,
    tokens,
    authenticator: new Authenticator({ tokens, clock }),
    trace,
    entries,
    rows,
    lookups: 0,
    fault: 'none',
    onLookup: () => undefined,
  };
  return world;
}
