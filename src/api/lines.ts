/**
 * Answers that are one JSON object to a line, for as long as somebody reads them. Nothing is made before it is wanted;
 * whoever goes away, stalls, or may not read any more ends it.
 */

import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../base/clock.ts';
import { errorCode } from '../base/error.ts';
import type { Log } from '../base/log.ts';
import type { AccessVerbs } from '../governance/use-cases/administration.ts';
import { LIMITS } from './limits.ts';
import { Refusal } from './refusal.ts';
import { visitorOf, type Visitor } from './route-access.ts';

export const LINES_TYPE = 'application/x-ndjson; charset=utf-8';

export interface LinesOptions {
  readonly access: Pick<AccessVerbs, 'authenticate'>;
  readonly clock: Clock;
  readonly log: Log;
}

export class Lines {
  readonly #options: LinesOptions;
  readonly #open = new Map<string, number>();
  #total = 0;

  constructor(options: LinesOptions) {
    this.#options = options;
  }

  /**
   * Sends what `begin` gives; its signal aborts when nobody reads any more, or may. Rejects with what `begin` rejects
   * with, before the first byte, or with TOO_MANY_STREAMS.
   */
  async send(
    request: FastifyRequest,
    reply: FastifyReply,
    begin: (signal: AbortSignal) => Promise<AsyncIterable<unknown>>,
  ): Promise<void> {
    if (reply.raw.destroyed) {
      // Gone while it was asked who he is: nobody will tell us once more, and he would keep his place for ever.
      void reply.hijack();
      return;
    }
    const visitor = visitorOf(request);
    const leave = this.#enter(visitor.principal.token);
    const end = new AbortController();
    const cancel = this.#options.clock.every(LIMITS.recheckMs, () => void this.#recheck(visitor, end));
    const finish = (): void => {
      cancel();
      leave();
      end.abort();
    };
    reply.raw.once('close', finish);
    try {
      const items = await begin(end.signal);
      reply.raw.setTimeout(LIMITS.stalledMs, () => this.#onQuiet(reply));
      void reply.type(LINES_TYPE).send(Readable.from(this.#encode(items, end.signal)));
      // Whoever asks is told that he is let in before there is anything to say.
      reply.raw.flushHeaders();
    } catch (error) {
      reply.raw.off('close', finish);
      finish();
      throw error;
    }
  }

  async *#encode(items: AsyncIterable<unknown>, signal: AbortSignal): AsyncGenerator<string> {
    try {
      for await (const item of items) {
        if (signal.aborted) break;
        yield `${JSON.stringify(item)}\n`;
      }
    } catch (error) {
      this.#options.log.warn({ error, code: errorCode(error) }, 'an answer in lines broke off');
      throw error;
    }
    // Whoever is cut off must not take what he has for the whole.
    if (signal.aborted) throw new Refusal('TOKEN_REFUSED', 'the token is not valid any more');
  }

  /** Quiet because there was nothing to say, or because what was said is not being taken. */
  #onQuiet(reply: FastifyReply): void {
    if (reply.raw.writableLength > 0) reply.raw.destroy();
  }

  /** A token that ended meanwhile ends what is read with it; a database that is away does not, until it expires. */
  async #recheck({ bearer, expiresMs }: Visitor, end: AbortController): Promise<void> {
    if (expiresMs !== undefined && this.#options.clock.wallMs() >= expiresMs) {
      end.abort();
      return;
    }
    if (bearer === undefined) return;
    try {
      if ((await this.#options.access.authenticate(bearer)) === undefined) end.abort();
    } catch (error) {
      this.#options.log.debug({ code: errorCode(error) }, 'a token could not be asked about again');
    }
  }

  #enter(token: string): () => void {
    const mine = this.#open.get(token) ?? 0;
    if (this.#total >= LIMITS.streams || mine >= LIMITS.streamsAToken) {
      throw new Refusal('TOO_MANY_STREAMS', 'too many such answers are being read already');
    }
    this.#total += 1;
    this.#open.set(token, mine + 1);
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      this.#total -= 1;
      const left = (this.#open.get(token) ?? 1) - 1;
      if (left === 0) this.#open.delete(token);
      else this.#open.set(token, left);
    };
  }
}
