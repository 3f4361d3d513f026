/**
 * One call's anchored audio: two sides and the relay between them, in memory what `SessionState` is as data. Every packet
 * takes one path, top to bottom; nothing on it waits, and what is refused is counted by reason.
 */

import type { CallId, LegId, RandomBytes, StreamId } from '../../../base/ids.ts';
import type { Side } from '../../../model/tenant.ts';
import { classify } from '../../../protocol/rtp/classify.ts';
import { renameRtcpSsrcs, type SsrcNames } from '../../../protocol/rtp/rtcp.ts';
import type { MediaDrop } from '../drop.ts';
import type { SessionStats, SideStats } from '../messages.ts';
import type { SessionState } from '../session-state.ts';
import type { Leg } from './leg.ts';
import type { Arrival, BatchReceiver } from './packet-port.ts';
import { MediaSide, type PortPair, type SideTraffic } from './side.ts';

export interface SessionOptions {
  readonly ports: Readonly<Record<Side, PortPair>>;
  readonly random: RandomBytes;
  readonly countDrop: (reason: MediaDrop) => void;
  /** What every session of the worker counts together. */
  readonly traffic: Readonly<Record<Side, SideTraffic>>;
  /** Once per stream, at its first accepted packet. */
  readonly onStreamStarted: (stream: StreamId, firstArrivalUs: number) => void;
}

export class Session {
  readonly call: CallId;
  readonly mLine: number;
  readonly #sides: Readonly<Record<Side, MediaSide>>;
  readonly #countDrop: (reason: MediaDrop) => void;
  readonly #onStreamStarted: (stream: StreamId, firstArrivalUs: number) => void;
  readonly #names = new RelayNames();
  #state: SessionState;
  #isHeard = false;

  constructor(state: SessionState, { ports, random, countDrop, traffic, onStreamStarted }: SessionOptions) {
    const { caller, callee } = state.sides;
    this.call = state.call;
    this.mLine = state.mLine;
    this.#state = state;
    this.#countDrop = countDrop;
    this.#onStreamStarted = onStreamStarted;
    this.#sides = {
      caller: new MediaSide(caller, ports.caller, { random, traffic: traffic.caller, oppositeLeg: callee.activeLeg }),
      callee: new MediaSide(callee, ports.callee, { random, traffic: traffic.callee, oppositeLeg: caller.activeLeg }),
    };
    this.#listen(this.#sides.caller, this.#sides.callee);
    this.#listen(this.#sides.callee, this.#sides.caller);
  }

  /** Takes a newer state from signaling and returns the legs that are gone; an older one changes nothing. */
  apply(state: SessionState): Leg[] {
    if (state.generation < this.#state.generation) return [];
    this.#state = state;
    return [...this.#sides.caller.apply(state.sides.caller), ...this.#sides.callee.apply(state.sides.callee)];
  }

  findStream(stream: StreamId): Leg | undefined {
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

  /** Whether accepted RTP or RTCP arrived since this was last asked: peers on hold are silent but for their reports. */
  wasActive(): boolean {
    const isActive = this.#isHeard;
    this.#isHeard = false;
    return isActive;
  }

  stats(final: boolean): SessionStats {
    const { caller, callee } = this.#sides;
    return { call: this.call, mLine: this.mLine, final, sides: { caller: count(caller), callee: count(callee) } };
  }

  /** Everything another worker needs to go on with this session. */
  toState(): SessionState {
    const { caller, callee } = this.#sides;
    return { ...this.#state, sides: { caller: caller.toState(), callee: callee.toState() } };
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
    const reason = this.#pass(from, to, arrival, onRtcpPort);
    if (reason === undefined) return;
    from.dropped += 1;
    this.#countDrop(reason);
  }

  #pass(from: MediaSide, to: MediaSide, arrival: Arrival, onRtcpPort: boolean): MediaDrop | undefined {
    const kind = classify(arrival.bytes);
    switch (kind) {
      case 'rtp':
        return onRtcpPort ? 'rtp_on_rtcp_port' : this.#onRtp(from, to, arrival);
      case 'rtcp':
        return this.#onRtcp(from, to, arrival, onRtcpPort);
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
    this.#isHeard = true;
    from.received += 1;
    from.traffic.received.add();
    const leg = from.from;
    if (leg !== undefined) from.traffic.lost.add(leg.newlyLost);
    if (leg?.startStream() === true) this.#onStreamStarted(leg.stream, arrival.arrivalUs);
    if (!leg || leg !== from.active) return 'inactive_branch';
    leg.tap?.offer(packet, leg.extendedSequence, arrival.arrivalUs);
    return to.sendRtp(leg.leg, packet);
  }

  #onRtcp(from: MediaSide, to: MediaSide, arrival: Arrival, onRtcpPort: boolean): MediaDrop | undefined {
    const packet = from.receiveRtcp(arrival, onRtcpPort);
    if (typeof packet === 'string') return packet;
    this.#isHeard = true;
    const leg = from.from;
    if (!leg || leg !== from.active) return 'inactive_branch';
    const listener = to.active;
    if (!listener) return 'no_destination';
    this.#names.between(from, leg.leg, to, listener.leg);
    if (!renameRtcpSsrcs(packet, this.#names)) return 'rtcp_malformed';
    return to.sendRtcp(packet);
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

function count({ received, sent, dropped }: MediaSide): SideStats {
  return { received, sent, dropped };
}
