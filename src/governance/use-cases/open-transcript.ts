/**
 * Has a transcript opened by the reader process, which is started for it where it does not run. Only the question and
 * the answer pass through here: this process can neither open it nor say that somebody may.
 */

import { request } from 'node:http';
import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import { errorCode } from '../../base/error.ts';
import { MAX_OPENED_BYTES, OPEN_PATH, openAnswer, openRefusal, type ReaderCode } from '../../link/reader-door.ts';
import type { Principal } from '../../model/access.ts';
import type { OpenedTranscript } from '../../model/api/transcripts.ts';
import { can } from '../access/ability.ts';
import { AskError } from './administration.ts';

/** From the question to the answer, the start of the reader included. */
const LIMIT_MS = 10_000;
const RETRY_MS = 100;
const MAX_ASKING = 16;

interface Answer {
  readonly status: number;
  readonly body: string;
}

export class TranscriptOpener {
  readonly #socketPath: string;
  readonly #clock: Clock;
  #asking = 0;

  constructor(options: { readonly socketPath: string; readonly clock: Clock }) {
    this.#socketPath = options.socketPath;
    this.#clock = options.clock;
  }

  /** Whether somebody waits for the reader; the supervisor is told with the next heartbeat. */
  get isAsking(): boolean {
    return this.#asking > 0;
  }

  /** Throws FORBIDDEN, NOT_FOUND, CONFLICT where what is stored was changed, or READER_UNAVAILABLE. */
  async open(principal: Principal, bearer: string, call: string): Promise<OpenedTranscript> {
    // The reader asks again, and decides; but nobody who may not open anything has it started.
    if (!can(principal, 'open', 'Transcript')) throw new AskError('FORBIDDEN', 'this token may not open transcripts');
    if (this.#asking >= MAX_ASKING) throw new AskError('READER_UNAVAILABLE', 'too many transcripts are being opened');
    this.#asking += 1;
    const limit = new AbortController();
    const cancel = this.#clock.after(LIMIT_MS, () => limit.abort());
    try {
      return readAnswer(await this.#ask({ bearer, call, signal: limit.signal }));
    } finally {
      cancel();
      this.#asking -= 1;
    }
  }

  /** Knocks until somebody is there. A question that was heard is never asked again: it may be recorded already. */
  async #ask(question: Question): Promise<Answer> {
    for (;;) {
      try {
        return await ask(this.#socketPath, question);
      } catch (cause) {
        if (question.signal.aborted || !isNobodyThere(cause)) {
          throw new AskError('READER_UNAVAILABLE', 'the reader did not answer in time', { cause });
        }
      }
      await new Promise<void>((resolve) => {
        this.#clock.after(RETRY_MS, resolve);
      });
    }
  }
}

interface Question {
  readonly bearer: string;
  readonly call: string;
  readonly signal: AbortSignal;
}

function ask(socketPath: string, { bearer, call, signal }: Question): Promise<Answer> {
  const body = JSON.stringify({ call });
  const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: OPEN_PATH, method: 'POST', headers, signal }, (response) => {
      const parts: Buffer[] = [];
      let sizeBytes = 0;
      response.on('data', (part: Buffer) => {
        sizeBytes += part.length;
        parts.push(part);
        if (sizeBytes > MAX_OPENED_BYTES) response.destroy(new Error('the answer is too long'));
      });
      response.once('error', reject);
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8') }),
      );
    });
    asked.once('error', reject);
    asked.end(body);
  });
}

function isNobodyThere(thrown: unknown): boolean {
  return ['ENOENT', 'ECONNREFUSED'].includes(errorCode(thrown));
}

/** What the reader says is read like anybody else's word. */
function readAnswer({ status, body }: Answer): OpenedTranscript {
  if (status === 200) {
    const read = z.safeParse(openAnswer, parse(body));
    if (read.success) return read.data;
  }
  const refusal = openRefusal.safeParse(parse(body));
  if (!refusal.success) throw new AskError('READER_UNAVAILABLE', 'the reader gave no answer that can be read');
  throw new AskError(ASK_CODES[refusal.data.code], refusal.data.message);
}

const ASK_CODES: Readonly<Record<ReaderCode, AskError['code']>> = {
  // The API authenticated the same token a moment ago: it ended in between.
  unauthenticated: 'FORBIDDEN',
  forbidden: 'FORBIDDEN',
  not_found: 'NOT_FOUND',
  tampered: 'CONFLICT',
  wrong_key: 'READER_UNAVAILABLE',
  too_large: 'CONFLICT',
  unavailable: 'READER_UNAVAILABLE',
};

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
