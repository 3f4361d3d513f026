/** A phone whose SRTP is libsrtp's: SIP and SDP are spoken here, the media is a program of its own that judges it. */

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { systemClock } from '../../src/base/clock.ts';
import { systemRandom } from '../../src/base/ids.ts';
import { silentLog } from '../../src/base/log.ts';
import type { Invitation } from '../../src/demo/softphone/invitation.ts';
import {
  answerDirection,
  readRemoteMedia,
  writeSdp,
  type Direction,
  type RemoteMedia,
} from '../../src/demo/softphone/session-description.ts';
import type { SipCall } from '../../src/demo/softphone/sip-call.ts';
import type { Endpoint } from '../../src/demo/softphone/udp-port.ts';
import { UserAgent } from '../../src/demo/softphone/user-agent.ts';

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

export interface LibsrtpPhoneOptions {
  /** Path of the built program. */
  readonly program: string;
  /** Of its first packet. */
  readonly firstSequence: number;
  /** Opens what it hears under a key that is not the peer's. */
  readonly mishears?: boolean;
}

const ANSWER_MS = 10_000;

export class LibsrtpPhone {
  readonly #program: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #mishears: boolean;
  readonly #key = { suite: 'AES_CM_128_HMAC_SHA1_80', keySalt: randomBytes(30).toString('base64') } as const;
  readonly #sessionId = String(randomInt(1, 1 << 30));
  #agent: UserAgent | undefined;
  #rtp: Endpoint = { address: '127.0.0.1', port: 0 };
  #connected = '';
  #version = 0;
  #call: SipCall | undefined;

  private constructor({ program, firstSequence, mishears = false }: LibsrtpPhoneOptions) {
    this.#mishears = mishears;
    this.#program = spawn(program, [String(randomInt(1, 0xffffffff)), String(firstSequence)]);
    this.#lines = createInterface({ input: this.#program.stdout })[Symbol.asyncIterator]();
  }

  /** Listens on `sipPort`, and answers whoever calls at once. */
  static async start(options: LibsrtpPhoneOptions, sipPort = 0): Promise<LibsrtpPhone> {
    const phone = new LibsrtpPhone(options);
    const { port } = await phone.#read<{ port: number }>();
    phone.#rtp = { address: '127.0.0.1', port };
    phone.#agent = await UserAgent.open({
      local: { address: '127.0.0.1', port: sipPort },
      user: 'libsrtp',
      clock: systemClock,
      log: silentLog,
      random: systemRandom,
      onInvitation: (invitation) => phone.#beCalled(invitation),
    });
    return phone;
  }

  /** Calls, and is ready to send once it resolves. */
  async dial(to: string, via: Endpoint): Promise<void> {
    const sdp = this.#describe('sendrecv');
    const invite = this.#agent!.invite({ uri: to, nextHop: via, sdp, deadlineMs: ANSWER_MS });
    this.#join(await invite.answered);
    this.#connect(read(this.#call?.peerSdp, 'answer'));
  }

  /** Whether it is in a call that both sides have agreed to. */
  get isInCall(): boolean {
    return this.#call?.isOver === false;
  }

  /** Offers another direction within the call. */
  async changeDirection(direction: Direction): Promise<void> {
    this.#connect(read(await this.#call!.reoffer(this.#describe(direction), ANSWER_MS), 'answer'));
  }

  /** Begins to send so many packets, and a report after each `reportEvery` of them. */
  send(packets: number, reportEvery: number): void {
    this.#tell(`send ${packets} ${reportEvery}`);
  }

  counts(): Promise<LibsrtpCounts> {
    this.#tell('count');
    return this.#read<LibsrtpCounts>();
  }

  async hangUp(): Promise<void> {
    await this.#call?.hangUp();
  }

  async stop(): Promise<void> {
    await this.hangUp();
    await this.#agent?.stop();
    const gone = this.#program.exitCode === null ? once(this.#program, 'exit') : undefined;
    this.#program.stdin.end();
    await gone;
  }

  #beCalled(invitation: Invitation): void {
    const offer = read(invitation.offer, 'offer');
    const call = invitation.accept(this.#describe(answerDirection(offer.direction, 'sendrecv'), offer));
    if (!call) return;
    this.#connect(offer);
    void call.confirmed.then(
      () => this.#join(call),
      () => undefined,
    );
  }

  #join(call: SipCall): void {
    this.#call = call;
    call.onOffer = (body) => {
      const offer = read(body, 'offer');
      this.#connect(offer);
      return this.#describe(answerDirection(offer.direction, 'sendrecv'), offer);
    };
  }

  /** The same address and key again change nothing: what libsrtp knows of the peer's indices must go on being true. */
  #connect({ rtp, rtcp, key }: RemoteMedia): void {
    const heard = this.#mishears ? this.#key : key;
    const [sends, hears] = [this.#key, heard].map((each) => Buffer.from(each?.keySalt ?? '', 'base64').toString('hex'));
    const line = `connect ${rtp.address} ${rtp.port} ${rtcp.port} ${sends} ${hears}`;
    if (line !== this.#connected) this.#tell(line);
    this.#connected = line;
  }

  #describe(direction: Direction, offer?: RemoteMedia): string {
    this.#version += 1;
    const local = { rtp: this.#rtp, codec: 'PCMU', key: this.#key, direction, sessionId: this.#sessionId } as const;
    return writeSdp({ ...local, version: this.#version }, offer);
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

function read(body: Buffer | undefined, role: 'offer' | 'answer'): RemoteMedia {
  const remote = body && readRemoteMedia(body, { codec: 'PCMU', security: 'sdes', role });
  if (remote === undefined || typeof remote === 'string')
    throw new Error(`no ${role} a phone can use: ${remote ?? 'none'}`);
  return remote;
}
