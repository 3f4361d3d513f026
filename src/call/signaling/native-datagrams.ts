/**
 * A SIP listener on the addon's datagram socket: messages come in batches, and what a batch or a turn causes leaves in
 * one system call. Each message is copied on its way in, because transactions keep it; it is understood elsewhere.
 */

import { getSystemErrorName } from 'node:util';
import { errorCode } from '../../base/error.ts';
import {
  CUT,
  ERRNO_AT,
  MAX_DATAGRAM_BYTES,
  RECEIVE_ROW_BYTES,
  RECEIVES_AT,
  SEND_BYTES,
  SEND_BYTES_AT,
  SEND_ROW_BYTES,
  SEND_ROWS,
  SENDS_AT,
  SLOT_BYTES,
  SLOTS_AT,
  SOCKADDR,
  SOURCE_AT,
  TARGET_AT,
  type DatagramExports,
  type DatagramSocket,
} from '../../native/datagram-socket.ts';
import { familyOf, isPort } from './open-port.ts';
import type { OpenPortOptions } from './open-port.ts';
import { SockaddrCache } from './sockaddr-cache.ts';
import type { Remote, SipPort } from './transport/sip-port.ts';

type OnFailed = () => void;

interface FailedSend {
  readonly code: string;
  readonly onFailed: OnFailed | undefined;
}

/** UDP loses when queues are full, and SIP says it again: nothing is wrong with the peer. */
const IS_LOSS: ReadonlySet<string> = new Set(['EAGAIN', 'ENOBUFS']);

/** Throws with the system's code where the socket cannot be had. */
export function openNativePort(addon: DatagramExports, options: OpenPortOptions): SipPort {
  return new NativeDatagrams(addon, options);
}

class NativeDatagrams implements SipPort {
  readonly transport = 'udp';
  readonly local: Remote;
  readonly family: 4 | 6;
  readonly #options: OpenPortOptions;
  readonly #socket: DatagramSocket;
  readonly #words: Int32Array;
  readonly #bytes: Buffer;
  readonly #addresses: SockaddrCache;
  /** Rows and bytes that wait for the next flush, and whom to tell of each. */
  #rows = 0;
  #used = 0;
  readonly #onFailed: (OnFailed | undefined)[] = [];
  #failed: FailedSend[] = [];
  #isOpen = true;
  #isInBatch = false;
  #isFlushDue = false;

  constructor(addon: DatagramExports, options: OpenPortOptions) {
    this.#options = options;
    this.family = familyOf(options);
    this.#addresses = new SockaddrCache({ family: this.family, readSockaddr: addon.readSockaddr });
    this.#socket = new addon.DatagramSocket(options.address, options.port, this.family, this.#onBatch);
    this.#words = new Int32Array(this.#socket.memory);
    this.#bytes = Buffer.from(this.#socket.memory);
    this.local = { address: options.address, port: this.#socket.port };
  }

  send(bytes: Buffer, to: Remote, onFailed?: OnFailed): void {
    if (!this.#isOpen) return;
    const target = isPort(to.port) ? this.#addresses.targetOf(to.address) : undefined;
    if (target === undefined) this.#fail('EINVAL', onFailed);
    else if (bytes.length > MAX_DATAGRAM_BYTES) this.#fail('EMSGSIZE', onFailed);
    else this.#queue(bytes, { target, port: to.port }, onFailed);
  }

  /** Datagrams have no connection: where one came from is an address like any other. */
  hasFlow(): boolean {
    return false;
  }

  /** What was sent before leaves, as it would have by a system call each. */
  close(): Promise<void> {
    if (this.#isOpen) {
      this.#flush();
      this.#isOpen = false;
      this.#socket.close();
    }
    return Promise.resolve();
  }

  #queue(bytes: Buffer, to: { readonly target: Int32Array; readonly port: number }, onFailed?: OnFailed): void {
    if (this.#rows === SEND_ROWS || this.#used + bytes.length > SEND_BYTES) this.#flush();
    const at = SENDS_AT + this.#rows * SEND_ROW_BYTES;
    this.#words[at / 4] = bytes.length;
    this.#words.set(to.target, (at + TARGET_AT) / 4);
    this.#bytes.writeUInt16BE(to.port, at + TARGET_AT + SOCKADDR.port);
    this.#bytes.set(bytes, SEND_BYTES_AT + this.#used);
    this.#onFailed[this.#rows] = onFailed;
    this.#rows += 1;
    this.#used += bytes.length;
    if (this.#isInBatch || this.#isFlushDue) return;
    this.#isFlushDue = true;
    queueMicrotask(this.#onTurnEnd);
  }

  readonly #onBatch = (rows: number, errno: number): void => {
    if (errno !== 0) this.#options.onError(getSystemErrorName(-errno));
    this.#isInBatch = true;
    try {
      for (let row = 0; row < rows && this.#isOpen; row++) this.#receive(row);
    } finally {
      this.#isInBatch = false;
      this.#flush();
    }
  };

  #receive(row: number): void {
    const length = this.#words[(RECEIVES_AT + row * RECEIVE_ROW_BYTES) / 4] ?? CUT;
    if (length === CUT) this.#options.onError('MSG_TRUNC');
    else this.#deliver(row, length);
  }

  /** One message that meets a bug of ours must not cost those that came with it. */
  #deliver(row: number, length: number): void {
    const at = RECEIVES_AT + row * RECEIVE_ROW_BYTES + SOURCE_AT;
    try {
      const address = this.#addresses.textOf(this.#bytes, at, () => this.#socket.sourceText(row));
      const port = this.#bytes.readUInt16BE(at + SOCKADDR.port);
      this.#options.onDatagram(this.#copy(row, length), { address, port });
    } catch (thrown) {
      this.#options.onError(errorCode(thrown));
    }
  }

  /** Of its own memory: what is kept of one message must keep no others in it. */
  #copy(row: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(length);
    const at = SLOTS_AT + row * SLOT_BYTES;
    this.#bytes.copy(bytes, 0, at, at + length);
    return bytes;
  }

  readonly #onTurnEnd = (): void => {
    this.#isFlushDue = false;
    this.#flush();
  };

  #flush(): void {
    const rows = this.#rows;
    if (rows === 0) return;
    this.#rows = 0;
    this.#used = 0;
    if (this.#socket.flush(rows) > 0) this.#collectFailed(rows);
    this.#onFailed.fill(undefined, 0, rows);
  }

  #collectFailed(rows: number): void {
    for (let row = 0; row < rows; row++) {
      const errno = this.#words[(SENDS_AT + row * SEND_ROW_BYTES + ERRNO_AT) / 4] ?? 0;
      if (errno === 0) continue;
      const code = getSystemErrorName(-errno);
      this.#fail(code, IS_LOSS.has(code) ? undefined : this.#onFailed[row]);
    }
  }

  /** Told when whoever sends has come to an end of what he is doing. */
  #fail(code: string, onFailed: OnFailed | undefined): void {
    this.#failed.push({ code, onFailed });
    if (this.#failed.length === 1) queueMicrotask(this.#tellFailed);
  }

  readonly #tellFailed = (): void => {
    const failed = this.#failed;
    this.#failed = [];
    for (const { code, onFailed } of failed) {
      this.#options.onError(code);
      try {
        onFailed?.();
      } catch (thrown) {
        this.#options.onError(errorCode(thrown));
      }
    }
  };
}
