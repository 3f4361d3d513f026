/** A node that answers as a test says, over real HTTP on loopback, and remembers what it was asked. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly authorization: string | undefined;
  readonly type: string | undefined;
  readonly body: Buffer;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string or bytes as they are, anything else as JSON. */
  readonly body?: unknown;
  /** Breaks the connection after the body instead of ending the answer. */
  readonly breaksOff?: boolean;
}

export interface ScriptedNode {
  readonly url: string;
  readonly port: number;
  readonly seen: readonly SeenRequest[];
  stop(): Promise<void>;
}

/** Listens on a free port of loopback, or at `socketPath`; an answer of undefined is never given. */
export async function startScriptedNode(
  answer: (request: SeenRequest) => Answer | undefined,
  socketPath?: string,
): Promise<ScriptedNode> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    void readRequest(request).then((asked) => {
      seen.push(asked);
      const given = answer(asked);
      if (given !== undefined) give(response, given);
    });
  });
  server.listen(socketPath === undefined ? { port: 0, host: '127.0.0.1' } : { path: socketPath });
  await once(server, 'listening');
  const port = socketPath === undefined ? (server.address() as AddressInfo).port : 0;
  return { url: `http://127.0.0.1:${port}`, port, seen, stop: () => stop(server) };
}

/** A problem as the API says it. */
export function problem(status: number, more: Readonly<Record<string, unknown>> = {}): Answer {
  const body = { type: 'about:blank', title: 'No', status, code: 'NO', ...more };
  return { status, headers: { 'content-type': 'application/problem+json' }, body };
}

async function readRequest(request: IncomingMessage): Promise<SeenRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const { method = '', url = '', headers } = request;
  return {
    method,
    url,
    authorization: headers.authorization,
    type: headers['content-type'],
    body: Buffer.concat(chunks),
  };
}

function give(response: ServerResponse, { status = 200, headers = {}, body = '', breaksOff = false }: Answer): void {
  const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  response.writeHead(status, headers);
  if (breaksOff) response.write(bytes, () => response.destroy());
  else response.end(bytes);
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
