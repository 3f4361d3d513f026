/** Builds the API over the verbs of governance: its hooks, its routes and what becomes of errors. Nothing listens yet. */

import Fastify from 'fastify';
import rateLimit from '@fastify/rate-limit';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Administration } from '../governance/use-cases/administration.ts';
import { admitRequests } from './admission.ts';
import { answerClientError, answerErrors, answerFrameworkError } from './answer-errors.ts';
import type { Api } from './api.ts';
import { setSecurityHeaders } from './headers.ts';
import { createHttpServer, type TlsKeys } from './http-server.ts';
import { LIMITS } from './limits.ts';
import { Lines } from './lines.ts';
import { collectRoutes } from './openapi.ts';
import { requireAccess } from './route-access.ts';
import { RouteTable } from './route-table.ts';
import { addAccessRoutes } from './routes/access-routes.ts';
import { addBundleRoutes } from './routes/bundle-routes.ts';
import { addCallRoutes } from './routes/call-routes.ts';
import { addConfigRoutes } from './routes/config-routes.ts';
import { addEventRoutes } from './routes/event-routes.ts';
import { addLedgerRoutes } from './routes/ledger-routes.ts';
import { addPciRoutes } from './routes/pci-routes.ts';
import { addRevocationRoutes } from './routes/revocation-routes.ts';
import { addSystemRoutes, type ApiHealth } from './routes/system-routes.ts';
import { addTranscriptRoutes } from './routes/transcript-routes.ts';

export interface BuildOptions {
  readonly administration: Administration;
  readonly health: () => ApiHealth;
  readonly log: Log;
  readonly clock: Clock;
  /** Whether this is the node's own socket, which only the user it runs as can open. */
  readonly isLocal: boolean;
  readonly tls?: TlsKeys | undefined;
}

export interface BuiltApi {
  readonly api: Api;
  readonly table: RouteTable;
}

export async function buildApi(options: BuildOptions): Promise<BuiltApi> {
  const { administration, health, log, clock, isLocal, tls } = options;
  const table = new RouteTable();
  const api: Api = Fastify({
    logger: false,
    serverFactory: (handler) => createHttpServer(handler, tls),
    bodyLimit: LIMITS.bodyBytes,
    forceCloseConnections: true,
    // A HEAD would record a read that gives nobody anything.
    exposeHeadRoutes: false,
    frameworkErrors: (error, _request, reply) => answerFrameworkError(error, reply),
    clientErrorHandler: answerClientError,
  }).withTypeProvider<ZodTypeProvider>();
  api.setValidatorCompiler(validatorCompiler);
  api.setSerializerCompiler(serializerCompiler);
  takeJsonOnly(api);

  await api.register(rateLimit, { global: false });
  api.addHook('onRoute', (route) => {
    requireAccess(route);
    table.add(route);
  });
  await collectRoutes(api);
  setSecurityHeaders(api, { isTls: tls !== undefined });
  admitRequests(api, { access: administration, isLocal });
  answerErrors(api, { access: administration, log }, table);

  const lines = new Lines({ access: administration, clock, log });
  addSystemRoutes(api, health);
  addAccessRoutes(api, administration);
  addCallRoutes(api, administration);
  addLedgerRoutes(api, administration, lines);
  addEventRoutes(api, administration, lines);
  addTranscriptRoutes(api, administration);
  addConfigRoutes(api, administration);
  addRevocationRoutes(api, administration);
  addPciRoutes(api, administration);
  await api.register((scope: Api, _options, done) => {
    addBundleRoutes(scope, administration);
    done();
  });
  return { api, table };
}

/** Nothing but JSON, and none that would set a prototype. */
function takeJsonOnly(api: Api): void {
  api.removeAllContentTypeParsers();
  api.addContentTypeParser('application/json', { parseAs: 'string' }, api.getDefaultJsonParser('error', 'error'));
}
