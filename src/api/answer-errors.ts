/** Every refusal and every failure as a problem (RFC 9457), and every refused attempt noted for the ledger. */

import type { Socket } from 'node:net';
import { STATUS_CODES } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errorCode } from '../base/error.ts';
import type { Log } from '../base/log.ts';
import type { AccessVerbs } from '../governance/use-cases/administration.ts';
import type { Api } from './api.ts';
import { describeProblem, internalProblem, PROBLEM_TYPE, type SaidProblem } from './problem.ts';
import { Refusal } from './refusal.ts';
import type { RouteTable } from './route-table.ts';

export interface AnswerOptions {
  readonly access: Pick<AccessVerbs, 'noteDenied'>;
  readonly log: Log;
}

/** Statuses that say that somebody asked for what is not his. */
const DENIED = new Set([401, 403]);

export function answerErrors(api: Api, options: AnswerOptions, table: RouteTable): void {
  api.setErrorHandler((thrown, request, reply) => {
    const said = describeProblem(thrown) ?? internalProblem;
    if (said === internalProblem) {
      options.log.error({ error: thrown, code: errorCode(thrown), route: routeOf(request) }, 'a request failed');
    }
    noteIfDenied(options, request, thrown, said);
    return answer(reply, said);
  });
  api.setNotFoundHandler((request, reply) => {
    const methods = table.methodsOf(request.url);
    if (methods.length > 0) {
      void reply.header('allow', methods.join(', '));
      throw new Refusal('METHOD_NOT_ALLOWED', `this path takes ${methods.join(', ')} alone`);
    }
    throw new Refusal('NO_SUCH_ROUTE', 'there is no such route');
  });
}

/** For what fastify refuses before there is a route, such as a path that cannot be decoded. */
export function answerFrameworkError(thrown: unknown, reply: FastifyReply): void {
  void answer(reply, describeProblem(thrown) ?? internalProblem);
}

/** For bytes that are no HTTP, or too many or too slow of them: nothing of them is quoted, and the connection ends. */
export function answerClientError(error: { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  const title = STATUS_CODES[status] ?? 'Bad Request';
  const body = JSON.stringify({ type: 'about:blank', title, status, code: 'MALFORMED' });
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function answer(reply: FastifyReply, { problem, retryAfterS }: SaidProblem): FastifyReply {
  if (retryAfterS !== undefined) void reply.header('retry-after', retryAfterS);
  if (problem.status === 401) {
    // RFC 6750 §3: only a token that was shown and is not valid is called so.
    const isShown = problem.code === 'TOKEN_REFUSED';
    void reply.header('www-authenticate', `Bearer realm="earshot"${isShown ? ', error="invalid_token"' : ''}`);
  }
  // As text: the serializers of a route know its answers alone.
  return reply
    .code(problem.status)
    .type(PROBLEM_TYPE)
    .serializer((text: unknown) => String(text))
    .send(JSON.stringify(problem));
}

function noteIfDenied({ access }: AnswerOptions, request: FastifyRequest, thrown: unknown, said: SaidProblem): void {
  const code = thrown instanceof Refusal ? thrown.notedAs : said.problem.code;
  if (!DENIED.has(said.problem.status) && code === said.problem.code) return;
  access.noteDenied({ route: routeOf(request), actor: request.visitor?.principal.token ?? 'unknown', code });
}

/** The pattern of the route, never the path that was asked for. */
function routeOf(request: FastifyRequest): string {
  return request.is404 ? 'none' : `${request.method} ${request.routeOptions.url ?? ''}`;
}
