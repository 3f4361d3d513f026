/** Health, metrics and status of all processes over HTTP. It holds no tenant data and takes no command. */

import { createServer, type Server, type ServerResponse } from 'node:http';
import { errorCode } from '../base/error.ts';
import { portError } from './port-check.ts';

export interface HealthPages {
  /** Whether calls can be taken, and every condition that somebody should know of. */
  readiness(): { readonly ready: boolean; readonly conditions: readonly string[] };
  status(): unknown;
  metrics(): string;
}

/** Listens at `at`; throws PortError naming `supervisor.http` when it cannot. */
export async function serveHealth(
  at: { readonly address: string; readonly port: number },
  origin: string,
  pages: HealthPages,
): Promise<Server> {
  const server = createServer(
    { maxHeaderSize: 8192, requestTimeout: 5000, headersTimeout: 5000 },
    (request, response) => {
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        answer(response, 405, 'text/plain', 'only GET\n');
        return;
      }
      respond(request.url ?? '/', response, pages);
    },
  );
  server.maxConnections = 64;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(portError(`${origin}: supervisor.http`, `${at.address}:${at.port}/tcp`, errorCode(error)));
    });
    server.listen(at.port, at.address, resolve);
  });
  // Without a listener a moment without file descriptors would end the supervisor.
  server.on('error', () => undefined);
  return server;
}

function respond(url: string, response: ServerResponse, pages: HealthPages): void {
  switch (url.split('?')[0]) {
    case '/healthz':
      answer(response, 200, 'text/plain', 'ok\n');
      return;
    case '/readyz': {
      const readiness = pages.readiness();
      answer(response, readiness.ready ? 200 : 503, 'application/json', `${JSON.stringify(readiness)}\n`);
      return;
    }
    case '/status':
      answer(response, 200, 'application/json', `${JSON.stringify(pages.status())}\n`);
      return;
    case '/metrics':
      answer(response, 200, 'text/plain; version=0.0.4; charset=utf-8', pages.metrics());
      return;
    default:
      answer(response, 404, 'text/plain', 'not here: /healthz /readyz /status /metrics\n');
      return;
  }
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}
