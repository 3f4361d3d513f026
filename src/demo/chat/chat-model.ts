/**
 * A scripted model behind an OpenAI-compatible `/v1/chat/completions`, on loopback only. It keeps every request so that
 * a test can look for what must not be there, and it can misbehave in the ways a real one does.
 */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { sendAnswer, type Behaviour } from './answer.ts';
import { suggestAnswer } from './suggest.ts';

export type { Behaviour } from './answer.ts';

export interface ChatModelOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly behaviour?: Behaviour | undefined;
}

/** One request as it came: its body as text, whole, whatever was in it. */
export interface ChatRequest {
  readonly atMs: number;
  readonly authorization: string | undefined;
  readonly body: string;
}

export interface ChatModel {
  /** `http://127.0.0.1:PORT/v1`. */
  readonly baseUrl: string;
  /** `http://127.0.0.1:PORT/v1/chat/completions`. */
  readonly url: string;
  readonly requests: readonly ChatRequest[];
  /** Changes how the next requests are answered. */
  behave(behaviour: Behaviour): void;
  stop(): Promise<void>;
}

const PATH = '/v1/chat/completions';
const MAX_BODY_BYTES = 256 * 1024;
const MAX_REQUESTS_KEPT = 10_000;

const chatBody = z.object({
  model: z.string().max(256).optional(),
  stream: z.boolean().default(false),
  messages: z
    .array(z.object({ role: z.string().max(32), content: z.string() }))
    .min(1)
    .max(256),
});

export async function startChatModel(options: ChatModelOptions): Promise<ChatModel> {
  const { clock, log } = options;
  const requests: ChatRequest[] = [];
  let behaviour = options.behaviour ?? 'answer';

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.url !== PATH) {
      refuse(response, 404, 'not_found');
      return;
    }
    if (request.method !== 'POST') {
      refuse(response, 405, 'method_not_allowed');
      return;
    }
    const body = await readBody(request);
    if (body === undefined) {
      refuse(response, 413, 'too_large');
      return;
    }
    const authorization = request.headers.authorization;
    if (requests.length < MAX_REQUESTS_KEPT) requests.push({ atMs: clock.wallMs(), authorization, body });
    const read = chatBody.safeParse(parseJson(body));
    if (!read.success) {
      refuse(response, 400, 'invalid_request_error');
      return;
    }
    const said = read.data.messages.findLast((message) => message.role === 'user')?.content ?? '';
    sendAnswer(response, { behaviour, text: suggestAnswer(said), isStream: read.data.stream, clock });
  };

  const server = createServer((request, response) => {
    serve(request, response).catch(() => {
      log.warn({}, 'a request to the chat model broke off');
      response.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const baseUrl = `http://127.0.0.1:${port}/v1`;

  return {
    baseUrl,
    url: `${baseUrl}/chat/completions`,
    requests,
    behave: (next) => {
      behaviour = next;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function refuse(response: ServerResponse, status: number, type: string): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify({ error: { message: type, type } }));
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk as Uint8Array);
    sizeBytes += bytes.length;
    if (sizeBytes > MAX_BODY_BYTES) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
