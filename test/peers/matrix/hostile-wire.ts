/**
 * A network between a phone and the node that keeps copies of what the phone sends, and delays, repeats and changes
 * packets as it is told: it has no key. It is a phone to its owner, whose descriptions name its own ports.
 */

import { randomInt } from 'node:crypto';
import { bindPair, bindUdp, type UdpPort } from '../../../src/demo/softphone/udp-port.ts';
import { movedTo, placeOf, type Place } from './describe.ts';
import type { MediaCounts, MediaEnd } from './media-end.ts';

interface Pair {
  readonly rtp: UdpPort;
  readonly rtcp: UdpPort;
}

/** Which of the packets of the phone go on now, in this order. */
export type OnRtp = (packet: Buffer) => readonly Buffer[];

export class HostileWire implements MediaEnd {
  /** Copies of what the phone sent, as it was on the wire. */
  readonly kept = { rtp: [] as Buffer[], rtcp: [] as Buffer[] };
  onRtp: OnRtp = (packet) => [packet];
  /** What becomes of the phone's descriptions. */
  onSaid: (sdp: string) => string = (sdp) => sdp;
  readonly #phone: MediaEnd;
  #near!: Pair;
  #far!: Pair;
  #phonePlace: Place | undefined;
  #nodePlace: Place | undefined;

  private constructor(phone: MediaEnd) {
    this.#phone = phone;
  }

  static async before(phone: MediaEnd): Promise<HostileWire> {
    const wire = new HostileWire(phone);
    wire.#near = await bindPair({
      bind: bindUdp,
      address: '127.0.0.1',
      onRtp: (bytes) => wire.#fromPhone(bytes),
      onRtcp: (bytes) => wire.#rtcpFromPhone(bytes),
    });
    wire.#far = await bindPair({
      bind: bindUdp,
      address: '127.0.0.1',
      onRtp: (bytes) => wire.#phonePlace && wire.#near.rtp.send(bytes, wire.#phonePlace.rtp),
      onRtcp: (bytes) => wire.#phonePlace && wire.#near.rtcp.send(bytes, wire.#phonePlace.rtcp),
    });
    return wire;
  }

  /** Everything that was kept, again, from where the phone is or from a stranger's port; gives how many that were. */
  async repeat(options: { readonly isStranger?: boolean } = {}): Promise<number> {
    const { rtp, rtcp } = this.kept;
    await this.inject({ rtp, rtcp }, options);
    return rtp.length + rtcp.length;
  }

  /** All of it as if it were later, and all of it with a bit changed; gives how many that were. */
  async forge(): Promise<number> {
    const rtp = [...this.kept.rtp.map(asLater), ...this.kept.rtp.map(withBitChanged)];
    const rtcp = this.kept.rtcp.map(withBitChanged);
    await this.inject({ rtp, rtcp });
    return rtp.length + rtcp.length;
  }

  /** A packet that the phone sent and the node never got. */
  async withheld(): Promise<Buffer> {
    const onRtp = this.onRtp;
    const packet = new Promise<Buffer>((resolve) => {
      this.onRtp = (sent) => {
        resolve(Buffer.from(sent));
        return [];
      };
    });
    this.send(1, 2);
    const held = await packet;
    this.onRtp = onRtp;
    return held;
  }

  /** Sends these to the node. */
  async inject(
    packets: { readonly rtp: readonly Buffer[]; readonly rtcp: readonly Buffer[] },
    { isStranger = false }: { readonly isStranger?: boolean } = {},
  ): Promise<void> {
    const place = this.#nodePlace;
    if (!place) throw new Error('the node has not said where it is');
    const from = isStranger
      ? await bindPair({ bind: bindUdp, address: '127.0.0.1', onRtp: () => undefined, onRtcp: () => undefined })
      : this.#far;
    for (const packet of packets.rtp) from.rtp.send(packet, place.rtp);
    for (const packet of packets.rtcp) from.rtcp.send(packet, place.rtcp);
    if (isStranger) await Promise.all([from.rtp.close(), from.rtcp.close()]);
  }

  async offer(): Promise<string> {
    return this.#hide(await this.#phone.offer());
  }

  async answer(offer: string): Promise<string> {
    return this.#hide(await this.#phone.answer(this.#show(offer)));
  }

  accept(answer: string): Promise<void> {
    return this.#phone.accept(this.#show(answer));
  }

  reanswer(offer: string): string {
    return this.#hide(this.#phone.reanswer(this.#show(offer)));
  }

  send(packets: number, reportEvery: number): void {
    this.#phone.send(packets, reportEvery);
  }

  counts(): Promise<MediaCounts> {
    return this.#phone.counts();
  }

  async stop(): Promise<void> {
    await this.#phone.stop();
    await Promise.all([this.#near.rtp, this.#near.rtcp, this.#far.rtp, this.#far.rtcp].map((port) => port.close()));
  }

  #fromPhone(packet: Buffer): void {
    const place = this.#nodePlace;
    if (!place) return;
    // Handshakes pass as they are.
    if (packet[0]! >> 6 !== 2) {
      this.#far.rtp.send(packet, place.rtp);
      return;
    }
    this.kept.rtp.push(Buffer.from(packet));
    for (const each of this.onRtp(packet)) this.#far.rtp.send(each, place.rtp);
  }

  #rtcpFromPhone(packet: Buffer): void {
    const place = this.#nodePlace;
    if (!place) return;
    if (packet[0]! >> 6 === 2) this.kept.rtcp.push(Buffer.from(packet));
    this.#far.rtcp.send(packet, place.rtcp);
  }

  #hide(sdp: string): string {
    this.#phonePlace = placeOf(sdp);
    return movedTo(this.onSaid(sdp), { rtp: this.#far.rtp.port, rtcp: this.#far.rtcp.port });
  }

  #show(sdp: string): string {
    this.#nodePlace = placeOf(sdp);
    return movedTo(sdp, { rtp: this.#near.rtp.port, rtcp: this.#near.rtcp.port });
  }
}

/** The same numbered further on, where nothing was received yet. */
function asLater(packet: Buffer): Buffer {
  const forged = Buffer.from(packet);
  forged.writeUInt16BE((forged.readUInt16BE(2) + 5000) & 0xffff, 2);
  return forged;
}

/** Anywhere behind what says whose it is. */
function withBitChanged(packet: Buffer): Buffer {
  const forged = Buffer.from(packet);
  const at = randomInt(12, forged.length);
  forged.writeUInt8(forged.readUInt8(at) ^ (1 << randomInt(8)), at);
  return forged;
}

/** Groups of so many, each the other way round. */
export function reversedIn(groupOf: number): OnRtp {
  let held: Buffer[] = [];
  return (packet) => {
    held = [packet, ...held];
    if (held.length < groupOf) return [];
    const group = held;
    held = [];
    return group;
  };
}
