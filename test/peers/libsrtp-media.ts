/** The media of a phone, protected by libsrtp in a program of its own that judges it: its SDP is written and read here. */

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import {
  answerDirection,
  readRemoteMedia,
  writeSdp,
  type Direction,
  type RemoteMedia,
} from '../../src/demo/softphone/session-description.ts';
import type { Endpoint } from '../../src/demo/softphone/udp-port.ts';
import type { SdesKey } from '../../src/protocol/sdp/sdes.ts';
import { keySaltBytes, type SrtpSuite } from '../../src/protocol/srtp/suite.ts';
import type { MediaEnd } from './matrix/media-end.ts';

/** What the program counted. Everything but what was sent and received must be 0 on a good call. */
export interface LibsrtpCounts {
  readonly sent: number;
  /** Packets that libsrtp opened, each sequence number once. */
  readonly received: number;
  readonly repeated: number;
  /** Opened, but not what the sender put in. */
  readonly altered: number;
  /** Refused for their tag, refused as replayed, and refused for whatever reason. */
  readonly forged: number;
  readonly replayed: number;
  readonly refused: number;
  readonly reportsSent: number;
  readonly reportsReceived: number;
  readonly reportsAltered: number;
  readonly reportsRefused: number;
}

export interface LibsrtpOptions {
  /** Path of the built program. */
  readonly program: string;
  /** Of its first packet. */
  readonly firstSequence: number;
  /** What it offers, and the one offer that it takes. */
  readonly suite?: SrtpSuite | undefined;
  /** Opens what it hears under a key that is not the peer's. */
  readonly mishears?: boolean;
  /** Says a key that it does not send with. */
  readonly lies?: boolean;
  /** Says RTP/AVP with a key, and takes that: best effort as of RFC 8643. */
  readonly isBestEffort?: boolean;
}

export class LibsrtpMedia implements MediaEnd {
  readonly #program: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #options: LibsrtpOptions;
  readonly #suite: SrtpSuite;
  readonly #sessionId = String(randomInt(1, 1 << 30));
  readonly #wrongKey: SdesKey;
  #key: SdesKey;
  #rtp: Endpoint = { address: '127.0.0.1', port: 0 };
  #connected = '';
  #version = 0;

  private constructor(options: LibsrtpOptions) {
    this.#options = options;
    this.#suite = options.suite ?? 'AES_CM_128_HMAC_SHA1_80';
    this.#key = newKey(this.#suite);
    this.#wrongKey = newKey(this.#suite);
    this.#program = spawn(options.program, [String(randomInt(1, 0xffffffff)), String(options.firstSequence)]);
    this.#lines = createInterface({ input: this.#program.stdout })[Symbol.asyncIterator]();
  }

  static async start(options: LibsrtpOptions): Promise<LibsrtpMedia> {
    const media = new LibsrtpMedia(options);
    const { port } = await media.#read<{ port: number }>();
    media.#rtp = { address: '127.0.0.1', port };
    return media;
  }

  /** Its next description says another key. It goes on under the old one until it is told of the peer again. */
  rekey(): void {
    this.#key = newKey(this.#suite);
  }

  offer(direction: Direction = 'sendrecv'): Promise<string> {
    return Promise.resolve(this.#describe(direction));
  }

  answer(offer: string): Promise<string> {
    return Promise.resolve(this.reanswer(offer));
  }

  accept(answer: string): Promise<void> {
    this.#connect(this.#readMedia(answer, 'answer'));
    return Promise.resolve();
  }

  reanswer(body: string): string {
    const offer = this.#readMedia(body, 'offer');
    this.#connect(offer);
    return this.#describe(answerDirection(offer.direction, 'sendrecv'), offer);
  }

  send(packets: number, reportEvery: number): void {
    this.#tell(`send ${packets} ${reportEvery}`);
  }

  counts(): Promise<LibsrtpCounts> {
    this.#tell('count');
    return this.#read<LibsrtpCounts>();
  }

  async stop(): Promise<void> {
    const gone = this.#program.exitCode === null ? once(this.#program, 'exit') : undefined;
    this.#program.stdin.end();
    await gone;
  }

  /** The same address and key again change nothing: what libsrtp knows of the peer's indices must go on being true. */
  #connect({ rtp, rtcp, key }: RemoteMedia): void {
    const heard = this.#options.mishears ? this.#wrongKey : key;
    const [sends, hears] = [this.#key, heard].map((each) => Buffer.from(each?.keySalt ?? '', 'base64').toString('hex'));
    const line = `connect ${rtp.address} ${rtp.port} ${rtcp.port} ${this.#suite} ${sends} ${hears}`;
    if (line !== this.#connected) this.#tell(line);
    this.#connected = line;
  }

  #describe(direction: Direction, offer?: RemoteMedia): string {
    this.#version += 1;
    const key = this.#options.lies ? this.#wrongKey : this.#key;
    const local = { rtp: this.#rtp, codec: 'PCMU', key, direction, sessionId: this.#sessionId } as const;
    const sdp = writeSdp({ ...local, version: this.#version }, offer);
    return this.#options.isBestEffort ? sdp.replace('RTP/SAVP', 'RTP/AVP') : sdp;
  }

  #readMedia(body: string, role: 'offer' | 'answer'): RemoteMedia {
    const wanted = { codec: 'PCMU', security: 'sdes', role, suite: this.#suite } as const;
    const sdp = this.#options.isBestEffort ? body.replace('RTP/AVP', 'RTP/SAVP') : body;
    const remote = readRemoteMedia(Buffer.from(sdp, 'latin1'), wanted);
    if (typeof remote === 'string') throw new Error(`no ${role} a phone can use: ${remote}`);
    return remote;
  }

  #tell(line: string): void {
    this.#program.stdin.write(`${line}\n`);
  }

  async #read<Said>(): Promise<Said> {
    const line = await this.#lines.next();
    if (line.done === true) throw new Error('the libsrtp program ended');
    return JSON.parse(line.value) as Said;
  }
}

function newKey(suite: SrtpSuite): SdesKey {
  return { suite, keySalt: randomBytes(keySaltBytes(suite)).toString('base64') };
}
