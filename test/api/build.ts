/** The API over a fake Administration, asked without a socket. */

import type { InjectOptions } from 'fastify';
import type { Api } from '../../src/api/api.ts';
import { buildApi, type BuildOptions } from '../../src/api/build-api.ts';
import type { RouteTable } from '../../src/api/route-table.ts';
import { ManualClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { makeFakeAdministration, type FakeAdministration } from './fake-administration.ts';

export interface TestApi extends FakeAdministration {
  readonly api: Api;
  readonly table: RouteTable;
  readonly clock: ManualClock;
}

export async function buildTestApi(options: Partial<BuildOptions> = {}): Promise<TestApi> {
  const fake = makeFakeAdministration();
  const clock = new ManualClock();
  const { api, table } = await buildApi({
    administration: fake.verbs,
    health: () => ({ ready: true, conditions: [] }),
    log: silentLog,
    clock,
    isLocal: false,
    ...options,
  });
  return { ...fake, api, table, clock };
}

/** With a bearer token in its place. */
export function withBearer(bearer: string, request: InjectOptions): InjectOptions {
  return { ...request, headers: { ...request.headers, authorization: `Bearer ${bearer}` } };
}
