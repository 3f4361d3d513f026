/**
 * One peer of a session, the offerer or one branch of the answerer: who may send as it, how its packets open, and where
 * it is reached. It knows nothing of the other side.
 */

import type { LegId, StreamId } from '../../../base/ids.ts';
import { rtpHeaderBytes, rtpPaddingBytes, rtpSequence, rtpSsrc } from '../../../protocol/rtp/header.ts';
import { isRtcp } from '../../../protocol/rtp/rtcp.ts';
import type { MediaDrop } from '../drop.ts';
import type { BranchState, Endpoint } from '../session-state.ts';
import { Component, type ComponentPlace } from './component.ts';
import type { DtlsEnd } from './dtls-end.ts';
import { DtmfEvents } from './dtmf-events.ts';
import { LegReception } from './leg-reception.ts';
import { LegKeys, type LegKeysParts } from './leg-keys.ts';
import type { Arrival, PacketPort } from './packet-port.ts';
import { PayloadTable } from './payload-table.ts';
import { PlainSequences } from './plain-sequences.ts';
import type { SendContext } from './send-context.ts';
import { SequenceLoss } from './sequence-loss.ts';
import type { Tap } from './tap.ts';

const SEQUENCES = 0x1_0000;

export interface LegParts extends LegKeysParts {
  readonly ports: { readonly rtp: PacketPort; readonly rtcp: PacketPort };
  /** CLOCK_MONOTONIC when the leg is made. */
  readonly nowUs: number;
}

export class Leg {
  readonly leg: LegId;
  readonly stream: StreamId;
  readonly dtmf = new DtmfEvents();
  readonly reception = new LegReception();
  readonly keys: LegKeys;
  tap: Tap | undefined;
  #branch: BranchState;
  #payloads: PayloadTable;
  readonly #rtp: Component;
  readonly #rtcp: Component;
  readonly #plainSequences = new PlainSequences();
  readonly #loss = new SequenceLoss();
  readonly #onChange: () => void;
  #firstArrivalUs: number | null;
  #isStarted: boolean;
  #extendedSequence = 0;
  #newlyLost = 0;
  #lastSsrc = -1;
  #lastCycle = -1;

  constructor(branch: BranchState, parts: LegParts) {
    this.leg = branch.leg;
    this.stream = branch.stream;
    this.#branch = branch;
    this.#payloads = new PayloadTable(branch.payloads);
    this.#onChange = parts.onChange;
    this.#rtp = new Component(placeOf(branch, branch.remoteRtp), branch.latchedRtp, parts.nowUs);
    this.#rtcp = new Component(placeOf(branch, branch.remoteRtcp), branch.latchedRtcp, parts.nowUs);
    this.keys = new LegKeys(branch, {
      parts,
      ports: parts.ports,
      onPeer: (from, isRtcp) => (isRtcp ? this.#rtcp : this.#rtp).learnFromHandshake(from),
    });
    this.#firstArrivalUs = branch.firstArrivalUs;
    this.#isStarted = branch.firstArrivalUs !== null;
  }

  /** Takes what signaling says now. What packets taught (counters, latch, timeline) stays. */
  apply(branch: BranchState, nowUs: number): void {
    const isEvent = branch.signalingGeneration > this.#branch.signalingGeneration;
    this.#branch = branch;
    this.#payloads = new PayloadTable(branch.payloads);
    this.keys.apply(branch);
    this.#rtp.apply(placeOf(branch, branch.remoteRtp), isEvent, nowUs);
    this.#rtcp.apply(placeOf(branch, branch.remoteRtcp), isEvent, nowUs);
  }

  /** Begins the handshakes that are ours to begin, where there is somewhere to send to. */
  startHandshakes(nowUs: number): void {
    const target = this.#rtp.whereTo(nowUs);
    if (typeof target !== 'string') this.keys.endOf(false)?.start(target, nowUs);
    const rtcpTarget = this.#rtcp.whereTo(nowUs);
    if (!this.isRtcpMuxed && typeof rtcpTarget !== 'string') this.keys.endOf(true)?.start(rtcpTarget, nowUs);
  }

  /** Where its RTP, or its RTCP, is sent, or why nowhere. */
  whereTo(isRtcp: boolean, nowUs: number): Endpoint | MediaDrop {
    return (isRtcp && !this.isRtcpMuxed ? this.#rtcp : this.#rtp).whereTo(nowUs);
  }

  get isRtcpMuxed(): boolean {
    return this.#branch.rtcpMux;
  }

  /** The name by which an ICE peer's checks are its own; undefined when it does no ICE. */
  get iceName(): string | undefined {
    return this.#branch.ice?.ufrag;
  }

  /** What its packets are sealed with when it keys itself by a handshake; then undefined before that is done. */
  get sending(): SendContext | undefined {
    return this.keys.sending;
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

  get payloads(): PayloadTable {
    return this.#payloads;
  }

  /** The component of one of the side's two ports. */
  at(onRtcpPort: boolean): Component {
    return onRtcpPort ? this.#rtcp : this.#rtp;
  }

  /** Whether this is the source we expect this leg at; branches of a fork are told apart by it. */
  isFrom(address: string, port: number, onRtcpPort: boolean): boolean {
    return this.at(onRtcpPort).isFrom(address, port);
  }

  /** The handshakes that datagrams of a port belong to; undefined where none is agreed. */
  endAt(onRtcpPort: boolean): DtlsEnd | undefined {
    return onRtcpPort && this.isRtcpMuxed ? undefined : this.keys.endOf(onRtcpPort);
  }

  /** Source, authenticity, replay, form: in this order. The result is plain RTP in the memory of the packet. */
  receiveRtp(arrival: Arrival): Buffer | MediaDrop {
    const headerBytes = rtpHeaderBytes(arrival.bytes);
    if (headerBytes === 0) return 'rtp_malformed';
    if (!this.#rtp.admits(arrival, this.keys.isSecure)) return 'source_refused';
    const packet = this.keys.openRtp(arrival.bytes);
    if (typeof packet === 'string') return packet;
    if (rtpPaddingBytes(packet, headerBytes) < 0) return 'rtp_malformed';

    if (this.keys.mayLatch(false)) this.#learn(this.#rtp, arrival);
    const ssrc = rtpSsrc(packet);
    this.#extendedSequence = this.keys.lastIndex ?? this.#plainSequences.extend(ssrc, rtpSequence(packet));
    this.#newlyLost = this.#loss.note(ssrc, this.#extendedSequence);
    this.reception.note(packet, this.#payloads, arrival.arrivalUs);
    this.#firstArrivalUs ??= arrival.arrivalUs;
    this.#noteCycle(ssrc, Math.floor(this.#extendedSequence / SEQUENCES));
    return packet;
  }

  /** As `receiveRtp`, for RTCP on the port it came to. */
  receiveRtcp(arrival: Arrival, onRtcpPort: boolean): Buffer | MediaDrop {
    if (!onRtcpPort && !this.isRtcpMuxed) return 'rtcp_not_muxed';
    const component = this.at(onRtcpPort);
    if (!component.admits(arrival, this.keys.isSecure)) return 'source_refused';
    const packet = this.keys.openRtcp(arrival.bytes);
    if (typeof packet === 'string') return packet;
    if (!isRtcp(packet)) return 'rtcp_malformed';

    if (this.keys.mayLatch(true)) this.#learn(component, arrival);
    return packet;
  }

  /** A packet that passes unopened: only where it comes from is asked. */
  receiveOpaque(arrival: Arrival, onRtcpPort: boolean): MediaDrop | undefined {
    const component = this.at(onRtcpPort);
    if (!component.admits(arrival, false)) return 'source_refused';
    if (component.learn(arrival, false)) this.#onChange();
    return undefined;
  }

  toState(nowUs: number): BranchState {
    return {
      ...this.#branch,
      dtls: this.keys.dtlsState(),
      latchedRtp: this.#rtp.learnt(nowUs),
      latchedRtcp: this.#rtcp.learnt(nowUs),
      received: this.keys.received(),
      firstArrivalUs: this.#firstArrivalUs,
    };
  }

  wipe(): void {
    this.keys.wipe();
  }

  #learn(component: Component, arrival: Arrival): void {
    if (component.learn(arrival, this.keys.isSecure)) this.#onChange();
  }

  /** A new source or a wrap of its numbers: what whoever carries on must know to go on opening its packets. */
  #noteCycle(ssrc: number, cycle: number): void {
    if (ssrc === this.#lastSsrc && cycle === this.#lastCycle) return;
    this.#lastSsrc = ssrc;
    this.#lastCycle = cycle;
    this.#onChange();
  }
}

function placeOf(branch: BranchState, remote: Endpoint): ComponentPlace {
  return { remote, isNat: branch.nat, isIce: branch.ice !== null };
}
