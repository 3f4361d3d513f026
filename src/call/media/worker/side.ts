/**
 * One side of a session: its two ports, its legs, and the key that everything sent there by SDES shares. It finds the leg
 * a packet came from, and sends to the one leg that is active.
 */

import type { LegId } from '../../../base/ids.ts';
import type { MediaDrop } from '../drop.ts';
import type { SideStats } from '../messages.ts';
import type { SideState, SrtpKey } from '../session-state.ts';
import { isClientHello } from '../../../protocol/dtls/client-hello.ts';
import { ContextRing } from './context-ring.ts';
import { HeldHellos } from './held-hellos.ts';
import { Leg, type LegParts } from './leg.ts';
import type { Arrival } from './packet-port.ts';
import { keyName } from './security.ts';
import { SendContext } from './send-context.ts';
import type { IceAgent, PortPair, SessionParts, SideTraffic } from './session-parts.ts';

export interface SideOptions {
  readonly ports: PortPair;
  readonly traffic: SideTraffic;
  readonly parts: SessionParts;
  /** Whether an earlier life of the session sent under the same keys. */
  readonly isRestored: boolean;
  readonly onChange: () => void;
  readonly onKeys: () => void;
}

export class MediaSide {
  readonly ports: PortPair;
  readonly traffic: SideTraffic;
  received = 0;
  sent = 0;
  dropped = 0;
  readonly #options: SideOptions;
  readonly #spentSsrcs: readonly number[] | null;
  readonly #contexts = new ContextRing<SendContext>();
  readonly #hellos = new HeldHellos();
  #context: SendContext | undefined;
  #ice: IceAgent | undefined;
  #state: SideState;
  #legs: Leg[] = [];
  #active: Leg | undefined;
  #from: Leg | undefined;
  /** From legs that are gone. */
  #formerlyLost = 0;

  constructor(state: SideState, options: SideOptions) {
    this.ports = options.ports;
    this.traffic = options.traffic;
    this.#options = options;
    this.#spentSsrcs = options.isRestored ? state.sent.map(({ sentSsrc }) => sentSsrc) : null;
    this.#state = state;
    if (state.ice) this.#ice = options.parts.createIceAgent(state.ice);
    this.apply(state);
  }

  /** Takes what signaling says now and returns the legs that are gone. */
  apply(state: SideState): Leg[] {
    const nowUs = this.#options.parts.clock.monoUs();
    this.#context = this.#contextOf(state.sendKey);
    this.#useIce(state);
    this.#state = state;
    const known = this.#legs;
    this.#legs = state.branches.map((branch) => {
      const leg = known.find((each) => each.leg === branch.leg);
      leg?.apply(branch, nowUs);
      return leg ?? new Leg(branch, this.#legParts(nowUs));
    });
    this.#active = this.#legs.find((leg) => leg.leg === state.activeLeg);
    const gone = known.filter((leg) => !this.#legs.includes(leg));
    for (const leg of gone) {
      this.#formerlyLost += leg.reception.lost;
      leg.wipe();
    }
    for (const leg of this.#legs) leg.startHandshakes(nowUs);
    this.#releaseHellos(nowUs);
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

  /** RTP packets from here and to here so far, and how well those from here came. */
  stats(): SideStats {
    const { received, sent, dropped } = this;
    let lost = this.#formerlyLost;
    for (const leg of this.#legs) lost += leg.reception.lost;
    return { received, sent, dropped, lost, jitterMs: this.#active?.reception.jitterMs ?? 0 };
  }

  receiveRtp(arrival: Arrival): Buffer | MediaDrop {
    const expected = this.#expect(arrival, false) ?? this.#legs[0];
    let result = expected ? this.#take(expected, expected.receiveRtp(arrival)) : 'no_leg';
    for (let at = 0; isStrange(result) && at < this.#legs.length; at++) {
      const leg = this.#legs[at];
      if (leg && leg !== expected && mayBeOf(leg, expected, arrival, false)) {
        result = this.#take(leg, leg.receiveRtp(arrival));
      }
    }
    return result;
  }

  receiveRtcp(arrival: Arrival, onRtcpPort: boolean): Buffer | MediaDrop {
    const expected = this.#expect(arrival, onRtcpPort) ?? this.#legs[0];
    let result = expected ? this.#take(expected, expected.receiveRtcp(arrival, onRtcpPort)) : 'no_leg';
    for (let at = 0; isStrange(result) && at < this.#legs.length; at++) {
      const leg = this.#legs[at];
      if (leg && leg !== expected && mayBeOf(leg, expected, arrival, onRtcpPort)) {
        result = this.#take(leg, leg.receiveRtcp(arrival, onRtcpPort));
      }
    }
    return result;
  }

  /** Takes a packet that passes unopened. */
  receiveOpaque(arrival: Arrival, onRtcpPort: boolean): MediaDrop | undefined {
    const leg = this.#expect(arrival, onRtcpPort) ?? this.#active;
    const refused = leg ? leg.receiveOpaque(arrival, onRtcpPort) : 'no_leg';
    this.#from = refused === undefined ? leg : undefined;
    return refused;
  }

  /** Answers a connectivity check, and follows the peer to where it nominates. */
  receiveStun(arrival: Arrival, onRtcpPort: boolean): MediaDrop | undefined {
    const verdict = this.#ice?.receive(arrival.bytes, arrival);
    if (!verdict) return 'stun';
    const port = onRtcpPort ? this.ports.rtcp : this.ports.rtp;
    if (verdict.reply) {
      port.queue(verdict.reply, { address: arrival.address, port: arrival.port });
      port.flush();
    }
    if (verdict.kind === 'refused') return 'stun_refused';
    const leg = this.#legs.find(({ iceName }) => iceName === verdict.peerUfrag);
    if (leg?.at(onRtcpPort).noteCheck(arrival, verdict.nominated) === true) {
      leg.startHandshakes(arrival.arrivalUs);
      this.#releaseHellos(arrival.arrivalUs);
      this.#options.onChange();
    }
    return undefined;
  }

  /** Gives a datagram to the handshake it belongs to. A beginning that nobody waits for yet is kept for who may come. */
  receiveDtls(arrival: Arrival, onRtcpPort: boolean): MediaDrop | undefined {
    const refused = this.#giveToHandshake(arrival, onRtcpPort);
    const mayBeAnothers = refused === 'dtls' || refused === 'source_refused';
    if (!mayBeAnothers || onRtcpPort || !isClientHello(arrival.bytes)) return refused;
    return this.#hellos.add(arrival) ? refused : undefined;
  }

  /** Queues plain RTP of `source`, a leg of the other side, to the active leg. The packet may be rewritten. */
  sendRtp(source: LegId, packet: Buffer, nowUs: number): MediaDrop | undefined {
    const leg = this.#active;
    if (!leg) return 'no_destination';
    const target = leg.whereTo(false, nowUs);
    if (typeof target === 'string') return target;
    const context = this.#contextFor(leg);
    if (!context && leg.keys.isDtls) return 'dtls_not_ready';
    const wire = context ? context.protectRtp(source, packet) : packet;
    if (typeof wire === 'string') return wire;
    if (!this.ports.rtp.queue(wire, target)) return 'send_queue_full';
    this.sent += 1;
    this.traffic.sent.add();
    return undefined;
  }

  /** As `sendRtp`, for RTCP that already has this side's names. */
  sendRtcp(packet: Buffer, nowUs: number): MediaDrop | undefined {
    const leg = this.#active;
    if (!leg) return 'no_destination';
    const target = leg.whereTo(true, nowUs);
    if (typeof target === 'string') return target;
    const wire = leg.keys.isDtls ? leg.keys.protectRtcp(packet) : (this.#context?.protectRtcp(packet) ?? packet);
    if (typeof wire === 'string') return wire;
    const port = leg.isRtcpMuxed ? this.ports.rtp : this.ports.rtcp;
    return port.queue(wire, target) ? undefined : 'send_queue_full';
  }

  /** Queues a packet as it is, from the port that answers the one it came to. */
  sendOpaque(packet: Buffer, onRtcpPort: boolean, nowUs: number): MediaDrop | undefined {
    const target = this.#active?.at(onRtcpPort).whereTo(nowUs) ?? 'no_destination';
    if (typeof target === 'string') return target;
    const port = onRtcpPort ? this.ports.rtcp : this.ports.rtp;
    if (!port.queue(packet, target)) return 'send_queue_full';
    this.sent += 1;
    this.traffic.sent.add();
    return undefined;
  }

  flush(): void {
    this.ports.rtp.flush();
    this.ports.rtcp.flush();
  }

  /** What a source of `leg`, of the other side, is called towards this side's active leg. */
  nameOf(leg: LegId, ssrc: number): number {
    return this.#activeContext()?.nameOf(leg, ssrc) ?? ssrc;
  }

  /** The source of `leg`, of the other side, that is called `ssrc` towards this side's active leg. */
  sourceOf(leg: LegId, ssrc: number): number {
    return this.#activeContext()?.sourceOf(leg, ssrc) ?? ssrc;
  }

  toState(nowUs: number): SideState {
    return {
      ...this.#state,
      branches: this.#legs.map((leg) => leg.toState(nowUs)),
      sent: this.#activeContext()?.state() ?? [],
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

  /** Where branches share a port: the one whose source this is. */
  #expect({ address, port }: Arrival, onRtcpPort: boolean): Leg | undefined {
    for (const leg of this.#legs) if (leg.isFrom(address, port, onRtcpPort)) return leg;
    return undefined;
  }

  /** Whose handshake it is by address; else who is expected there; else, of those still waiting for anybody, the first. */
  #giveToHandshake(arrival: Arrival, onRtcpPort: boolean): MediaDrop | undefined {
    const { address, port } = arrival;
    let refused: MediaDrop = 'dtls';
    for (const step of ['with', 'expected', 'open'] as const) {
      for (const leg of this.#legs) {
        const end = leg.endAt(onRtcpPort);
        if (!end) continue;
        if (refused === 'dtls') refused = 'source_refused';
        const isExpected = leg.isFrom(address, port, onRtcpPort);
        const isNext = step === 'with' ? end.isWith(arrival) : step === 'expected' ? isExpected : end.isOpen;
        if (!isNext) continue;
        const taken = leg.at(onRtcpPort).admits(arrival, true) ? end.receive(arrival, isExpected) : 'source_refused';
        if (taken === undefined) return undefined;
        refused = taken;
      }
    }
    return refused;
  }

  #releaseHellos(nowUs: number): void {
    if (this.#hellos.size === 0 || !this.#legs.some((leg) => leg.endAt(false)?.isOpen === true)) return;
    for (const arrival of this.#hellos.take(nowUs)) {
      const refused = this.#giveToHandshake(arrival, false);
      if (refused !== undefined) this.#options.parts.countDrop(refused);
    }
  }

  #useIce(state: SideState): void {
    const { ice } = state;
    const isSame = ice?.ufrag === this.#state.ice?.ufrag && ice?.password === this.#state.ice?.password;
    if (!isSame) this.#ice = ice ? this.#options.parts.createIceAgent(ice) : undefined;
    this.#ice?.usePeers(state.branches.flatMap((branch) => (branch.ice ? [branch.ice.ufrag] : [])));
  }

  #contextFor(leg: Leg): SendContext | undefined {
    return leg.keys.isDtls ? leg.sending : this.#context;
  }

  #activeContext(): SendContext | undefined {
    return this.#active ? this.#contextFor(this.#active) : this.#context;
  }

  #contextOf(key: SrtpKey | null): SendContext | undefined {
    if (key === null) return undefined;
    const { random, createTransform } = this.#options.parts;
    const { onChange } = this.#options;
    const spentSsrcs = this.#spentSsrcs;
    return this.#contexts.get(
      keyName(key),
      () => new SendContext({ key, createTransform, random, spentSsrcs, onChange }),
    );
  }

  #legParts(nowUs: number): LegParts {
    const { parts, ports, onChange, onKeys } = this.#options;
    const { createTransform, random, dtls, handshakes, countDtls } = parts;
    const spentSsrcs = this.#spentSsrcs;
    return { createTransform, random, dtls, handshakes, countDtls, spentSsrcs, onChange, onKeys, ports, nowUs };
  }
}

/**
 * Whether a packet that `expected` would not take may be another leg's. What comes from the very place of a secure leg is
 * SRTP, and must not be tried on a plain one, that would play it as noise.
 */
function mayBeOf(leg: Leg, expected: Leg | undefined, { address, port }: Arrival, onRtcpPort: boolean): boolean {
  return leg.keys.isSecure || expected?.keys.isSecure !== true || !expected.isFrom(address, port, onRtcpPort);
}

/** Whether another leg of the side may know the packet: its source or its key did not fit. */
function isStrange(result: Buffer | MediaDrop): boolean {
  return (
    result === 'source_refused' ||
    result === 'srtp_unauthentic' ||
    result === 'rtcp_not_muxed' ||
    result === 'dtls_not_ready'
  );
}
