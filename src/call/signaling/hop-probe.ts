/**
 * One question to one place whether it lives: an OPTIONS with a transaction of its own, from the first byte to the
 * verdict. It draws no conclusions; who asked is told once.
 */

import type { RandomBytes } from '../../base/ids.ts';
import { buildPing, provesLife } from '../../protocol/sip/options-ping.ts';
import { bracketed } from '../../protocol/sip/ip-address.ts';
import type { HopTarget } from '../../protocol/sip/loose-route.ts';
import type { SipResponse } from '../../protocol/sip/message.ts';
import { readRetryAfterS } from '../../protocol/sip/retry-after.ts';
import type { ClientEvent } from '../../protocol/sip/transaction/client-event.ts';
import { RequestClient } from '../../protocol/sip/transaction/request-client.ts';
import { isReliable, transportParam } from '../../protocol/sip/transport.ts';
import { MAGIC_COOKIE } from '../../protocol/sip/via.ts';
import type { Alarm, Deadlines } from './deadlines.ts';
import type { SipInterface } from './interfaces.ts';
import type { Reached } from './reach.ts';

export type ProbeResult =
  | { readonly kind: 'answered' }
  /** It lives, and says that it cannot serve. */
  | { readonly kind: 'refused'; readonly retryAfterS: number | undefined }
  | { readonly kind: 'silent' }
  | { readonly kind: 'unsent' };

export interface ProbeOptions {
  /** As configured: what is written into the request. */
  readonly hop: HopTarget;
  readonly egress: SipInterface;
  readonly reached: Reached;
  readonly random: RandomBytes;
  readonly deadlines: Deadlines;
  readonly patienceMs: number;
  readonly onResult: (result: ProbeResult) => void;
}

export class HopProbe {
  readonly branch: string;
  readonly #options: ProbeOptions;
  readonly #client: RequestClient;
  readonly #alarm: Alarm;
  #isDone = false;

  /** Sends at once. */
  constructor(options: ProbeOptions) {
    const { reached, random, deadlines, patienceMs } = options;
    const [branch, callId, tag] = [8, 12, 6].map((size) => Buffer.from(random(size)).toString('hex'));
    this.#options = options;
    this.branch = `${MAGIC_COOKIE}o${branch ?? ''}`;
    const bytes = this.#write(callId ?? '', tag ?? '');
    const nowMs = deadlines.nowMs();
    const reliable = isReliable(reached.port.transport);
    this.#client = new RequestClient({ request: bytes, nowMs, patienceMs, reliable });
    this.#alarm = deadlines.alarm((now) => this.#run(this.#client.wake(now)));
    deadlines.set(this.#alarm, this.#client.wakeAtMs);
    reached.port.send(bytes, reached.target, () => this.#finish({ kind: 'unsent' }));
  }

  /** A response with our branch arrived. A provisional one is no verdict. */
  receive(response: SipResponse): void {
    if (response.status < 200) return;
    if (provesLife(response.status)) this.#finish({ kind: 'answered' });
    else this.#finish({ kind: 'refused', retryAfterS: readRetryAfterS(response.head) });
  }

  /** Nobody wants to know any more. */
  forget(): void {
    this.#isDone = true;
    this.#options.deadlines.set(this.#alarm, Number.POSITIVE_INFINITY);
  }

  #run(events: readonly ClientEvent[]): void {
    const { reached, deadlines } = this.#options;
    deadlines.set(this.#alarm, this.#client.wakeAtMs);
    for (const event of events) {
      if (event.kind === 'send') reached.port.send(event.bytes, reached.target);
      else this.#finish({ kind: 'silent' });
    }
  }

  #finish(result: ProbeResult): void {
    if (this.#isDone) return;
    this.forget();
    this.#options.onResult(result);
  }

  #write(callId: string, tag: string): Buffer {
    const { hop, egress, reached } = this.#options;
    const { transport } = reached.port;
    const host = bracketed(hop.domain ?? hop.host);
    const target = hop.port === undefined ? host : `${host}:${hop.port}`;
    const sentBy = egress.sentByOf.get(reached.port) ?? egress.sentBy;
    const via = { transport, sentBy, branch: this.branch };
    return buildPing({ via, target, targetParams: transportParam(transport), callId, tag });
  }
}
