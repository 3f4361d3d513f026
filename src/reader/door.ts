/**
 * The reader's one door: HTTP over a Unix socket that only the user we run as can open, one verb, small limits. It says
 * what `open` answers and nothing of why a database or a ledger could not be asked.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { errorCode } from '../base/error.ts';
import type { Log } from '../base/log.ts';
import {
  MAX_OPEN_REQUEST_BYTES,
  MAX_OPENED_BYTES,
  OPEN_PATH,
  openRequest,
  type ReaderCode,
} from '../link/reader-door.ts';
import { listenPrivately } from '../link/unix-socket.ts';
import type { OpenedTranscript } from '../model/api/transcripts.ts';
import { ReaderError } from './error.ts';

export interface Door {
  /** Questions that are being answered. */
  readonly busy: number;
  close(): Promise<void>;
}

export interface DoorOptions {
  readonly socketPath: string;
  readonly log: Log;
  open(bearer: string, call: string): Promise<OpenedTranscript>;
  /** Called whenever somebody has been answered. */
  onAnswered(): void;
}

const MAX_AT_ONCE = 4;
const MAX_CONNECTIONS = 16;
/** In ms. Node.js looks whether they are kept only every 30 s unless told otherwise. */
const LIMITS = { headersTimeout: 2000, requestTimeout: 4000, connectionsCheckingInterval: 1000 };

const STATUS: Readonly<Record<ReaderCode, number>> = {
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  tampered: 409,
  wrong_key: 409,
  too_large: 413,
  unavailable: 503,
};

export async function openDoor(options: DoorOptions): Promise<Door> {
  let busy = 0;
  const server = createServer({ maxHeaderSize: 8192, ...LIMITS });
  server.maxConnections = MAX_CONNECTIONS;
  server.on('request', (request, response) => {
    busy += 1;
    void answer(options, { request, response, isBusy: busy > MAX_AT_ONCE }).finally(() => {
      busy -= 1;
      options.onAnswered();
    });
  });
  await listenPrivately(server, options.socketPath);
  return {
    get busy() {
      return busy;
    },
    close: () => closed(server),
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly isBusy: boolean;
}

/** Never rejects. */
async function answer(options: DoorOptions, { request, response, isBusy }: Exchange): Promise<void> {
  try {
    if (isBusy) throw new ReaderError('unavailable', 'the reader is busy');
    const { bearer, call } = await readQuestion(request);
    const body = Buffer.from(JSON.stringify(await options.open(bearer, call)), 'utf8');
    if (body.length > MAX_OPENED_BYTES) throw new ReaderError('too_large', 'the transcript is too long to be given');
    send(response, 200, body);
  } catch (thrown) {
    const refusal = thrown instanceof ReaderError ? thrown : undefined;
    const code = refusal?.code ?? 'unavailable';
    if (refusal === undefined) {
      options.log.warn({ error: thrown, code: errorCode(thrown) }, 'a transcript could not be opened');
    }
    const message = refusal?.message ?? 'it cannot be opened now';
    send(response, STATUS[code], Buffer.from(JSON.stringify({ code, message }), 'utf8'));
  }
}

function send(response: ServerResponse, status: number, body: Buffer): void {
  response.on('error', () => undefined);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': body.length,
    'cache-control': 'no-store',
    connection: 'close',
  });
  response.end(body);
}

/** Throws ReaderError for anything but the one question. */
async function readQuestion(request: IncomingMessage): Promise<{ readonly bearer: string; readonly call: string }> {
  if (request.method !== 'POST' || request.url !== OPEN_PATH) throw new ReaderError('not_found', 'no such question');
  const bearer = /^Bearer ([\x21-\x7e]{1,256})$/.exec(request.headers.authorization ?? '')?.[1];
  if (bearer === undefined) throw new ReaderError('unauthenticated', 'a bearer token is needed');
  const read = openRequest.safeParse(parse(await readBody(request)));
  if (!read.success) throw new ReaderError('not_found', 'the question is not one about a call');
  return { bearer, call: read.data.call };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    sizeBytes += part.length;
    if (sizeBytes > MAX_OPEN_REQUEST_BYTES) throw new ReaderError('too_large', 'the question is too long');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
