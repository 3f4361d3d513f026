/**
 * The API of this node. Until there are tokens it listens on a 0600 Unix socket alone, so that only the user Earshot
 * runs as can ask. No route ever gives raw text.
 */

import { chmodSync, rmSync } from 'node:fs';
import { Readable } from 'node:stream';
import Fastify, { type FastifyInstance } from 'fastify';
import { errorCode } from '../base/error.ts';
import type { Log } from '../base/log.ts';
import type { ReadLedger } from '../governance/use-cases/read-ledger.ts';
import type { WatchEvents } from '../governance/use-cases/watch-events.ts';
import { readEventsQuery } from './events-query.ts';

export interface ApiOptions {
  readonly socketPath: string;
  readonly readLedger: ReadLedger;
  readonly watchEvents: WatchEvents;
  readonly log: Log;
}

/** What a client may try again, by the code of what was thrown. */
const TRY_LATER: ReadonlyMap<string, string> = new Map([
  ['UNAVAILABLE', 'the ledger is unavailable'],
  ['DEADLINE', 'the ledger is unavailable'],
  ['QUOTA', 'the ledger is busy'],
  ['TOO_MANY_WATCHERS', 'too many watch the events already'],
]);

const LINES = 'application/x-ndjson; charset=utf-8';

/** Builds the routes; `startApi` makes them listen. */
export function buildApi({ readLedger, watchEvents, log }: Omit<ApiOptions, 'socketPath'>): FastifyInstance {
  const api = Fastify({ logger: false, bodyLimit: 64 * 1024, requestTimeout: 10_000, forceCloseConnections: true });

  api.get('/v1/events', async (request, reply) => {
    const query = readEventsQuery(request.query);
    if (query === undefined)
      return reply.code(400).type('application/problem+json').send(problem(400, 'since must be a whole number'));
    const gone = new AbortController();
    request.raw.once('close', () => gone.abort());
    return reply.type(LINES).send(lines(watchEvents({ since: query.since, signal: gone.signal })));
  });

  api.get('/v1/ledger/raw', async (_request, reply) => {
    return reply.type(LINES).send(lines(await readLedger({ route: '/v1/ledger/raw', actor: 'local' })));
  });

  api.setNotFoundHandler((_request, reply) => {
    void reply.code(404).type('application/problem+json').send(problem(404, 'no such route'));
  });
  api.setErrorHandler((thrown, _request, reply) => {
    const later = TRY_LATER.get(errorCode(thrown));
    if (later === undefined) log.error({ error: thrown }, 'a request failed');
    const status = later === undefined ? 500 : 503;
    void reply
      .code(status)
      .type('application/problem+json')
      .send(problem(status, later ?? 'internal error'));
  });
  return api;
}

/** Listens at the socket; the result stops it. */
export async function startApi(options: ApiOptions): Promise<() => Promise<void>> {
  const api = buildApi(options);
  rmSync(options.socketPath, { force: true });
  const earlierMask = process.umask(0o177);
  try {
    await api.listen({ path: options.socketPath });
  } finally {
    process.umask(earlierMask);
  }
  chmodSync(options.socketPath, 0o600);
  return () => api.close();
}

/** RFC 9457. */
function problem(status: number, title: string): string {
  return JSON.stringify({ type: 'about:blank', title, status });
}

function lines(items: AsyncIterable<unknown>): Readable {
  async function* encode(): AsyncGenerator<string> {
    for await (const item of items) yield `${JSON.stringify(item)}\n`;
  }
  return Readable.from(encode());
}
