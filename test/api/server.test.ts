import { expect, test } from 'vitest';
import { buildApi } from '../../src/api/server.ts';
import { silentLog } from '../../src/base/log.ts';
import { LedgerError } from '../../src/governance/ledger/ledger.ts';
import type { ReadLedger } from '../../src/governance/use-cases/read-ledger.ts';
import { WatchError, type WatchEvents } from '../../src/governance/use-cases/watch-events.ts';

const ROW = { log: 'acme', seq: 0 } as never;

test('ledger rows come one to a line, read as the local actor', async () => {
  const readers: unknown[] = [];
  const api = build({
    readLedger: (reader) => {
      readers.push(reader);
      return Promise.resolve(streamOf(ROW, ROW));
    },
  });

  const response = await api.inject('/v1/ledger/raw');

  expect(response.statusCode).toBe(200);
  expect(response.headers['content-type']).toContain('application/x-ndjson');
  expect(response.body).toBe('{"log":"acme","seq":0}\n{"log":"acme","seq":0}\n');
  expect(readers).toEqual([{ route: '/v1/ledger/raw', actor: 'local' }]);
});

test('a read that cannot be recorded gives no row, and says that the ledger is away', async () => {
  const api = build({ readLedger: () => Promise.reject(new LedgerError('DEADLINE', 'secret of ours')) });

  const response = await api.inject('/v1/ledger/raw');

  expect(response.statusCode).toBe(503);
  expect(response.json()).toEqual({ type: 'about:blank', title: 'the ledger is unavailable', status: 503 });
});

test('an error of ours is told without a word of it', async () => {
  const api = build({ readLedger: () => Promise.reject(new Error('the text of somebody')) });

  const response = await api.inject('/v1/ledger/raw');

  expect(response.statusCode).toBe(500);
  expect(response.body).not.toContain('somebody');
});

test('events come after the number that was asked for, from the beginning when none was', async () => {
  const asked: number[] = [];
  const api = build({
    watchEvents: ({ since }) => {
      asked.push(since);
      return streamOf({ kind: 'missed', count: 3 });
    },
  });

  const first = await api.inject('/v1/events');
  await api.inject('/v1/events?since=41');

  expect(first.body).toBe('{"kind":"missed","count":3}\n');
  expect(asked).toEqual([0, 41]);
});

test.each(['?since=-1', '?since=x', '?since=1.5', '?since=1&since=2', '?until=3', '?since=9007199254740993'])(
  'events are not given for the query %s',
  async (query) => {
    const response = await build({}).inject(`/v1/events${query}`);

    expect(response.statusCode).toBe(400);
    expect(response.headers['content-type']).toContain('application/problem+json');
  },
);

test('one watcher too many is asked to come again, and is no error of ours', async () => {
  const api = build({
    watchEvents: () => {
      throw new WatchError('TOO_MANY_WATCHERS', 'too many');
    },
  });

  const response = await api.inject('/v1/events');

  expect(response.statusCode).toBe(503);
  expect(response.json()).toMatchObject({ title: 'too many watch the events already' });
});

test('there is nothing else, whatever the method', async () => {
  const api = build({});

  for (const method of ['GET', 'POST', 'DELETE'] as const) {
    const response = await api.inject({ method, url: method === 'GET' ? '/v1/transcripts' : '/v1/events' });
    expect(response.statusCode).toBe(404);
  }
});

function build(given: { readonly readLedger?: ReadLedger; readonly watchEvents?: WatchEvents }) {
  return buildApi({
    readLedger: given.readLedger ?? (() => Promise.resolve(streamOf())),
    watchEvents: given.watchEvents ?? (() => streamOf()),
    log: silentLog,
  });
}

async function* streamOf<Item>(...items: readonly Item[]): AsyncGenerator<Item> {
  for (const item of items) yield await Promise.resolve(item);
}
