/**
 * DTLS without cryptography: datagrams have the outer form of real ones, the peer's certificate is a word in its Finished,
 * and each association gives keys of its own, all bytes alike. Enough to see who talks to whom, and when.
 */

import type { DtlsAssociation, DtlsFailure, DtlsKeys, DtlsOptions } from '../../../../src/protocol/dtls/association.ts';
import type { DtlsMaker } from '../../../../src/call/media/worker/dtls-end.ts';

export const HELLO_VERIFY = handshakeMessage(3);
export const SERVER_FLIGHT = handshakeMessage(2);
export const ALERT = record(21, 1, Buffer.from('goodbye'));

/** A ClientHello; `random` tells handshakes apart. */
export function clientHello(random: number, cookie: 'cookie' | 'no cookie' = 'cookie'): Buffer {
  const body = Buffer.concat([
    Buffer.of(0xfe, 0xfd),
    Buffer.alloc(32, random),
    Buffer.of(0),
    cookie === 'cookie' ? Buffer.of(2, 9, 9) : Buffer.of(0),
    Buffer.of(0, 2, 0xc0, 0x2b, 1, 0),
  ]);
  return handshakeMessage(1, body);
}

/** The encrypted end of a handshake, by who holds `certificate`. */
export function finished(certificate: string): Buffer {
  return record(22, 1, Buffer.from(certificate));
}

/** Every association that was made, in order. */
export class FakeDtls implements DtlsMaker {
  readonly made: FakeAssociation[] = [];
  readonly certificate = { certificatePem: '', privateKeyPem: '', fingerprint: 'OU:RS' };

  readonly create = (options: DtlsOptions): FakeAssociation => {
    const association = new FakeAssociation(options, this.made.length);
    this.made.push(association);
    return association;
  };
}

export class FakeAssociation implements DtlsAssociation {
  state: DtlsAssociation['state'] = 'handshaking';
  failure: DtlsFailure | undefined;
  readonly options: DtlsOptions;
  readonly received: Buffer[] = [];
  /** When `wake` is due. */
  dueInMs: number | undefined;
  woken = 0;
  isClosed = false;
  readonly #number: number;

  constructor(options: DtlsOptions, number: number) {
    this.options = options;
    this.#number = number;
  }

  /** What the peer sends with, and what it hears. */
  get receiveKey(): Buffer<ArrayBuffer> {
    return Buffer.alloc(30, 100 + 2 * this.#number);
  }

  get sendKey(): Buffer<ArrayBuffer> {
    return Buffer.alloc(30, 101 + 2 * this.#number);
  }

  start(): Buffer[] {
    return [clientHello(200 + this.#number, 'no cookie')];
  }

  receive(datagram: Buffer): Buffer[] {
    this.received.push(Buffer.from(datagram));
    if (datagram.equals(ALERT)) this.state = 'closed';
    if (datagram.equals(SERVER_FLIGHT)) return [finished('OU:RS')];
    if (datagram[0] !== 22) return [];
    if (datagram[4] === 0) return [this.#answerHello(datagram)];
    if (this.state !== 'handshaking') return [];
    const isPeer = this.options.fingerprints.some(({ value }) => value === datagram.subarray(13).toString());
    this.state = isPeer ? 'done' : 'failed';
    if (!isPeer) this.failure = 'fingerprint_mismatch';
    return this.options.role === 'passive' && isPeer ? [finished('OU:RS')] : [];
  }

  wakeInMs(): number | undefined {
    return this.dueInMs;
  }

  wake(): Buffer[] {
    this.woken += 1;
    this.dueInMs = undefined;
    return [SERVER_FLIGHT];
  }

  keys(): DtlsKeys | undefined {
    const suite = 'AES_CM_128_HMAC_SHA1_80';
    return this.state === 'done' ? { suite, send: this.sendKey, receive: this.receiveKey } : undefined;
  }

  close(): Buffer[] {
    this.isClosed = true;
    return [ALERT];
  }

  #answerHello(hello: Buffer): Buffer {
    const hasCookie = hello[60] !== 0;
    return this.options.cookies && !hasCookie ? HELLO_VERIFY : SERVER_FLIGHT;
  }
}

function handshakeMessage(type: number, body: Buffer = Buffer.alloc(16)): Buffer {
  const header = Buffer.alloc(12);
  header[0] = type;
  header.writeUIntBE(body.length, 1, 3);
  header.writeUIntBE(body.length, 9, 3);
  return record(22, 0, Buffer.concat([header, body]));
}

function record(type: number, epoch: number, body: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.set([type, 0xfe, 0xfd]);
  header.writeUInt16BE(epoch, 3);
  header.writeUInt16BE(body.length, 11);
  return Buffer.concat([header, body]);
}
