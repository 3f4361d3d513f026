/**
 * One key of ours: protects RTP and RTCP, and never two packets under the same (key, SSRC, index). Whoever chooses the
 * sequence numbers we forward could otherwise choose our nonces: two payloads under one keystream give both away.
 */

import { rtpHeaderBytes, rtpSequence, rtpSsrc } from '../rtp/header.ts';
import { rtcpSenderSsrc } from '../rtp/rtcp.ts';
import { MAX_SSRCS, type SrtpDrop } from './drop.ts';
import { SsrcIndices, type SsrcIndexState } from './index-state.ts';
import { guessIndex, MAX_LIFETIME_PACKETS, MAX_RTCP_INDEX, MAX_RTP_INDEX, rocOf } from './packet-index.ts';
import type { SrtpTransform } from './transform.ts';

const RTCP_HEADER_BYTES = 8;

export class SrtpSender {
  #transform: SrtpTransform | undefined;
  readonly #bySsrc = new Map<number, SsrcIndices>();
  #rtpLeft: number;
  #rtcpLeft: number;

  /**
   * `known` must be the newest state there is: an older one would let an index be used again. `lifetimePackets` is what
   * is left of the life that signaling gave to the key.
   */
  constructor(
    transform: SrtpTransform,
    known: readonly SsrcIndexState[] = [],
    lifetimePackets: number = MAX_LIFETIME_PACKETS,
  ) {
    this.#transform = transform;
    this.#rtpLeft = lifetimePackets;
    this.#rtcpLeft = lifetimePackets;
    for (const state of known.slice(0, MAX_SSRCS)) this.#bySsrc.set(state.ssrc, new SsrcIndices(state));
  }

  /** Whether anything was ever protected under this SSRC. */
  has(ssrc: number): boolean {
    return this.#bySsrc.has(ssrc);
  }

  /** Packets that the key may still be used for. */
  get lifetimeLeft(): number {
    return Math.min(this.#rtpLeft, this.#rtcpLeft);
  }

  /** SRTP in a new buffer. A repeated packet, or one too late to know, is refused. */
  protectRtp(packet: Buffer): Buffer | SrtpDrop {
    const transform = this.#transform;
    if (!transform) return 'srtp_wiped';
    const headerBytes = rtpHeaderBytes(packet);
    if (headerBytes === 0) return 'srtp_malformed';
    const index = this.#takeRtpIndex(packet);
    if (typeof index === 'string') return index;
    const sealed = Buffer.allocUnsafe(packet.length + transform.rtpOverheadBytes);
    sealed.set(packet, 0);
    transform.sealRtp(sealed, packet.length, headerBytes, rocOf(index));
    return sealed;
  }

  /** SRTCP in a new buffer, under the next index of the packet's sender SSRC. */
  protectRtcp(packet: Buffer): Buffer | SrtpDrop {
    const transform = this.#transform;
    if (!transform) return 'srtp_wiped';
    if (packet.length < RTCP_HEADER_BYTES || packet[0]! >> 6 !== 2) return 'srtp_malformed';
    const indices = this.#indicesOf(rtcpSenderSsrc(packet));
    if (!indices) return 'srtp_too_many_ssrcs';

    const index = indices.rtcp.highest + 1;
    if (index > MAX_RTCP_INDEX || this.#rtcpLeft <= 0) return 'srtp_key_exhausted';
    indices.rtcp.commit(index);
    this.#rtcpLeft -= 1;
    return transform.sealRtcp(packet, index);
  }

  state(): SsrcIndexState[] {
    return [...this.#bySsrc].map(([ssrc, indices]) => indices.toState(ssrc));
  }

  wipe(): void {
    this.#transform?.wipe();
    this.#transform = undefined;
    this.#bySsrc.clear();
  }

  /** The index of this packet, now used up. */
  #takeRtpIndex(packet: Buffer): number | SrtpDrop {
    const indices = this.#indicesOf(rtpSsrc(packet));
    if (!indices) return 'srtp_too_many_ssrcs';

    const index = guessIndex(indices.rtp.highest, rtpSequence(packet));
    const freshness = indices.rtp.check(index);
    if (freshness === 'seen') return 'srtp_index_used';
    if (freshness === 'old') return 'srtp_index_too_old';
    if (index > MAX_RTP_INDEX || this.#rtpLeft <= 0) return 'srtp_key_exhausted';
    indices.rtp.commit(index);
    this.#rtpLeft -= 1;
    return index;
  }

  #indicesOf(ssrc: number): SsrcIndices | undefined {
    const known = this.#bySsrc.get(ssrc);
    if (known || this.#bySsrc.size >= MAX_SSRCS) return known;
    const indices = new SsrcIndices();
    this.#bySsrc.set(ssrc, indices);
    return indices;
  }
}
