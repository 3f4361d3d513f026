/**
 * One call's anchored audio: two sides and the relay between them, in memory what `SessionState` is as data. Every packet
 * takes one path, top to bottom; nothing on it waits, and what is refused is counted by reason.
 */

import type { CallId, LegId, StreamId } from '../../../base/ids.ts';
import type { Side } from '../../../model/tenant.ts';
import { classify } from '../../../protocol/rtp/classify.ts';
import { rtpPayloadType } from '../../../protocol/rtp/header.ts';
import { renameRtcpSsrcs, type SsrcNames } from '../../../protocol/rtp/rtcp.ts';
import type { MediaDrop } from '../drop.ts';
import type { SessionStats } from '../messages.ts';
import type { SessionState } from '../session-state.ts';
import type { Leg } from './leg.ts';
import type { Arrival, BatchReceiver } from './packet-port.ts';
import type { PortPair, SessionEvents, SessionParts } from './session-parts.ts';
import { MediaSide, type SideOptions } from './side.ts';

export interface SessionOptions {
  readonly parts: SessionParts;
  readonly ports: Readonly<Record<Side, PortPair>>;
  readonly events: SessionEvents;
  /** Whether an earlier life of this session, elsewhere or in another process, left `state`. */
  readonly isRestored: boolean;
}

export class Session {
  readonly call: CallId;
  readonly mLine: number;
  readonly #parts: SessionParts;
  readonly #events: SessionEvents;
  readonly #sides: Readonly<Record<Side, MediaSide>>;
  readonly #names = new RelayNames();
  #state: SessionState;
  #isHeard = false;
  #isHeardForMirror = false;

  constructor(state: SessionState, { parts, ports, events, isRestored }: SessionOptions) {
    this.call = state.call;
    this.mLine = state.mLine;
    this.#parts = parts;
    this.#events = events;
    this.#state = state;
    const optionsOf = (side: Side): SideOptions => ({
      parts,
      ports: ports[side],
      traffic: parts.traffic[side],
      isRestored,
      onChange: () => events.onChange(),
      onKeys: () => events.onKeys(),
    });
    this.#sides = {
      caller: new MediaSide(state.sides.caller, optionsOf('caller')),
      callee: new MediaSide(state.sides.callee, optionsOf('callee')),
    };
    this.#listen(this.#sides.caller, this.#sides.callee);
    this.#listen(this.#sides.callee, this.#sides.caller);
  }

  /** Takes a newer state from signaling and returns the legs whose streams are over; an older one changes nothing. */
  apply(state: SessionState): Leg[] {
    if (state.generation < this.#state.generation) return [];
    this.#state = state;
    const gone = [...this.#sides.caller.apply(state.sides.caller), ...this.#sides.callee.apply(state.sides.callee)];
    return state.mode === 'opaque' ? [...gone, ...this.legs()] : gone;
  }

  /** The leg of a stream that may be listened to. Of an opaque session there is none: nobody knows what it carries. */
  findStream(stream: StreamId): Leg | undefined {
    if (this.#state.mode === 'opaque') return undefined;
    return this.legs().find((leg) => leg.stream === stream);
  }

  legs(): Leg[] {
    return [...this.#sides.caller.legs, ...this.#sides.callee.legs];
  }

  /** Its legs, and how many of them have sent audio. */
  counts(): { readonly legs: number; readonly streams: number } {
    const legs = this.legs();
    return { legs: legs.length, streams: legs.filter((leg) => leg.firstArrivalUs !== null).length };
  }

  /** Interarrival jitter of the active leg of that side. */
  jitterMs(side: Side): number {
    return this.#sides[side].active?.reception.jitterMs ?? 0;
  }

  /** Whether accepted RTP or RTCP arrived since this was last asked: peers on hold are silent but for their reports. */
  wasActive(): boolean {
    const isActive = this.#isHeard;
    this.#isHeard = false;
    return isActive;
  }

  /** The same for whoever mirrors it. */
  wasHeardSinceMirrored(): boolean {
    const isHeard = this.#isHeardForMirror;
    this.#isHeardForMirror = false;
    return isHeard;
  }

  /** Does what no packet comes to do: ends key presses whose end was lost. */
  sweep(nowUs: number): void {
    for (const side of [this.#sides.caller, this.#sides.callee]) {
      for (const leg of side.legs) {
        if (leg.dtmf.expire(nowUs)) this.#events.onDtmf(leg.stream, leg.dtmf.atUs, leg.dtmf.durationMs);
        side.traffic.dtmfUntold.add(leg.dtmf.takeUntold());
      }
    }
  }

  stats(final: boolean): SessionStats {
    const { caller, callee } = this.#sides;
    return { call: this.call, mLine: this.mLine, final, sides: { caller: caller.stats(), callee: callee.stats() } };
  }

  /** Everything another worker needs to go on with this session. */
  toState(): SessionState {
    const nowUs = this.#parts.clock.monoUs();
    const { caller, callee } = this.#sides;
    return { ...this.#state, sides: { caller: caller.toState(nowUs), callee: callee.toState(nowUs) } };
  }

  /** Stops listening and zeroes every key. */
  end(): void {
    for (const side of [this.#sides.caller, this.#sides.callee]) {
      side.ports.rtp.receiver = undefined;
      side.ports.rtcp.receiver = undefined;
      side.wipe();
    }
  }

  #listen(from: MediaSide, to: MediaSide): void {
    const receive = (onRtcpPort: boolean): BatchReceiver => ({
      onBatch: (arrivals) => {
        for (const arrival of arrivals) this.#onArrival(from, to, arrival, onRtcpPort);
        to.flush();
      },
    });
    from.ports.rtp.receiver = receive(false);
    from.ports.rtcp.receiver = receive(true);
  }

  #onArrival(from: MediaSide, to: MediaSide, arrival: Arrival, onRtcpPort: boolean): void {
    const reason =
      this.#state.mode === 'opaque'
        ? this.#onOpaque(from, to, arrival, onRtcpPort)
        : this.#pass(from, to, arrival, onRtcpPort);
    if (reason === undefined) return;
    from.dropped += 1;
    this.#parts.countDrop(reason);
  }

  #pass(from: MediaSide, to: MediaSide, arrival: Arrival, onRtcpPort: boolean): MediaDrop | undefined {
    const kind = classify(arrival.bytes);
    switch (kind) {
      case 'rtp':
        return onRtcpPort ? 'rtp_on_rtcp_port' : this.#onRtp(from, to, arrival);
      case 'rtcp':
        return this.#onRtcp(from, to, arrival, onRtcpPort);
      case 'stun':
        return from.receiveStun(arrival, onRtcpPort);
      case 'dtls':
        return from.receiveDtls(arrival, onRtcpPort);
      default:
        return kind;
    }
  }

  /**
   * The direction attribute is not asked: it is an agreement between the peers, and a relay that slept through a hold
   * would lose the counters that the first packet after it needs.
   */
  #onRtp(from: MediaSide, to: MediaSide, arrival: Arrival): MediaDrop | undefined {
    const packet = from.receiveRtp(arrival);
    if (typeof packet === 'string') return packet;
    this.#isHeard = this.#isHeardForMirror = true;
    from.received += 1;
    from.traffic.received.add();
    const leg = from.from;
    if (leg !== undefined) from.traffic.lost.add(leg.newlyLost);
    if (leg?.startStream() === true) this.#events.onStreamStarted(leg.stream, arrival.arrivalUs);
    if (!leg || leg !== from.active) return 'inactive_branch';
    leg.tap?.offer(packet, leg.extendedSequence, arrival.arrivalUs);
    if (leg.payloads.isDtmf(rtpPayloadType(packet))) this.#onDtmfPacket(leg, packet, arrival.arrivalUs);
    return to.sendRtp(leg.leg, packet, arrival.arrivalUs);
  }

  #onDtmfPacket(leg: Leg, packet: Buffer, arrivalUs: number): void {
    const { dtmf, payloads } = leg;
    if (!dtmf.note(packet, payloads.clockRateHz(rtpPayloadType(packet)), arrivalUs)) return;
    this.#events.onDtmf(leg.stream, dtmf.atUs, dtmf.durationMs);
  }

  #onRtcp(from: MediaSide, to: MediaSide, arrival: Arrival, onRtcpPort: boolean): MediaDrop | undefined {
    const packet = from.receiveRtcp(arrival, onRtcpPort);
    if (typeof packet === 'string') return packet;
    this.#isHeard = this.#isHeardForMirror = true;
    const leg = from.from;
    if (!leg || leg !== from.active) return 'inactive_branch';
    const listener = to.active;
    if (!listener) return 'no_destination';
    this.#names.between(from, leg.leg, to, listener.leg);
    if (!renameRtcpSsrcs(packet, this.#names)) return 'rtcp_malformed';
    return to.sendRtcp(packet, arrival.arrivalUs);
  }

  /** Whatever it is, it goes to the other side as it came, if it came from where that side's SDP says. */
  #onOpaque(from: MediaSide, to: MediaSide, arrival: Arrival, onRtcpPort: boolean): MediaDrop | undefined {
    const refused = from.receiveOpaque(arrival, onRtcpPort);
    if (refused !== undefined) return refused;
    this.#isHeard = this.#isHeardForMirror = true;
    from.received += 1;
    from.traffic.received.add();
    if (from.from !== from.active) return 'inactive_branch';
    return to.sendOpaque(arrival.bytes, onRtcpPort, arrival.arrivalUs);
  }
}

/** SSRCs of RTCP on its way from one side to the other: its speaker's as sent there, what it heard as sent here. */
class RelayNames implements SsrcNames {
  #from: MediaSide | undefined;
  #to: MediaSide | undefined;
  #speaker: LegId | undefined;
  #heard: LegId | undefined;

  between(from: MediaSide, speaker: LegId, to: MediaSide, heard: LegId): void {
    this.#from = from;
    this.#to = to;
    this.#speaker = speaker;
    this.#heard = heard;
  }

  ofSender(ssrc: number): number {
    return this.#to && this.#speaker ? this.#to.nameOf(this.#speaker, ssrc) : ssrc;
  }

  ofHeard(ssrc: number): number {
    return this.#from && this.#heard ? this.#from.sourceOf(this.#heard, ssrc) : ssrc;
  }
}
