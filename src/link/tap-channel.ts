/**
 * The tap socket from a media worker to its one reader. The writing side never waits and never grows: media frames past
 * the limit are lost oldest first, counted, and told to the reader in their place; begins and ends are never lost.
 */

import type { Duplex } from 'node:stream';
import type { TapId } from '../base/ids.ts';
import { BoundedQueue } from '../base/queue.ts';
import { encodeFrame, FrameReader } from './frame.ts';
import { decodeTapFrame, encodeTapFrame, MAX_TAP_FRAME_BYTES, type TapFrame } from './tap-frame.ts';

const MAX_MEDIA_FRAMES = 2048;
const MAX_MEDIA_BYTES = 2 * 1024 * 1024;
/** Begins and ends waiting at once. A reader this far behind is dead; it is disconnected, and its taps end. */
const MAX_MARKS = 8192;

interface Waiting {
  readonly tap: TapId;
  /** Place in the order of sending, over both queues. */
  readonly order: number;
  readonly bytes: Buffer;
  readonly kind: TapFrame['kind'];
  readonly arrivalUs: number;
}

interface Loss {
  untold: number;
  total: number;
  fromUs: number;
  toUs: number;
}

export interface TapWriterOptions {
  /** The reader is gone or was replaced, or was too slow for marks: every tap it had is over. */
  readonly onReaderGone: () => void;
  /** Runs `task` soon, once what the thread is doing now is done; frames of one turn then leave in one write. */
  readonly soon?: (task: () => void) => void;
}

export class TapWriter {
  readonly #onReaderGone: () => void;
  readonly #soon: (task: () => void) => void;
  readonly #media = new BoundedQueue<Waiting>({ capacity: MAX_MEDIA_FRAMES, onFull: 'drop-oldest' });
  readonly #marks = new BoundedQueue<Waiting>({ capacity: MAX_MARKS, onFull: 'refuse' });
  readonly #losses = new Map<TapId, Loss>();
  readonly #pumpNow: () => void;
  #mediaBytes = 0;
  #order = 0;
  #isPumpDue = false;
  #socket: Duplex | undefined;

  constructor({ onReaderGone, soon }: TapWriterOptions) {
    this.#onReaderGone = onReaderGone;
    this.#soon = soon ?? ((task) => void setImmediate(task));
    this.#pumpNow = () => {
      this.#isPumpDue = false;
      this.#pump();
    };
  }

  get hasReader(): boolean {
    return this.#socket !== undefined;
  }

  /** Makes `socket` the reader; an earlier one is disconnected. What a reader says is ignored. */
  attach(socket: Duplex): void {
    this.#detach();
    this.#socket = socket;
    socket.resume();
    socket.on('drain', () => this.#pumpNow());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (this.#socket === socket) this.#detach();
    });
  }

  /** Queues a frame; without a reader it is nobody's. */
  send(frame: TapFrame): void {
    if (!this.#socket) return;
    const waiting: Waiting = {
      tap: frame.tap,
      order: this.#order++,
      bytes: encodeFrame(encodeTapFrame(frame)),
      kind: frame.kind,
      arrivalUs: frame.kind === 'media' ? frame.arrivalUs : 0,
    };
    if (frame.kind === 'media') this.#queueMedia(waiting);
    else if (this.#marks.push(waiting)) {
      this.#detach();
      return;
    }
    this.#schedule();
  }

  /** Media frames of that tap lost so far. */
  droppedOf(tap: TapId): number {
    return this.#losses.get(tap)?.total ?? 0;
  }

  /** Disconnects the reader, without a word to anybody. */
  close(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#forget();
    socket?.destroy();
  }

  #queueMedia(waiting: Waiting): void {
    const lost = this.#media.push(waiting);
    this.#mediaBytes += waiting.bytes.length;
    if (lost) this.#lose(lost);
    while (this.#mediaBytes > MAX_MEDIA_BYTES) {
      const oldest = this.#media.shift();
      if (!oldest) break;
      this.#lose(oldest);
    }
  }

  #lose({ tap, bytes, arrivalUs }: Waiting): void {
    this.#mediaBytes -= bytes.length;
    const loss = this.#losses.get(tap) ?? { untold: 0, total: 0, fromUs: arrivalUs, toUs: arrivalUs };
    if (loss.untold === 0) loss.fromUs = arrivalUs;
    loss.untold += 1;
    loss.total += 1;
    loss.toUs = arrivalUs;
    this.#losses.set(tap, loss);
  }

  #schedule(): void {
    if (this.#isPumpDue) return;
    this.#isPumpDue = true;
    this.#soon(this.#pumpNow);
  }

  /** Hands frames to the socket until it asks to wait; its `drain` calls again. */
  #pump(): void {
    const socket = this.#socket;
    if (!socket || socket.writableNeedDrain) return;
    socket.cork();
    while (!socket.writableNeedDrain) {
      const next = this.#shift();
      if (!next) break;
      const loss = next.kind === 'begin' ? undefined : this.#tellLoss(next.tap);
      if (loss) socket.write(loss);
      socket.write(next.bytes);
      if (next.kind === 'end') this.#losses.delete(next.tap);
    }
    socket.uncork();
  }

  /** The frame that was queued first, of both queues. */
  #shift(): Waiting | undefined {
    const media = this.#media.peek();
    const mark = this.#marks.peek();
    if (mark && (!media || mark.order < media.order)) return this.#marks.shift();
    if (media) this.#mediaBytes -= media.bytes.length;
    return this.#media.shift();
  }

  #tellLoss(tap: TapId): Buffer | undefined {
    const loss = this.#losses.get(tap);
    if (!loss || loss.untold === 0) return undefined;
    const frame = encodeTapFrame({ kind: 'dropped', tap, count: loss.untold, fromUs: loss.fromUs, toUs: loss.toUs });
    loss.untold = 0;
    return encodeFrame(frame);
  }

  #detach(): void {
    if (!this.#socket) return;
    this.close();
    this.#onReaderGone();
  }

  #forget(): void {
    this.#media.drain();
    this.#marks.drain();
    this.#losses.clear();
    this.#mediaBytes = 0;
  }
}

export type TapReaderEnd = 'closed' | 'malformed';

/** Reads a tap socket, and hangs up on a writer that makes no sense. Payloads share the memory of what arrived. */
export function readTapSocket(
  socket: Duplex,
  handlers: { onFrame(frame: TapFrame): void; onEnd(reason: TapReaderEnd): void },
): void {
  const reader = new FrameReader({ maxBodyBytes: MAX_TAP_FRAME_BYTES });
  let isOver = false;
  const end = (reason: TapReaderEnd): void => {
    if (isOver) return;
    isOver = true;
    socket.destroy();
    handlers.onEnd(reason);
  };
  socket.on('data', (chunk: Buffer) => {
    const frames = isOver ? [] : readFrames(reader, chunk);
    for (const frame of frames) {
      if (frame === undefined) end('malformed');
      else if (!isOver) handlers.onFrame(frame);
    }
  });
  socket.on('error', () => end('closed'));
  socket.on('close', () => end('closed'));
}

/** Frames of a chunk; an undefined one is where the other side stopped making sense. */
function readFrames(reader: FrameReader, chunk: Buffer): (TapFrame | undefined)[] {
  try {
    return reader.push(chunk).map((body) => decodeTapFrame(body));
  } catch {
    return [undefined];
  }
}
