/**
 * Entries through the real appender into a real Postgres, against single-row inserts on the same server; and what a
 * minute of a call comes to in entries and bytes.
 */

import { systemClock } from '../../src/base/clock.ts';
import { asTenantId, newId, systemRandom } from '../../src/base/ids.ts';
import { silentLog } from '../../src/base/log.ts';
import { Chain } from '../../src/governance/ledger/chain.ts';
import type { EntryBody } from '../../src/model/evidence.ts';
import { migrate } from '../../src/store/migrate.ts';
import { startTestPostgres, type TestPostgres } from '../journeys/support/postgres.ts';
import { CALL_MINUTES, governOneCall, STREAMS, TURNS_PER_MINUTE } from './appender/call-minutes.ts';
import { pace, saturate, type Append, type Load } from './appender/load.ts';
import { openSingleRows } from './appender/single-rows.ts';
import type { Bench, BenchResult, Figures } from './support/bench.ts';
import { importBuilt } from './support/built.ts';
import { mean, median, rounded, sum } from './support/statistics.ts';
import { inTurns } from './support/turns.ts';

const TENANTS = 50;
const ROUNDS = 4;
const SATURATED_MS = 1000;
const PACED_MS = 1500;
/** About what a thousand governed calls write. */
const PACED_ENTRIES_PER_S = 500;
/** Callers that wait for the appender at once; one tenant alone may have 256. */
const CALLERS = 250;
/** One for one tenant, whose chain makes each entry wait for the last; with many tenants as many as a pool may have. */
const CONNECTIONS = 10;

export const bench: Bench = {
  says: 'ledger entries per second and their latency, against single-row inserts; entries and bytes of a call-minute',
  async run(signal) {
    const bodies = await governOneCall();
    const postgres = await startTestPostgres();
    try {
      return await measure(postgres, bodies, signal);
    } finally {
      await postgres.stop();
    }
  },
};

async function measure(
  postgres: TestPostgres,
  bodies: readonly EntryBody[],
  signal: AbortSignal,
): Promise<BenchResult> {
  const { openDatabase } = await importBuilt('store/database');
  const owner = openDatabase({ connection: postgres.connections.owner, poolSize: 1 });
  await migrate(owner, systemClock.wallMs()).finally(() => owner.close());
  const many = await contend(postgres, bodies, signal, TENANTS);
  const one = await contend(postgres, bodies, signal, 1);
  return {
    bench: 'appender',
    ...many,
    tenants: TENANTS,
    latency_at_entries_per_s: PACED_ENTRIES_PER_S,
    baseline_connections: CONNECTIONS,
    one_tenant: one,
    ...callMinuteOf(bodies),
  };
}

/** Appender and single rows in turns, saturated; and the appender's latency at a pace it is not busy at. */
async function contend(
  postgres: TestPostgres,
  bodies: readonly EntryBody[],
  signal: AbortSignal,
  tenants: number,
): Promise<Contest> {
  const logs = Array.from({ length: tenants }, (_, at) => asTenantId(`tenant-${at}`));
  const connections = Math.min(tenants, CONNECTIONS);
  let bodiesUsed = 0;
  const nextBody = (): EntryBody => bodies[bodiesUsed++ % bodies.length]!;
  const appender = await startAppender(postgres, `bench-${tenants}`);
  const { writer } = postgres.connections;
  const single = await openSingleRows({ connection: writer, appenders: connections, tenants: logs, nextBody });
  const append: Append = (caller) => appender.append(logs[caller % tenants]!, nextBody());
  try {
    const loads = await inTurns(
      { rounds: ROUNDS, signal },
      {
        ours: () => saturate(append, { appenders: CALLERS, durationMs: SATURATED_MS }),
        rows: () => saturate(single.append, { appenders: connections, durationMs: SATURATED_MS }),
        paced: () => pace(append, { appenders: CALLERS, entriesPerS: PACED_ENTRIES_PER_S, durationMs: PACED_MS }),
      },
    );
    return contestOf(loads);
  } finally {
    await single.close();
    await appender.close();
  }
}

interface Contest extends Figures {
  readonly entries_per_s: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly baseline: string;
  readonly baseline_entries_per_s: number;
  readonly baseline_p50_ms: number;
  readonly ratio: number;
  readonly entries: number;
}

function contestOf({ ours, rows, paced }: Record<'ours' | 'rows' | 'paced', readonly Load[]>): Contest {
  const of = (loads: readonly Load[], figure: keyof Load): number => median(loads.map((load) => load[figure]));
  const [speed, rowSpeed] = [of(ours, 'entriesPerS'), of(rows, 'entriesPerS')];
  return {
    entries_per_s: rounded(speed),
    p50_ms: rounded(of(paced, 'p50Ms')),
    p99_ms: rounded(of(paced, 'p99Ms')),
    baseline: 'single-row insert',
    baseline_entries_per_s: rounded(rowSpeed),
    baseline_p50_ms: rounded(of(rows, 'p50Ms')),
    ratio: rounded(speed / rowSpeed),
    entries: sum([...ours, ...paced].map(({ entries }) => entries)),
  };
}

async function startAppender(postgres: TestPostgres, node: string) {
  const { Appender } = await importBuilt('governance/ledger/appender');
  const { postgresChainStore } = await importBuilt('governance/ledger/chain-store');
  const { openDatabase } = await importBuilt('store/database');
  const database = openDatabase({ connection: postgres.connections.writer, poolSize: 2 });
  const store = postgresChainStore(database);
  const wiring = { software: 'bench', clock: systemClock, random: systemRandom, log: silentLog };
  const appender = new Appender({ ...wiring, node, store });
  appender.start();
  return {
    append: appender.append.bind(appender),
    close: async () => {
      await appender.stop();
      await database.close();
    },
  };
}

/** Entries as they are encoded, without what belongs to a node and not to a call: epochs and heartbeats. */
function callMinuteOf(bodies: readonly EntryBody[]): Figures {
  const chain = new Chain({ log: 'tenant-1', node: 'bench', epoch: newId('epoch'), month: 202_601 });
  const instant = { at_ms: systemClock.wallMs(), mono_us: systemClock.monoUs() };
  chain.add({ kind: 'epoch.open', software: 'bench' }, instant);
  const encoded = bodies.map((body) => ({ kind: body.kind, bytes: chain.add(body, instant).raw.length }));
  const kinds = [...new Set(encoded.map(({ kind }) => kind))].sort();
  const bytesOf = (wanted: string) => encoded.filter(({ kind }) => kind === wanted).map(({ bytes }) => bytes);
  const leaseEntries = encoded.filter(({ kind }) => kind.startsWith('lease.')).length;
  return {
    entries_per_call_minute: rounded(encoded.length / CALL_MINUTES),
    bytes_per_call_minute: Math.round(sum(encoded.map(({ bytes }) => bytes)) / CALL_MINUTES),
    lease_entries_per_stream_minute: rounded(leaseEntries / CALL_MINUTES / STREAMS),
    call: { minutes: CALL_MINUTES, streams: STREAMS, turns_per_minute: TURNS_PER_MINUTE },
    bytes_by_kind: Object.fromEntries(kinds.map((kind) => [kind, Math.round(mean(bytesOf(kind)))])),
  };
}
