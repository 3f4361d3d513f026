/**
 * A text processor behind an OpenAI-compatible `/v1/chat/completions`, streamed. Every wait has a deadline, every size
 * a limit, no redirect is followed, and whatever happens is an outcome: nothing here throws or repeats a request.
 */

import { Agent, type Dispatcher } from 'undici';
import type { Clock } from '../base/clock.ts';
import { completionsUrl, writeRequest } from './chat-completion.ts';
import { CountedBody } from './counted-body.ts';
import type { InferOutcome, ProcessorEndpoint, TextProcessor } from './processor.ts';
import { RequestAttempt } from './request-attempt.ts';
import { RequestSlots } from './request-slots.ts';
import { StreamedAnswer, type AnswerOutcome } from './streamed-answer.ts';

export interface ChatLimits {
  /** From asking for a connection to the request being written. */
  readonly connectMs: number;
  /** From the request being written to the first byte of the answer's text. */
  readonly firstByteMs: number;
  /** Between two reads of the answer. */
  readonly idleMs: number;
  /** From `infer` to its outcome, waiting for a slot included. */
  readonly totalMs: number;
  readonly maxRequestBytes: number;
  readonly maxResponseBytes: number;
  readonly concurrency: number;
  readonly queue: number;
}

export const CHAT_LIMITS: ChatLimits = {
  connectMs: 2000,
  firstByteMs: 8000,
  idleMs: 4000,
  totalMs: 15_000,
  maxRequestBytes: 256 * 1024,
  maxResponseBytes: 512 * 1024,
  concurrency: 4,
  queue: 16,
};

const MAX_HEADER_BYTES = 16 * 1024;

export class OpenAiChat implements TextProcessor {
  readonly #endpoint: ProcessorEndpoint;
  readonly #clock: Clock;
  readonly #limits: ChatLimits;
  readonly #url: URL;
  readonly #slots: RequestSlots;
  readonly #agent: Agent;
  #isClosed = false;

  constructor(endpoint: ProcessorEndpoint, clock: Clock, limits: ChatLimits = CHAT_LIMITS) {
    this.#endpoint = endpoint;
    this.#clock = clock;
    this.#limits = limits;
    this.#url = completionsUrl(endpoint.url);
    this.#slots = new RequestSlots(limits);
    this.#agent = new Agent({
      connections: limits.concurrency,
      pipelining: 1,
      maxHeaderSize: MAX_HEADER_BYTES,
      connect: { timeout: limits.connectMs },
      // Our own deadlines are shorter and follow our own clock.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  async infer(
    turns: readonly { readonly role: string; readonly text: string }[],
    options: { readonly signal: AbortSignal },
  ): Promise<InferOutcome> {
    if (this.#isClosed) return { kind: 'unavailable', sentBytes: 0 };
    const attempt = new RequestAttempt(this.#clock, options.signal);
    attempt.limit('total', this.#limits.totalMs);
    try {
      const slot = await this.#slots.take(attempt.signal);
      if (slot === 'full') return { kind: 'unavailable', sentBytes: 0, untried: true };
      if (slot === 'gone') return { kind: attempt.whyEnded ?? 'cancelled', sentBytes: 0 };
      try {
        return await this.#request(turns, attempt);
      } finally {
        this.#slots.release();
      }
    } finally {
      attempt.finish();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#agent.destroy();
  }

  async #request(turns: readonly { role: string; text: string }[], attempt: RequestAttempt): Promise<InferOutcome> {
    const bytes = writeRequest(this.#endpoint, turns);
    if (bytes.length > this.#limits.maxRequestBytes) return { kind: 'oversize', sentBytes: 0 };
    attempt.limit('phase', this.#limits.connectMs);
    const body = new CountedBody(bytes, () => attempt.limit('phase', this.#limits.firstByteMs));
    try {
      const pending = this.#agent.request({
        origin: this.#url.origin,
        path: this.#url.pathname + this.#url.search,
        method: 'POST',
        headers: this.#headers(bytes.length),
        body: body.stream,
        signal: attempt.signal,
      });
      const response = await attempt.untilEnded(pending);
      return { ...(await this.#readResponse(response, attempt)), sentBytes: body.sentBytes };
    } catch {
      // A connection that comes about after all finds nothing to send.
      body.stream.destroy();
      // Refused, reset, cut off, or ended by us: what was being waited for says which.
      const kind = attempt.whyEnded ?? (body.sentBytes === 0 || this.#isClosed ? 'unavailable' : 'failed');
      return { kind, sentBytes: body.sentBytes };
    }
  }

  #headers(contentLength: number): Record<string, string> {
    const { credential } = this.#endpoint;
    return {
      'content-type': 'application/json',
      'content-length': String(contentLength),
      accept: 'text/event-stream',
      ...(credential === undefined ? {} : { authorization: `Bearer ${credential}` }),
    };
  }

  async #readResponse(response: Dispatcher.ResponseData, attempt: RequestAttempt): Promise<AnswerOutcome> {
    const refused = failureOf(response.statusCode);
    const isStream = String(response.headers['content-type'] ?? '').startsWith('text/event-stream');
    if (refused !== undefined || !isStream) {
      // Not a byte of an error page is of use; the connection is not worth saving for it.
      response.body.on('error', () => undefined).destroy();
      return { kind: refused ?? 'failed' };
    }
    const answer = new StreamedAnswer(this.#limits.maxResponseBytes);
    for await (const bytes of response.body) {
      const outcome = answer.take(bytes as Uint8Array);
      if (outcome) return outcome;
      if (answer.hasText) attempt.limit('phase', this.#limits.idleMs);
    }
    return answer.end();
  }
}

/** What a status means for the request; undefined when an answer follows. A redirect is an answer we do not follow. */
function failureOf(status: number): Exclude<AnswerOutcome['kind'], 'answered'> | undefined {
  if (status === 200) return undefined;
  if (status === 408 || status === 429 || status === 502 || status === 503 || status === 504) return 'unavailable';
  return status >= 400 && status < 500 ? 'refused' : 'failed';
}
