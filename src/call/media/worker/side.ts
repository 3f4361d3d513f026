/**
 * One side of a session: its two ports, its legs, and the key everything sent there shares. It finds the leg a packet
 * came from, and sends to the one leg that is active.
 */

import type { LegId, RandomBytes } from '../../../base/ids.ts';
import type { Metric } from '../../../base/metrics.ts';
import type { MediaDrop } from '../drop.ts';
import type { MediaPair, SentSsrc, SideState, SrtpKey } from '../session-state.ts';
import { ContextRing } from './context-ring.ts';
import { Leg } from './leg.ts';
import type { Arrival, PacketPort } from './packet-port.ts';
import { keyName } from './security.ts';
import { SendContext } from './send-context.ts';

export interface PortPair {
  readonly pair: MediaPair;
  readonly rtp: PacketPort;
  readonly rtcp: PacketPort;
}

/** RTP packets accepted from legs of one side, sent to them, and missing in what came from them. */
export interface SideTraffic {
  readonly received: Metric;
  readonly sent: Metric;
  readonly lost: Metric;
}

export class MediaSide {
  readonly ports: PortPair;
  readonly traffic: SideTraffic;
  received = 0;
  sent = 0;
  dropped = 0;
  readonly #random: RandomBytes;
  readonly #contexts = new ContextRing<SendContext>();
  #context: SendContext | undefined;
  #state: SideState;
  #legs: Leg[] = [];
  #active: Leg | undefined;
  #from: Leg | undefined;

  /** `oppositeLeg` is the leg whose media was sent here before, for a state that another worker saved. */
  constructor(
    state: SideState,
    ports: PortPair,
    options: { readonly random: RandomBytes; readonly traffic: SideTraffic; readonly oppositeLeg: LegId | null },
  ) {
    this.ports = ports;
    this.traffic = options.traffic;
    this.#random = options.random;
    this.#state = state;
    this.#context = this.#contextOf(state.sendKey, state.sent, options.oppositeLeg);
    this.apply(state);
  }

  /** Takes what signaling says now and returns the legs that are gone. */
  apply(state: SideState): Leg[] {
    this.#state = state;
    this.#context = this.#contextOf(state.sendKey, [], null);
    const known = this.#legs;
    this.#legs = state.branches.map((branch) => {
      const leg = known.find((each) => each.leg === branch.leg);
      leg?.apply(branch);
      return leg ?? new Leg(branch);
    });
    this.#active = this.#legs.find((leg) => leg.leg === state.activeLeg);
    const gone = known.filter((leg) => !this.#legs.includes(leg));
    for (const leg of gone) leg.wipe();
    return gone;
  }

  get legs(): readonly Leg[] {
    return this.#legs;
  }

  get active(): Leg | undefined {
    return this.#active;
  }

  /** The leg that the packet received last came from. */
  get from(): Leg | undefined {
    return this.#from;
  }

  receiveRtp(arrival: Arrival): Buffer | MediaDrop {
    const expected = this.#expect(arrival, false);
    let result = expected ? this.#take(expected, expected.receiveRtp(arrival)) : 'no_leg';
    for (let at = 0; isStrange(result) && at < this.#legs.length; at++) {
      const leg = this.#legs[at];
      if (leg && leg !== expected) result = this.#take(leg, leg.receiveRtp(arrival));
    }
    return result;
  }

  receiveRtcp(arrival: Arrival, onRtcpPort: boolean): Buffer | MediaDrop {
    const expected = this.#expect(arrival, true);
    let result = expected ? this.#take(expected, expected.receiveRtcp(arrival, onRtcpPort)) : 'no_leg';
    for (let at = 0; isStrange(result) && at < this.#legs.length; at++) {
      const leg = this.#legs[at];
      if (leg && leg !== expected) result = this.#take(leg, leg.receiveRtcp(arrival, onRtcpPort));
    }
    return result;
  }

  /** Queues plain RTP of `source`, a leg of the other side, to the active leg. The packet may be rewritten. */
  sendRtp(source: LegId, packet: Buffer): MediaDrop | undefined {
    const target = this.#active?.rtpTarget;
    if (!target) return 'no_destination';
    const wire = this.#context ? this.#context.protectRtp(source, packet) : packet;
    if (typeof wire === 'string') return wire;
    if (!this.ports.rtp.queue(wire, target)) return 'send_queue_full';
    this.sent += 1;
    this.traffic.sent.add();
    return undefined;
  }

  /** As `sendRtp`, for RTCP that already has this side's names. */
  sendRtcp(packet: Buffer): MediaDrop | undefined {
    const target = this.#active?.rtcpTarget;
    if (!target) return 'no_destination';
    const wire = this.#context ? this.#context.protectRtcp(packet) : packet;
    if (typeof wire === 'string') return wire;
    const port = this.#active?.isRtcpMuxed === true ? this.ports.rtp : this.ports.rtcp;
    return port.queue(wire, target) ? undefined : 'send_queue_full';
  }

  flush(): void {
    this.ports.rtp.flush();
    this.ports.rtcp.flush();
  }

  /** What a source of `leg`, of the other side, is called towards this side. */
  nameOf(leg: LegId, ssrc: number): number {
    return this.#context?.nameOf(leg, ssrc) ?? ssrc;
  }

  /** The source of `leg`, of the other side, that is called `ssrc` towards this side. */
  sourceOf(leg: LegId, ssrc: number): number {
    return this.#context?.sourceOf(leg, ssrc) ?? ssrc;
  }

  toState(): SideState {
    return {
      ...this.#state,
      branches: this.#legs.map((leg) => leg.toState()),
      sent: this.#context?.state() ?? [],
    };
  }

  wipe(): void {
    this.#contexts.wipe();
    this.#context = undefined;
    for (const leg of this.#legs) leg.wipe();
  }

  #take(leg: Leg, result: Buffer | MediaDrop): Buffer | MediaDrop {
    if (typeof result !== 'string') this.#from = leg;
    return result;
  }

  /** Where branches share a port: the one whose source this is, else the first. */
  #expect({ address, port }: Arrival, isRtcp: boolean): Leg | undefined {
    for (const leg of this.#legs) if (leg.isFrom(address, port, isRtcp)) return leg;
    return this.#legs[0];
  }

  #contextOf(key: SrtpKey | null, sent: readonly SentSsrc[], sentFrom: LegId | null): SendContext | undefined {
    if (key === null) return undefined;
    return this.#contexts.get(keyName(key), () => new SendContext({ key, random: this.#random, sent, sentFrom }));
  }
}

/** Whether another leg of the side may know the packet: its source or its key did not fit. */
function isStrange(result: Buffer | MediaDrop): boolean {
  return result === 'source_refused' || result === 'srtp_unauthentic' || result === 'rtcp_not_muxed';
}
