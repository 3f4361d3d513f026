/**
 * The baseline: the same entries, chained and encoded the same way, each inserted by a statement of its own that is its
 * own transaction. One connection per appender; a chain belongs to one of them, since each entry names the one before.
 */

import pg from 'pg';
import { newId, type TenantId } from '../../../src/base/ids.ts';
import type { EntryBody } from '../../../src/model/evidence.ts';
import type { ConnectionParts } from '../../../src/store/database.ts';
import { monthOf } from '../../../src/store/month.ts';
import type { EntryRow } from '../../../src/store/schema.ts';
import type { Chain } from '../../../src/governance/ledger/chain.ts';
import { importBuilt } from '../support/built.ts';
import type { Append } from './load.ts';

const COLUMNS = [
  ...['month', 'log', 'node', 'epoch', 'seq', 'prev', 'leaf', 'raw', 'kind', 'at_ms', 'call', 'stream', 'processor'],
  ...['lease', 'release', 'from_ms', 'through_ms', 'captured_through_ms', 'max_bytes', 'voided_seq'],
  ...['allow', 'entrypoint', 'words', 'entities'],
] as (keyof EntryRow)[];

const INSERT = {
  name: 'insert-entry',
  text: `insert into earshot.entries (${COLUMNS.join(', ')}) values (${COLUMNS.map((_, at) => `$${at + 1}`).join(', ')})`,
};

export interface SingleRows {
  readonly append: Append;
  close(): Promise<void>;
}

/** Connects `appenders` clients and shares the tenants out among them. */
export async function openSingleRows(options: {
  readonly connection: ConnectionParts;
  readonly appenders: number;
  readonly tenants: readonly TenantId[];
  readonly nextBody: () => EntryBody;
}): Promise<SingleRows> {
  const { connection, appenders, tenants, nextBody } = options;
  const { Chain } = await importBuilt('governance/ledger/chain');
  const epoch = { node: 'single-rows', epoch: newId('epoch'), month: monthOf(Date.now()) };
  const seats = await Promise.all(
    Array.from({ length: appenders }, async (_, seat) => ({
      client: await connect(connection),
      chains: tenants.filter((_, at) => at % appenders === seat).map((log) => new Chain({ ...epoch, log })),
      turn: 0,
    })),
  );
  for (const { client, chains } of seats) {
    for (const chain of chains) await insert(client, chain, { kind: 'epoch.open', software: 'bench' });
  }
  return {
    append(appender) {
      const seat = seats[appender]!;
      seat.turn += 1;
      return insert(seat.client, seat.chains[seat.turn % seat.chains.length]!, nextBody());
    },
    close: async () => {
      await Promise.all(seats.map(({ client }) => client.end()));
    },
  };
}

async function connect(connection: ConnectionParts): Promise<pg.Client> {
  const client = new pg.Client({ ...connection });
  await client.connect();
  return client;
}

function insert(client: pg.Client, chain: Chain, body: EntryBody): Promise<pg.QueryResult> {
  const row = chain.add(body, { at_ms: Date.now(), mono_us: Math.trunc(performance.now() * 1000) });
  return client.query({ ...INSERT, values: COLUMNS.map((column) => row[column]) });
}
