/**
 * One connection to a peer, whoever opened it: what waits until it is open, what it was last heard saying, and when it
 * has to go. It reads no SIP and opens nothing; sockets are behind its channel, the table owns its life.
 */

import type { Channel } from './channel.ts';
import type { Remote, TransportEvent } from './sip-port.ts';
import type { TransportLimits } from './transport-limits.ts';

export interface ConnectionOptions {
  /** Random: it is a peer's flow, and a flow that nobody was told cannot be guessed. */
  readonly id: string;
  readonly remote: Remote;
  readonly openedBy: 'us' | 'peer';
  /** The name we meant to reach, where it matters. */
  readonly domain: string | undefined;
  readonly nowMs: number;
  readonly limits: TransportLimits;
  readonly onEvent: (event: TransportEvent) => void;
  /** Closes what stands under a connection that never opened. */
  readonly abort: () => void;
}

/** More than is ever sent to a peer that says nothing; beyond, timers find out. */
const MAX_UNHEARD = 1024;

/** Of a TLS peer whose certificate was verified: whether it speaks for that name or address. */
export type SpeaksFor = (domain: string) => boolean;

export class Connection {
  readonly id: string;
  readonly remote: Remote;
  readonly openedBy: 'us' | 'peer';
  readonly domain: string | undefined;
  speaksFor: SpeaksFor | undefined;
  readonly #options: ConnectionOptions;
  #channel: Channel | undefined;
  #waiting: { readonly bytes: Buffer; readonly onFailed: (() => void) | undefined }[] = [];
  #waitingBytes = 0;
  /** Who wants to know if what was sent since the peer was last heard is lost with the connection. */
  #unheard: (() => void)[] = [];
  #state: 'opening' | 'open' | 'ending' | 'closed' = 'opening';
  #heardAtMs: number;
  #usedAtMs: number;
  #askedAtMs = 0;
  #endingSinceMs = 0;
  #hasSpoken = false;
  #partialSinceMs: number | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.id = options.id;
    this.remote = options.remote;
    this.openedBy = options.openedBy;
    this.domain = options.domain;
    this.#heardAtMs = options.nowMs;
    this.#usedAtMs = options.nowMs;
  }

  /** Whether something can be sent on it, now or once it is open. */
  get isUsable(): boolean {
    return this.#state === 'opening' || this.#state === 'open';
  }

  get isOpening(): boolean {
    return this.#state === 'opening';
  }

  /** It is open: what waited goes first. */
  open(channel: Channel, nowMs: number): void {
    if (this.#state !== 'opening') {
      channel.destroy();
      return;
    }
    this.#channel = channel;
    this.#state = 'open';
    this.#heardAtMs = nowMs;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (const { bytes, onFailed } of waiting) this.send(bytes, onFailed, nowMs);
  }

  send(bytes: Buffer, onFailed: (() => void) | undefined, nowMs: number): void {
    const queuedBytes = this.#channel?.queuedBytes ?? this.#waitingBytes;
    if (!this.isUsable || queuedBytes + bytes.length > this.#options.limits.maxQueuedBytes) {
      if (this.#state === 'open') this.#drop('slow_reader');
      if (onFailed) setImmediate(onFailed);
      return;
    }
    this.#usedAtMs = nowMs;
    if (this.#channel) {
      this.#channel.write(bytes);
      if (onFailed && this.#unheard.push(onFailed) > MAX_UNHEARD) this.#unheard.shift();
    } else {
      this.#waiting.push({ bytes, onFailed });
      this.#waitingBytes += bytes.length;
    }
  }

  /** Bytes came. */
  heard(nowMs: number): void {
    this.#heardAtMs = nowMs;
    if (this.#unheard.length > 0) this.#unheard = [];
  }

  /** A whole message came. */
  spoke(): void {
    this.#hasSpoken = true;
    this.#partialSinceMs = undefined;
  }

  /** Whether a message has begun and not ended. Its time runs from its first byte, however slowly the rest drips. */
  partial(isMidMessage: boolean, nowMs: number): void {
    this.#partialSinceMs = isMidMessage ? (this.#partialSinceMs ?? nowMs) : undefined;
  }

  /** Nothing more is read; what is queued still goes. */
  end(event: TransportEvent, nowMs: number): void {
    if (!this.isUsable) return;
    if (!this.#channel) {
      this.#drop(event);
      return;
    }
    this.#options.onEvent(event);
    this.#state = 'ending';
    this.#endingSinceMs = nowMs;
    this.#channel.end();
  }

  /** The socket under it is gone. */
  closed(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    // A server that is gone, or that refuses our certificate under TLS 1.3, takes bytes and hangs up without a word.
    const losers = [...this.#unheard, ...this.#waiting.map(({ onFailed }) => onFailed)];
    this.#unheard = [];
    this.#waiting = [];
    for (const onFailed of losers) if (onFailed) setImmediate(onFailed);
  }

  destroy(): void {
    if (this.#channel) this.#channel.destroy();
    else this.#options.abort();
    this.closed();
  }

  /** Closes it when its time has come. To be called every now and then. */
  sweep(nowMs: number): void {
    if (this.#state === 'closed') return;
    const reason = this.#reasonToGo(nowMs);
    if (reason) this.#drop(reason);
    else if (this.#state === 'ending' && nowMs - this.#endingSinceMs >= this.#options.limits.lingerMs) this.destroy();
    else this.#askIfQuiet(nowMs);
  }

  #reasonToGo(nowMs: number): TransportEvent | undefined {
    const { limits, nowMs: bornAtMs } = this.#options;
    const isOurs = this.openedBy === 'us';
    if (this.isOpening && isOurs) return nowMs - bornAtMs >= limits.connectMs ? 'connect_timeout' : undefined;
    if (!isOurs && !this.#hasSpoken && nowMs - bornAtMs >= limits.halfOpenMs) return 'half_open';
    if (this.#state !== 'open') return undefined;
    const since = this.#partialSinceMs;
    if (since !== undefined && nowMs - since >= limits.messageMs) return 'slow_message';
    const quietMs = nowMs - Math.max(this.#heardAtMs, this.#usedAtMs);
    return quietMs >= limits.idleMs ? 'idle' : undefined;
  }

  #askIfQuiet(nowMs: number): void {
    const { askEveryMs } = this.#options.limits;
    if (this.#state !== 'open' || !this.#channel?.canAsk) return;
    const quietMs = nowMs - this.#heardAtMs;
    if (quietMs >= 3 * askEveryMs) {
      this.#drop('dead_peer');
    } else if (quietMs >= askEveryMs && nowMs - this.#askedAtMs >= askEveryMs) {
      this.#askedAtMs = nowMs;
      this.#channel.ask();
    }
  }

  #drop(event: TransportEvent): void {
    this.#options.onEvent(event);
    this.destroy();
  }
}
