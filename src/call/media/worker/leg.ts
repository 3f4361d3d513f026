/**
 * One peer of a session, the offerer or one branch of the answerer: who may send as it, how its packets open, and where
 * it is reached. It knows nothing of the other side.
 */

import type { LegId, StreamId } from '../../../base/ids.ts';
import { rtpHeaderBytes, rtpPaddingBytes, rtpSequence, rtpSsrc } from '../../../protocol/rtp/header.ts';
import { isRtcp } from '../../../protocol/rtp/rtcp.ts';
import type { MediaDrop } from '../drop.ts';
import type { BranchState, Endpoint } from '../session-state.ts';
import { Latch } from './latch.ts';
import type { Arrival } from './packet-port.ts';
import { PlainSequences } from './plain-sequences.ts';
import { ReceiveSecurity } from './security.ts';
import { SequenceLoss } from './sequence-loss.ts';
import type { Tap } from './tap.ts';

/** Static payload type of comfort noise (RFC 3389), unless SDP gives 13 to something else. */
const COMFORT_NOISE = 13;

export class Leg {
  readonly leg: LegId;
  readonly stream: StreamId;
  tap: Tap | undefined;
  #branch: BranchState;
  readonly #security: ReceiveSecurity;
  readonly #rtpLatch: Latch;
  readonly #rtcpLatch: Latch;
  readonly #plainSequences = new PlainSequences();
  readonly #loss = new SequenceLoss();
  #firstArrivalUs: number | null;
  #isStarted: boolean;
  #extendedSequence = 0;
  #newlyLost = 0;

  constructor(branch: BranchState) {
    this.leg = branch.leg;
    this.stream = branch.stream;
    this.#branch = branch;
    this.#security = new ReceiveSecurity(branch.receiveKey, branch.received);
    this.#rtpLatch = new Latch(branch.remoteRtp, branch.latchedRtp);
    this.#rtcpLatch = new Latch(branch.remoteRtcp, branch.latchedRtcp);
    this.#firstArrivalUs = branch.firstArrivalUs;
    this.#isStarted = branch.firstArrivalUs !== null;
  }

  /** Takes what signaling says now. What packets taught (counters, latch, timeline) stays. */
  apply(branch: BranchState): void {
    this.#security.useKey(branch.receiveKey);
    if (branch.signalingGeneration > this.#branch.signalingGeneration) {
      this.#rtpLatch.relearn(branch.remoteRtp);
      this.#rtcpLatch.relearn(branch.remoteRtcp);
    }
    this.#branch = branch;
  }

  get rtpTarget(): Endpoint | undefined {
    return this.#rtpLatch.target;
  }

  get rtcpTarget(): Endpoint | undefined {
    return this.#branch.rtcpMux ? this.#rtpLatch.target : this.#rtcpLatch.target;
  }

  get isRtcpMuxed(): boolean {
    return this.#branch.rtcpMux;
  }

  get firstArrivalUs(): number | null {
    return this.#firstArrivalUs;
  }

  /** True the first time it is asked after the stream's first packet, false ever after. */
  startStream(): boolean {
    if (this.#isStarted || this.#firstArrivalUs === null) return false;
    this.#isStarted = true;
    return true;
  }

  /** How many packets before it are known to be lost since the packet received last. */
  get newlyLost(): number {
    return this.#newlyLost;
  }

  /** Extended sequence of the packet received last; negative when it is older than the stream's first. */
  get extendedSequence(): number {
    return this.#extendedSequence;
  }

  /** Whether this is the source we expect this leg at; branches of a fork are told apart by it. */
  isFrom(address: string, port: number, isRtcp: boolean): boolean {
    return (isRtcp && !this.isRtcpMuxed ? this.#rtcpLatch : this.#rtpLatch).isFrom(address, port);
  }

  /** Audio is everything but telephone events, which carry digits, and comfort noise, which carries nothing. */
  isAudio(payloadType: number): boolean {
    const fact = this.#branch.payloads.find((payload) => payload.payloadType === payloadType);
    return fact ? fact.encoding !== 'telephone-event' : payloadType !== COMFORT_NOISE;
  }

  /** Source, authenticity, replay, form: in this order. The result is plain RTP in the memory of the packet. */
  receiveRtp(arrival: Arrival): Buffer | MediaDrop {
    const headerBytes = rtpHeaderBytes(arrival.bytes);
    if (headerBytes === 0) return 'rtp_malformed';
    if (!this.#admits(this.#rtpLatch, arrival)) return 'source_refused';
    const packet = this.#security.openRtp(arrival.bytes);
    if (typeof packet === 'string') return packet;
    if (rtpPaddingBytes(packet, headerBytes) < 0) return 'rtp_malformed';

    this.#learn(this.#rtpLatch, arrival);
    const ssrc = rtpSsrc(packet);
    this.#extendedSequence = this.#security.lastIndex ?? this.#plainSequences.extend(ssrc, rtpSequence(packet));
    this.#newlyLost = this.#loss.note(ssrc, this.#extendedSequence);
    this.#firstArrivalUs ??= arrival.arrivalUs;
    return packet;
  }

  /** As `receiveRtp`, for RTCP on the port it came to. */
  receiveRtcp(arrival: Arrival, onRtcpPort: boolean): Buffer | MediaDrop {
    if (!onRtcpPort && !this.isRtcpMuxed) return 'rtcp_not_muxed';
    const latch = onRtcpPort ? this.#rtcpLatch : this.#rtpLatch;
    if (!this.#admits(latch, arrival)) return 'source_refused';
    const packet = this.#security.openRtcp(arrival.bytes);
    if (typeof packet === 'string') return packet;
    if (!isRtcp(packet)) return 'rtcp_malformed';

    this.#learn(latch, arrival);
    return packet;
  }

  toState(): BranchState {
    return {
      ...this.#branch,
      latchedRtp: this.#rtpLatch.learnt,
      latchedRtcp: this.#rtcpLatch.learnt,
      received: this.#security.state(),
      firstArrivalUs: this.#firstArrivalUs,
    };
  }

  wipe(): void {
    this.#security.wipe();
  }

  #admits(latch: Latch, arrival: Arrival): boolean {
    return this.#security.isSecure || latch.admitsPlain(arrival.address, arrival.port);
  }

  #learn(latch: Latch, arrival: Arrival): void {
    if (!this.#security.mayLatch) return;
    if (this.#security.isSecure) latch.learnAuthentic(arrival.address, arrival.port);
    else latch.learnPlain(arrival.address, arrival.port);
  }
}
