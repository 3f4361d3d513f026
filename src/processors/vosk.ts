/**
 * The vosk-server WebSocket protocol: a configuration, then PCM, one JSON reply per message. Replies are counted, so
 * that a slow recogniser is felt and one that says more than it was asked is cut off. Its text is passed on, not kept.
 */

import { WebSocket, type RawData } from 'ws';
import type { Cancel, Clock } from '../base/clock.ts';
import type { AudioConnection, AudioHandlers, ConnectionEnd, OpenAudio, ProcessorEndpoint } from './processor.ts';
import { readVoskReply } from './vosk-reply.ts';
import { VoskUtterance } from './vosk-utterance.ts';

export interface VoskLimits {
  /** From dialling to the WebSocket being open. */
  readonly handshakeMs: number;
  /** Between a message and its reply; also for last results after `finish`. */
  readonly replyMs: number;
  readonly finishMs: number;
  /** Audio sent and not yet answered, in ms. */
  readonly maxUnansweredMs: number;
  readonly maxUnanswered: number;
  /** Bytes the socket has taken and not yet written. */
  readonly maxQueuedBytes: number;
  readonly maxReplyBytes: number;
  /** Of replies, per second of audio answered; at once no more than one largest reply. */
  readonly replyBytesPerSecond: number;
}

export const VOSK_LIMITS: VoskLimits = {
  handshakeMs: 5000,
  replyMs: 15_000,
  finishMs: 10_000,
  maxUnansweredMs: 5000,
  maxUnanswered: 512,
  maxQueuedBytes: 256 * 1024,
  maxReplyBytes: 256 * 1024,
  // A minute without a pause, told again with every message of 20 ms, is half of it.
  replyBytesPerSecond: 128 * 1024,
};

/** The server compares this text as it stands, spaces included. */
const END_OF_AUDIO = '{"eof" : 1}';
const BYTES_PER_SAMPLE = 2;

/** Opens vosk connections that keep time by `clock`. */
export function voskProtocol(clock: Clock, limits: VoskLimits = VOSK_LIMITS): OpenAudio {
  return (endpoint, handlers) => new VoskConnection(endpoint, handlers, clock, limits);
}

class VoskConnection implements AudioConnection {
  readonly #endpoint: ProcessorEndpoint;
  readonly #handlers: AudioHandlers;
  readonly #clock: Clock;
  readonly #limits: VoskLimits;
  readonly #socket: WebSocket | undefined;
  readonly #utterance: VoskUtterance;
  /** Ms of audio in each message not yet answered, oldest first; 0 for the end-of-audio message. */
  readonly #unanswered: number[] = [];
  #unansweredMs = 0;
  #queuedBytes = 0;
  /** Bytes of replies that are still taken; reading them costs the time of every other stream. */
  #replyBytes: number;
  #isOpen = false;
  #isFinishing = false;
  #isEnded = false;
  #cancelDeadline: Cancel = () => undefined;

  constructor(endpoint: ProcessorEndpoint, handlers: AudioHandlers, clock: Clock, limits: VoskLimits) {
    this.#endpoint = endpoint;
    this.#handlers = handlers;
    this.#clock = clock;
    this.#limits = limits;
    this.#utterance = new VoskUtterance();
    this.#replyBytes = limits.maxReplyBytes;
    this.#socket = dial(endpoint, limits);
    if (!this.#socket) {
      queueMicrotask(() => this.#end('refused'));
      return;
    }
    this.#await(limits.handshakeMs);
    this.#socket.on('open', () => this.#onOpen());
    this.#socket.on('message', (reply, isBinary) => this.#onReply(reply, isBinary));
    this.#socket.on('error', (error) => this.#end(this.#isOpen ? whyBroken(error) : 'refused'));
    this.#socket.on('close', () => this.#end('closed'));
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  sendAudio(pcm: Uint8Array): number {
    // Some servers take an empty frame for the end of the audio.
    if (!this.#socket || !this.#isOpen || this.#isFinishing || pcm.length === 0 || this.#isFull(pcm.length)) return 0;
    // A closing socket would swallow the bytes, and they would count as sent.
    if (this.#socket.readyState !== WebSocket.OPEN) return 0;
    this.#queuedBytes += pcm.length;
    this.#socket.send(pcm, { binary: true }, () => (this.#queuedBytes -= pcm.length));
    this.#expectReply((pcm.length * 1000) / (this.#endpoint.sampleRateHz * BYTES_PER_SAMPLE));
    return pcm.length;
  }

  finish(): void {
    if (this.#isFinishing || this.#isEnded) return;
    if (!this.#isOpen) {
      this.abort();
      return;
    }
    this.#isFinishing = true;
    this.#socket?.send(END_OF_AUDIO);
    this.#expectReply(0);
    this.#await(this.#limits.finishMs);
  }

  abort(): void {
    this.#end('closed');
  }

  #onOpen(): void {
    if (this.#isEnded) return;
    this.#isOpen = true;
    this.#cancelDeadline();
    this.#socket?.send(JSON.stringify({ config: { sample_rate: this.#endpoint.sampleRateHz, words: true } }));
    this.#handlers.onOpen();
  }

  #onReply(reply: RawData, isBinary: boolean): void {
    if (this.#isEnded) return;
    const answeredMs = this.#unanswered.shift();
    if (!this.#affords(reply, answeredMs ?? 0)) {
      this.#end('overflow');
      return;
    }
    const read = isBinary ? undefined : readVoskReply(reply);
    if (answeredMs === undefined || !read) {
      this.#end('malformed');
      return;
    }
    this.#unansweredMs -= answeredMs;
    if (!this.#isFinishing) this.#awaitReply();
    const recognition = this.#utterance.hear(read, answeredMs);
    if (recognition) this.#handlers.onRecognition(recognition);
    if (this.#isFinishing && this.#unanswered.length === 0) this.#end('closed');
  }

  /** Whether what was answered is worth that much of a reply. */
  #affords(reply: RawData, answeredMs: number): boolean {
    const { maxReplyBytes, replyBytesPerSecond } = this.#limits;
    const earned = (answeredMs * replyBytesPerSecond) / 1000;
    this.#replyBytes = Math.min(maxReplyBytes, this.#replyBytes + earned) - sizeOf(reply);
    return this.#replyBytes >= 0;
  }

  #isFull(moreBytes: number): boolean {
    return (
      this.#unansweredMs >= this.#limits.maxUnansweredMs ||
      this.#unanswered.length >= this.#limits.maxUnanswered ||
      this.#queuedBytes + moreBytes > this.#limits.maxQueuedBytes
    );
  }

  #expectReply(audioMs: number): void {
    this.#unanswered.push(audioMs);
    this.#unansweredMs += audioMs;
    if (this.#unanswered.length === 1) this.#awaitReply();
  }

  /** The oldest unanswered message has its deadline; with none, nothing is awaited. */
  #awaitReply(): void {
    if (this.#unanswered.length === 0) this.#cancelDeadline();
    else this.#await(this.#limits.replyMs);
  }

  #await(deadlineMs: number): void {
    this.#cancelDeadline();
    this.#cancelDeadline = this.#clock.after(deadlineMs, () => this.#end('deadline'));
  }

  #end(reason: ConnectionEnd): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#isOpen = false;
    this.#cancelDeadline();
    this.#socket?.terminate();
    this.#handlers.onEnd(reason);
  }
}

/** Undefined when the address itself is not one. */
function dial(endpoint: ProcessorEndpoint, limits: VoskLimits): WebSocket | undefined {
  try {
    return new WebSocket(endpoint.url, {
      perMessageDeflate: false,
      followRedirects: false,
      maxPayload: limits.maxReplyBytes,
      headers: endpoint.credential === undefined ? {} : { authorization: `Bearer ${endpoint.credential}` },
    });
  } catch {
    return undefined;
  }
}

function sizeOf(reply: RawData): number {
  return Array.isArray(reply) ? reply.reduce((sum, { byteLength }) => sum + byteLength, 0) : reply.byteLength;
}

/** The package marks what breaks the protocol by codes of its own. */
function whyBroken(error: Error): ConnectionEnd {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return 'overflow';
  return code.startsWith('WS_ERR_') ? 'malformed' : 'error';
}
