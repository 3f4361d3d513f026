/**
 * The API of a node, as the commands ask it: over its own socket or over TCP, with or without a token. Answers are read
 * by the schemas of the contract; no error says what the token is.
 */

import { once } from 'node:events';
import { request as overHttp, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as overHttps, type RequestOptions } from 'node:https';
import type { z } from 'zod';
import { errorCode } from '../base/error.ts';
import { ApiError } from './client/api-error.ts';
import { explainRefusal, readProblem } from './client/explain-problem.ts';
import { namePlace, type ApiPlace } from './client/place.ts';
import { splitLines } from './client/split-lines.ts';

export { ApiError } from './client/api-error.ts';

/** Values of query parameters; undefined ones are not sent, lists are repeated. */
export type ApiQuery = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface ApiToken {
  readonly secret: string;
  /** Where it came from, for messages. */
  readonly file: string;
}

export interface ApiClientOptions {
  readonly place: ApiPlace;
  readonly token?: ApiToken | undefined;
  /** PEM of the authority that signed the node's certificate; absent: those Node.js knows. */
  readonly ca?: string | undefined;
  /** How long the node may take to begin its answer. */
  readonly answerLimitMs?: number;
}

interface Asked {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Begins with `/v1/`, its parts already encoded. */
  readonly path: string;
  readonly query?: ApiQuery;
}

export interface ApiRequest<Schema extends z.ZodType> extends Asked {
  /** Sent as JSON; a Buffer as it is. */
  readonly body?: unknown;
  /** Name of the file that is sent, for problems in it. */
  readonly file?: string;
  readonly answer: Schema;
}

export interface ApiLines extends Asked {
  readonly signal?: AbortSignal;
  /** The node may be silent for as long as it likes. */
  readonly isEndless?: boolean;
}

const ANSWER_LIMIT_MS = 30_000;
/** Once it has begun, an answer may pause for so long. */
const PAUSE_LIMIT_MS = 30_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_PROBLEM_BYTES = 256 * 1024;
/** Entries are at most 4 KiB; an insight may be longer. */
const MAX_LINE_CHARS = 1024 * 1024;

export class ApiClient {
  readonly #options: ApiClientOptions;

  constructor(options: ApiClientOptions) {
    this.#options = options;
  }

  /** Where it asks, for messages. */
  get place(): string {
    return namePlace(this.#options.place);
  }

  /** Asks once. Throws `ApiError`. */
  async request<Schema extends z.ZodType>(asked: ApiRequest<Schema>): Promise<z.output<Schema>> {
    const response = await this.#send(asked, { body: encodeBody(asked.body), pauseLimitMs: PAUSE_LIMIT_MS });
    const text = await this.#readWhole(asked, response);
    if (!isSuccess(response)) throw this.#refusal(response, text, asked.file);
    const read = asked.answer.safeParse(parseJson(text));
    if (read.success) return read.data;
    throw new ApiError(
      'BROKEN',
      `the answer of ${this.place} to ${name(asked)} is not what this version of earshot reads: is the node of another?`,
    );
  }

  /** Each line of an answer as it was sent, until it ends or `signal` aborts. Throws `ApiError`, also midway. */
  async *rawLines(asked: ApiLines): AsyncGenerator<string> {
    const isAborted = (): boolean => asked.signal?.aborted === true;
    if (isAborted()) return;
    let response: IncomingMessage | undefined;
    try {
      response = await this.#send(asked, { pauseLimitMs: asked.isEndless === true ? 0 : PAUSE_LIMIT_MS });
      if (isSuccess(response)) yield* splitLines(response, MAX_LINE_CHARS);
      else throw this.#refusal(response, await readText(response, MAX_PROBLEM_BYTES), undefined);
    } catch (cause) {
      if (isAborted()) return;
      throw cause instanceof ApiError ? cause : this.#broken(asked, cause);
    } finally {
      response?.destroy();
    }
  }

  /** The same, each line as a value. */
  async *lines(asked: ApiLines): AsyncGenerator {
    for await (const line of this.rawLines(asked)) {
      const value = parseJson(line);
      if (value === undefined) throw this.#broken(asked, new SyntaxError('not JSON'));
      yield value;
    }
  }

  async #send(
    asked: Asked & { readonly signal?: AbortSignal },
    { body, pauseLimitMs }: { readonly body?: Body | undefined; readonly pauseLimitMs: number },
  ): Promise<IncomingMessage> {
    const sent = this.#open(asked, body, asked.signal);
    const limitMs = this.#options.answerLimitMs ?? ANSWER_LIMIT_MS;
    sent.setTimeout(limitMs, () => sent.destroy(new Error('no answer in time')));
    // Errors after the answer began are the answer's; here nobody listens to them any more.
    sent.on('error', () => undefined);
    sent.end(body?.bytes);
    try {
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      sent.setTimeout(pauseLimitMs);
      return response;
    } catch (cause) {
      throw this.#unreachable(cause, limitMs);
    }
  }

  #open(asked: Asked, body: Body | undefined, signal: AbortSignal | undefined): ClientRequest {
    const { place, token, ca } = this.#options;
    const options: RequestOptions = {
      method: asked.method ?? 'GET',
      path: asked.path + queryString(asked.query),
      agent: false,
      headers: {
        accept: 'application/json, application/x-ndjson, application/problem+json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token.secret}` }),
        ...(body === undefined ? {} : { 'content-type': body.type, 'content-length': body.bytes.length }),
      },
      ...(signal === undefined ? {} : { signal }),
    };
    if (place.kind === 'socket') return overHttp({ ...options, socketPath: place.path });
    const at = { ...options, host: place.host, port: place.port };
    return place.kind === 'http' ? overHttp(at) : overHttps({ ...at, ...(ca === undefined ? {} : { ca }) });
  }

  async #readWhole(asked: Asked, response: IncomingMessage): Promise<string> {
    try {
      return await readText(response, MAX_ANSWER_BYTES);
    } catch (cause) {
      throw this.#broken(asked, cause);
    } finally {
      response.destroy();
    }
  }

  #refusal(response: IncomingMessage, body: string, file: string | undefined): ApiError {
    const status = response.statusCode ?? 0;
    const problem = readProblem(body);
    const retryAfter = Number(response.headers['retry-after']);
    const retryAfterS = Number.isInteger(retryAfter) ? retryAfter : undefined;
    const { token } = this.#options;
    const text = explainRefusal({ status, problem, retryAfterS }, { tokenFile: token?.file, file });
    // Whoever answered was sent the token and may say it back.
    const message = token === undefined ? text : text.replaceAll(token.secret, '[token]');
    return new ApiError('REFUSED', message, { status, problem: problem?.code });
  }

  #broken(asked: Asked, cause: unknown): ApiError {
    return new ApiError('BROKEN', `the answer to ${name(asked)} broke off (${errorCode(cause)})`, { cause });
  }

  #unreachable(cause: unknown, limitMs: number): ApiError {
    const code = errorCode(cause);
    const why = WHY_UNREACHABLE.get(code) ?? (code === 'Error' ? `no answer in ${limitMs / 1000} s` : code);
    return new ApiError('NOT_RUNNING', `no Earshot answers at ${this.place} (${why})`, { cause });
  }
}

/** What a person can do something about, in words. */
const WHY_UNREACHABLE: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no socket: is the node running, and is this its configuration?'],
  ['EACCES', 'the socket belongs to another user: run this as the user the node runs as'],
  ['ECONNREFUSED', 'nobody listens there'],
  ['ENOTFOUND', 'no such host'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'its certificate is of an unknown authority: name it in EARSHOT_CA_FILE'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate signs itself: name it in EARSHOT_CA_FILE'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'its certificate is of an unknown authority: name it in EARSHOT_CA_FILE'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'its certificate is of an unknown authority: name it in EARSHOT_CA_FILE'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another name'],
  ['CERT_HAS_EXPIRED', 'its certificate has expired'],
]);

interface Body {
  readonly type: string;
  readonly bytes: Buffer;
}

function encodeBody(body: unknown): Body | undefined {
  if (body === undefined) return undefined;
  if (Buffer.isBuffer(body)) return { type: 'application/octet-stream', bytes: body };
  return { type: 'application/json', bytes: Buffer.from(JSON.stringify(body)) };
}

function queryString(query: ApiQuery = {}): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    const values = Array.isArray(value) ? value : value === undefined ? [] : [value];
    for (const one of values) params.append(key, String(one));
  }
  return params.size === 0 ? '' : `?${params.toString()}`;
}

async function readText(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw new RangeError('larger than an answer may be');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isSuccess({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300;
}

function name({ method = 'GET', path }: Asked): string {
  return `${method} ${path}`;
}
