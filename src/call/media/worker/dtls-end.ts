/**
 * One port's DTLS with one peer over its lives: the association that gave the keys in use, and at most one under way
 * beside it. It decides who may begin and how often; the handshake itself is the association's, packets are the leg's.
 */

import { wipe } from '../../../base/bytes.ts';
import type { CreateDtls, DtlsAssociation, DtlsCertificate, DtlsFailure } from '../../../protocol/dtls/association.ts';
import type { MediaDrop } from '../drop.ts';
import type { DtlsBranch, DtlsKeyPair, Endpoint } from '../session-state.ts';
import {
  clientRandom,
  hasCookie,
  isClientHello,
  isHelloVerifyRequest,
  isOpenHandshake,
} from '../../../protocol/dtls/client-hello.ts';
import type { Arrival, PacketPort } from './packet-port.ts';

/** What our handshakes are made of. */
export interface DtlsMaker {
  readonly create: CreateDtls;
  readonly certificate: DtlsCertificate;
}

/** `superseded`: its peer began anew, or it stood in the way of another. `unavailable`: this node has no addon. */
export type DtlsResult = 'done' | 'unavailable' | 'superseded' | DtlsFailure;

/** Those who want to be woken while a handshake is under way. */
export type Handshakes = Set<{ wake(nowUs: number): void }>;

export interface DtlsEndParts {
  readonly maker: DtlsMaker | undefined;
  readonly port: PacketPort;
  readonly handshakes: Handshakes;
  readonly countResult: (result: DtlsResult) => void;
  /** Keys of a handshake that is done, verified, and was with whom signaling named. */
  readonly onKeys: (keys: DtlsKeyPair, from: Endpoint) => void;
}

/** A handshake takes a few round trips, or retransmissions until 31 s; what is still under way then never ends. */
const HANDSHAKE_US = 40_000_000;
/** After this long somebody else may begin in the place of a handshake that does not get on. */
const STALLED_US = 3_000_000;
/** Each costs us about 2 ms, so strangers get a few, then one in 2 s, and an end; a known peer one a second. */
const FREE_ATTEMPTS = 3;
const MAX_ATTEMPTS = 32;
const STRANGER_INTERVAL_US = 2_000_000;
const KNOWN_INTERVAL_US = 1_000_000;
/** Sources that were asked for a cookie and may still bring it. */
const MAX_TRIALS = 4;

interface Handshake {
  readonly association: DtlsAssociation;
  /** Of `DtlsBranch`. */
  readonly number: number;
  readonly startedUs: number;
  readonly isExpected: boolean;
  /** The client's, when the peer is the client: what tells a repetition from a new beginning. */
  readonly random: Buffer | undefined;
  peer: Endpoint;
}

export class DtlsEnd {
  readonly #parts: DtlsEndParts;
  #branch: DtlsBranch;
  #isIce: boolean;
  #settledNumber: number | undefined;
  #startedNumber: number | undefined;
  #done: Handshake | undefined;
  #under: Handshake | undefined;
  /** Peers that have not proved yet that they receive where they say; they cost memory only, and little. */
  #trials: Handshake[] = [];
  #attempts = 0;
  #lastAttemptUs = Number.NEGATIVE_INFINITY;

  /** `settledNumber`: the association that an earlier life of this end had keys of. */
  constructor(parts: DtlsEndParts, branch: DtlsBranch, isIce: boolean, settledNumber: number | undefined) {
    this.#parts = parts;
    this.#branch = branch;
    this.#isIce = isIce;
    this.#settledNumber = settledNumber;
    if (!parts.maker) parts.countResult('unavailable');
  }

  /** The association whose keys are in use, for whoever carries on. */
  get settledNumber(): number | undefined {
    return this.#settledNumber;
  }

  /** Whether anybody may try whom signaling's fingerprint will judge: no peer has proved itself yet. */
  get isOpen(): boolean {
    return this.#branch.role === 'passive' && !this.#isSettled;
  }

  /** Takes what signaling says now. A new association leaves the old one's keys in use until it is done. */
  apply(branch: DtlsBranch, isIce: boolean): void {
    const isNew = branch.association !== this.#branch.association;
    this.#branch = branch;
    this.#isIce = isIce;
    if (!isNew) return;
    this.#abandonAll();
    this.#attempts = 0;
    this.#lastAttemptUs = Number.NEGATIVE_INFINITY;
  }

  /** The active end begins once there is somewhere to send to, once per association; a moved peer is followed. */
  start(target: Endpoint, nowUs: number): void {
    const { maker } = this.#parts;
    if (this.#branch.role !== 'active' || this.#isSettled || !maker) return;
    if (this.#under) this.#under.peer = target;
    if (this.#startedNumber === this.#branch.association) return;
    this.#startedNumber = this.#branch.association;
    this.#under = this.#begin(maker, { peer: target, isExpected: true, random: undefined }, nowUs);
    this.#send(this.#under.association.start(), target);
    // One that no profile or fingerprint could satisfy is over before it began.
    this.#follow(this.#under);
  }

  /** Whether a handshake or an association is with that source. */
  isWith(source: Arrival): boolean {
    return this.#isAt(this.#under, source) || this.#isAt(this.#done, source);
  }

  /** Takes a datagram; `isExpected` when it came from where the peer is known to be. */
  receive(arrival: Arrival, isExpected: boolean): MediaDrop | undefined {
    const { maker } = this.#parts;
    if (!maker) return 'dtls_unavailable';
    const isHello = isClientHello(arrival.bytes);
    let handshake = this.#find(arrival, isHello ? clientRandom(arrival.bytes) : undefined);
    const isTrial = handshake === undefined || this.#trials.includes(handshake);
    if (isTrial) {
      const isBeginning = isHello || (handshake !== undefined && isOpenHandshake(arrival.bytes));
      if (!isBeginning || !this.#mayBegin(arrival, isExpected)) return 'source_refused';
      const isCostly = isHello && (!this.#usesCookies || hasCookie(arrival.bytes));
      if (isCostly && !this.#takeAttempt(arrival, isExpected)) return 'source_refused';
    }
    handshake ??= this.#tryWith(maker, arrival, isExpected);
    this.#feed(handshake, arrival);
    return undefined;
  }

  /** Retransmits what is due, and gives up what takes too long. */
  wake(nowUs: number): void {
    for (const trial of this.#trials) if (isOver(trial, nowUs)) trial.association.close();
    this.#trials = this.#trials.filter((trial) => !isOver(trial, nowUs));
    const under = this.#under;
    if (under && isOver(under, nowUs)) {
      this.#abandon(under, 'timeout');
      this.#under = undefined;
    } else if (under) {
      const dueInMs = under.association.wakeInMs();
      if (dueInMs !== undefined && dueInMs <= 0) {
        this.#send(under.association.wake(), under.peer);
        this.#follow(under);
      }
    }
    if (!this.#under && this.#trials.length === 0) this.#parts.handshakes.delete(this);
  }

  /** Says goodbye and forgets every key. */
  end(): void {
    this.#abandonAll();
    const done = this.#done;
    this.#done = undefined;
    if (done) this.#send(done.association.close(), done.peer);
  }

  /** An ICE peer may change from one checked pair to another at any time (RFC 8842 §6), others are where they began. */
  #isAt(handshake: Handshake | undefined, { address, port }: Arrival): boolean {
    if (!handshake || this.#isIce) return handshake !== undefined;
    return handshake.peer.port === port && handshake.peer.address === address;
  }

  /** A checked path is proof of an address; beside keys in use, where anybody may send a ClientHello, it is not enough. */
  get #usesCookies(): boolean {
    return !this.#isIce || this.#isSettled;
  }

  get #isSettled(): boolean {
    return this.#settledNumber === this.#branch.association;
  }

  /** The handshake with that source, and with that client's random where it speaks of one. */
  #find(source: Arrival, random: Buffer | undefined): Handshake | undefined {
    for (const each of [this.#under, this.#done, ...this.#trials]) {
      if (each && this.#isAt(each, source) && (random === undefined || each.random?.equals(random) === true))
        return each;
    }
    return undefined;
  }

  /**
   * Before the first handshake is done anybody may try; afterwards only the peer may begin again, on the same path
   * (RFC 5764 §5.1.2). Nobody pushes a handshake aside that gets on, but the expected peer a stranger's.
   */
  #mayBegin(source: Arrival, isExpected: boolean): boolean {
    if (this.#branch.role !== 'passive') return false;
    const under = this.#under;
    if (under && !this.#isAt(under, source)) {
      const isBetter = isExpected && !under.isExpected;
      if (!isBetter && source.arrivalUs - under.startedUs < STALLED_US) return false;
    }
    return this.isOpen || isExpected || this.#isAt(this.#done, source);
  }

  #takeAttempt({ arrivalUs }: Arrival, isExpected: boolean): boolean {
    const sinceUs = arrivalUs - this.#lastAttemptUs;
    const isFree = this.#attempts < FREE_ATTEMPTS;
    const isAllowed =
      isExpected || this.#isSettled
        ? sinceUs >= KNOWN_INTERVAL_US || (isFree && !this.#isSettled)
        : isFree || (this.#attempts < MAX_ATTEMPTS && sinceUs >= STRANGER_INTERVAL_US);
    if (!isAllowed) return false;
    this.#attempts += 1;
    this.#lastAttemptUs = arrivalUs;
    return true;
  }

  #tryWith(maker: DtlsMaker, { bytes, address, port, arrivalUs }: Arrival, isExpected: boolean): Handshake {
    const random = Buffer.from(clientRandom(bytes));
    const trial = this.#begin(maker, { peer: { address, port }, isExpected, random }, arrivalUs);
    this.#trials.push(trial);
    if (this.#trials.length > MAX_TRIALS) {
      // Whoever is where signaling says is the last to be forgotten.
      const stranger = this.#trials.findIndex((each) => !each.isExpected);
      for (const forgotten of this.#trials.splice(Math.max(stranger, 0), 1)) forgotten.association.close();
    }
    return trial;
  }

  #begin(
    maker: DtlsMaker,
    { peer, isExpected, random }: Pick<Handshake, 'peer' | 'isExpected' | 'random'>,
    nowUs: number,
  ): Handshake {
    const { role, suites, fingerprints, association: number } = this.#branch;
    const { certificate } = maker;
    const association = maker.create({ role, certificate, suites, fingerprints, cookies: this.#usesCookies });
    this.#parts.handshakes.add(this);
    return { association, number, startedUs: nowUs, random, peer, isExpected };
  }

  #feed(handshake: Handshake, { bytes, address, port }: Arrival): void {
    if (this.#isIce) handshake.peer = { address, port };
    const replies = handshake.association.receive(bytes, { address, port });
    this.#send(replies, handshake.peer);
    const first = replies[0];
    if (first && this.#trials.includes(handshake) && !isHelloVerifyRequest(first)) this.#promote(handshake);
    this.#follow(handshake);
  }

  /** It receives where it says, and has our first flight: now it is the one under way. */
  #promote(trial: Handshake): void {
    this.#trials = this.#trials.filter((each) => each !== trial);
    if (this.#under) this.#abandon(this.#under, 'superseded');
    this.#under = trial;
  }

  #follow(handshake: Handshake): void {
    const { state, failure } = handshake.association;
    if (state === 'handshaking' || (state === 'done' && handshake === this.#done)) return;
    if (handshake === this.#done) {
      // An authentic goodbye. The keys stay: whether the call goes on is signaling's to say.
      this.#abandon(handshake, failure ?? 'closed_by_peer');
      this.#done = undefined;
      return;
    }
    this.#trials = this.#trials.filter((each) => each !== handshake);
    if (handshake === this.#under) this.#under = undefined;
    if (state === 'done') this.#settle(handshake);
    else this.#abandon(handshake, failure ?? 'handshake_failed');
  }

  #settle(handshake: Handshake): void {
    const keys = handshake.association.keys();
    if (!keys) {
      this.#abandon(handshake, 'no_profile');
      return;
    }
    const { suite, send, receive } = keys;
    const pair = {
      receive: { suite, keySalt: receive.toString('base64') },
      send: { suite, keySalt: send.toString('base64') },
    };
    wipe(send);
    wipe(receive);
    // What the old association would say goodbye with means nothing to a peer that has begun anew.
    this.#done?.association.close();
    this.#done = handshake;
    this.#settledNumber = handshake.number;
    this.#attempts = 0;
    this.#parts.countResult('done');
    this.#parts.onKeys(pair, handshake.peer);
  }

  #abandon({ association }: Handshake, result: DtlsResult): void {
    this.#parts.countResult(result);
    association.close();
  }

  #abandonAll(): void {
    for (const { association } of this.#trials) association.close();
    this.#trials = [];
    if (this.#under) this.#abandon(this.#under, 'superseded');
    this.#under = undefined;
    this.#parts.handshakes.delete(this);
  }

  #send(datagrams: readonly Buffer[], to: Endpoint): void {
    if (datagrams.length === 0) return;
    for (const datagram of datagrams) this.#parts.port.queue(datagram, to);
    this.#parts.port.flush();
  }
}

function isOver({ startedUs }: Handshake, nowUs: number): boolean {
  return nowUs - startedUs >= HANDSHAKE_US;
}
