/**
 * Both ends of many SDES calls through a node: SIP is spoken here by two user agents, the media is the talkers'. A call
 * can be left ringing, offered anew and ended by either side.
 */

import { randomBytes } from 'node:crypto';
import { systemClock } from '../../../src/base/clock.ts';
import { systemRandom } from '../../../src/base/ids.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { Invitation } from '../../../src/demo/softphone/invitation.ts';
import { readRemoteMedia, writeSdp, type RemoteMedia } from '../../../src/demo/softphone/session-description.ts';
import type { SipCall } from '../../../src/demo/softphone/sip-call.ts';
import { UserAgent } from '../../../src/demo/softphone/user-agent.ts';
import { SDES_SUITE } from '../../../src/protocol/sdp/sdes.ts';
import { until } from '../../journeys/support/stage.ts';
import type { Talk } from './talkers.ts';

export type End = 'caller' | 'callee';

/** The media of every phone: the talkers', or none to speak of. */
export interface CrowdMedia {
  /** RTP port of each phone. */
  readonly ports: readonly number[];
  talk(at: number, talk: Talk): void;
  hush(at: number): void;
}

const ANSWER_MS = 15_000;
const WANTED = { codec: 'PCMU', security: 'sdes' } as const;

/** One end of one call: its talker, its key, and what it last said of itself. */
class Party {
  readonly at: number;
  readonly #media: CrowdMedia;
  readonly #keySalt = randomBytes(30);
  readonly #sessionId: string;
  #version = 0;
  call: SipCall | undefined;

  constructor(media: CrowdMedia, at: number, sessionId: string) {
    this.#media = media;
    this.at = at;
    this.#sessionId = sessionId;
  }

  describe(offer?: RemoteMedia): string {
    this.#version += 1;
    return writeSdp(
      {
        rtp: { address: '127.0.0.1', port: this.#media.ports[this.at] ?? 0 },
        codec: WANTED.codec,
        key: { suite: SDES_SUITE, keySalt: this.#keySalt.toString('base64') },
        direction: 'sendrecv',
        sessionId: this.#sessionId,
        version: this.#version,
      },
      offer,
    );
  }

  /** Talks to where the other's SDP says. */
  connect(body: Buffer | undefined, role: 'offer' | 'answer'): RemoteMedia {
    const remote = body ? readRemoteMedia(body, { ...WANTED, role }) : 'nothing';
    if (typeof remote === 'string') throw new Error(`no ${role} to talk by: ${remote}`);
    this.#media.talk(this.at, {
      port: remote.rtp.port,
      sendKey: this.#keySalt.toString('hex'),
      receiveKey: Buffer.from(remote.key?.keySalt ?? '', 'base64').toString('hex'),
    });
    return remote;
  }

  join(call: SipCall): void {
    this.call = call;
    call.onOffer = (body) => this.describe(this.connect(body, 'offer'));
    void call.ended.then(() => this.#media.hush(this.at));
  }
}

export class CrowdCall {
  readonly #ends: Readonly<Record<End, Party>>;

  constructor(caller: Party, callee: Party) {
    this.#ends = { caller, callee };
  }

  /** The talkers of this call. */
  get talkers(): readonly [number, number] {
    return [this.#ends.caller.at, this.#ends.callee.at];
  }

  isOver(end: End): boolean {
    return this.#ends[end].call?.isOver !== false;
  }

  /** A re-INVITE that changes nothing; rejects when it is refused, or its answer is not usable. */
  async reoffer(end: End): Promise<void> {
    const party = this.#ends[end];
    party.connect(await party.call!.reoffer(party.describe(), ANSWER_MS), 'answer');
  }

  async hangUp(end: End): Promise<void> {
    await this.#ends[end].call?.hangUp();
  }
}

export class RingingCall {
  readonly #caller: Party;
  readonly #callee: Party;
  readonly #invitation: Invitation;
  readonly #answered: Promise<SipCall>;

  constructor(caller: Party, callee: Party, invitation: Invitation, answered: Promise<SipCall>) {
    this.#caller = caller;
    this.#callee = callee;
    this.#invitation = invitation;
    this.#answered = answered;
    // Whether it is ever answered is asked later.
    answered.catch(() => undefined);
  }

  refuse(): void {
    this.#invitation.refuse(486, 'Busy Here');
  }

  /** Rejects when the caller was refused. */
  async outcome(): Promise<void> {
    await this.#answered;
  }

  async answer(): Promise<CrowdCall> {
    const offer = this.#callee.connect(this.#invitation.offer, 'offer');
    const call = this.#invitation.accept(this.#callee.describe(offer));
    if (!call) throw new Error('the caller took it back');
    this.#callee.join(call);
    const answered = await this.#answered;
    this.#caller.join(answered);
    this.#caller.connect(answered.peerSdp, 'answer');
    await call.confirmed;
    return new CrowdCall(this.#caller, this.#callee);
  }
}

export class Crowd {
  readonly #media: CrowdMedia;
  readonly #nodePort: number;
  readonly #rings = new Map<string, Invitation>();
  #caller: UserAgent | undefined;
  #callee: UserAgent | undefined;
  #dialled = 0;

  private constructor(media: CrowdMedia, nodePort: number) {
    this.#media = media;
    this.#nodePort = nodePort;
  }

  static async open(options: { media: CrowdMedia; nodePort: number; calleePort: number }): Promise<Crowd> {
    const crowd = new Crowd(options.media, options.nodePort);
    const agent = (user: string, port: number, onInvitation: (invitation: Invitation) => void): Promise<UserAgent> =>
      UserAgent.open({
        local: { address: '127.0.0.1', port },
        user,
        clock: systemClock,
        log: silentLog,
        random: systemRandom,
        onInvitation,
      });
    crowd.#caller = await agent('caller', 0, (invitation) => invitation.refuse(486, 'Busy Here'));
    crowd.#callee = await agent('callee', options.calleePort, (invitation) => {
      invitation.ring();
      crowd.#rings.set(sessionOf(invitation.offer), invitation);
    });
    return crowd;
  }

  /** A call that rings. */
  async ring(number = '100'): Promise<RingingCall> {
    const at = this.#dialled;
    this.#dialled += 2;
    const session = String(1_000_000 + at);
    const [caller, callee] = [at, at + 1].map((each) => new Party(this.#media, each, session)) as [Party, Party];
    const invite = this.#caller!.invite({
      uri: `sip:${number}@127.0.0.1:${this.#nodePort}`,
      nextHop: { address: '127.0.0.1', port: this.#nodePort },
      sdp: caller.describe(),
      deadlineMs: ANSWER_MS * 4,
    });
    let refused: unknown;
    invite.answered.catch((cause: unknown) => (refused = cause));
    await until('it rings', () => refused !== undefined || this.#rings.has(session), ANSWER_MS);
    if (refused !== undefined) throw new Error('it was refused', { cause: refused });
    const invitation = this.#rings.get(session)!;
    this.#rings.delete(session);
    return new RingingCall(caller, callee, invitation, invite.answered);
  }

  /** A call that is up. */
  async call(number?: string): Promise<CrowdCall> {
    return (await this.ring(number)).answer();
  }

  /** So many, a few at a time. */
  async calls(count: number, number?: string): Promise<CrowdCall[]> {
    const made: CrowdCall[] = [];
    while (made.length < count) {
      const some = Math.min(10, count - made.length);
      made.push(...(await Promise.all(Array.from({ length: some }, () => this.call(number)))));
    }
    return made;
  }

  async stop(): Promise<void> {
    await this.#caller?.stop();
    await this.#callee?.stop();
  }
}

/** The origin's session id, which nobody on the way changes. */
function sessionOf(offer: Buffer | undefined): string {
  return /^o=- (\d+) /m.exec(offer?.toString('latin1') ?? '')?.[1] ?? '';
}
