/** The system's resolver as the lookups of a locator. It keeps nothing and decides nothing; names come in, records go out. */

import { lookup, Resolver } from 'node:dns/promises';
import { errorCode } from '../../base/error.ts';
import type { NaptrRecord, SrvRecord } from '../../protocol/sip/locating.ts';
import type { Lookups } from './locate.ts';

/** Twice a second and a half: whoever waits has been given up on by then. */
const SETTINGS = { timeout: 1500, tries: 2 };
/** No such name, or no such record of it: an answer, not a failure. */
const ABSENT = new Set(['ENOTFOUND', 'ENODATA']);

/** `servers` take the place of the system's own, for all but addresses. */
export function systemLookups(servers?: readonly string[]): Lookups {
  const resolver = new Resolver(SETTINGS);
  if (servers) resolver.setServers(servers);
  return {
    addresses: async (name) => {
      // By the system's own rules, so that what an operator wrote into its hosts file counts.
      const [found, ttlMs] = await Promise.all([lookup(name, { all: true }), shortestTtlMs(resolver, name)]);
      const addresses = found.map(({ address }) => address);
      return ttlMs === undefined ? { addresses } : { addresses, ttlMs };
    },
    srv: (name) => orNothing<SrvRecord>(resolver.resolveSrv(name)),
    naptr: (name) => orNothing<NaptrRecord>(resolver.resolveNaptr(name)),
  };
}

/** How long its addresses may be kept, which the system's own rules do not tell; undefined where DNS knows none. */
async function shortestTtlMs(resolver: Resolver, name: string): Promise<number | undefined> {
  const [v4, v6] = await Promise.all([
    resolver.resolve4(name, { ttl: true }).catch(() => []),
    resolver.resolve6(name, { ttl: true }).catch(() => []),
  ]);
  const seconds = [...v4, ...v6].map(({ ttl }) => ttl);
  return seconds.length > 0 ? Math.min(...seconds) * 1000 : undefined;
}

async function orNothing<Found>(records: Promise<readonly Found[]>): Promise<readonly Found[]> {
  try {
    return await records;
  } catch (thrown) {
    if (ABSENT.has(errorCode(thrown))) return [];
    throw thrown;
  }
}
