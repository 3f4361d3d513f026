/**
 * One key that somebody sends to us with: opens SRTP and SRTCP (RFC 3711 §3.3, §3.4). Refusals are words; a packet that
 * is not authentic changes nothing, and no SSRC is remembered before one of its packets was.
 */

import { rtpHeaderBytes, rtpSequence, rtpSsrc } from '../rtp/header.ts';
import { rtcpSenderSsrc } from '../rtp/rtcp.ts';
import { MAX_SSRCS, type SrtpDrop } from './drop.ts';
import { SsrcIndices, type SsrcIndexState } from './index-state.ts';
import { guessIndex, MAX_LIFETIME_PACKETS, MAX_RTP_INDEX, rocOf, SEQUENCES } from './packet-index.ts';
import type { SrtpTransform } from './transform.ts';

const RTCP_HEADER_BYTES = 8;
const ENCRYPTED_BIT = 0x8000_0000;

export class SrtpReceiver {
  #transform: SrtpTransform | undefined;
  readonly #bySsrc = new Map<number, SsrcIndices>();
  #lastIndex = 0;
  #lastWasNewest = false;
  #rtpLeft: number;
  #rtcpLeft: number;

  /** `lifetimePackets` is what is left of the life that signaling gave to the key. */
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

  /** Index (ROC × 65536 + sequence) of the last RTP packet that was opened. */
  get lastIndex(): number {
    return this.#lastIndex;
  }

  /** Whether the last opened packet, RTP or RTCP, is the newest of its SSRC: one that may move a latch. */
  get lastWasNewest(): boolean {
    return this.#lastWasNewest;
  }

  /** Packets that the key may still be used for. */
  get lifetimeLeft(): number {
    return Math.min(this.#rtpLeft, this.#rtcpLeft);
  }

  /** Opens in place and returns a view of `packet` that is plain RTP, or says why not. */
  unprotectRtp(packet: Buffer): Buffer | SrtpDrop {
    const transform = this.#transform;
    if (!transform) return 'srtp_wiped';
    if (this.#rtpLeft <= 0) return 'srtp_key_exhausted';
    const headerBytes = rtpHeaderBytes(packet);
    if (headerBytes === 0 || packet.length < headerBytes + transform.rtpOverheadBytes) return 'srtp_malformed';

    const ssrc = rtpSsrc(packet);
    const known = this.#bySsrc.get(ssrc);
    const sequence = rtpSequence(packet);
    const highest = known?.rtp.highest ?? -1;
    if (highest < 0) return this.#openFirst(transform, packet, headerBytes, known);

    // The window is asked before the tag, which saves work, and told after it: a forgery cannot move it.
    const guess = guessIndex(highest, sequence);
    const freshness = known?.rtp.check(guess) ?? 'fresh';
    if (freshness === 'seen') return 'srtp_replayed';
    // What looks long gone may lie more than half a cycle ahead: a path that was silent for eleven minutes. The tag
    // covers the counter, so a packet that really is old cannot verify as a newer one.
    const index = freshness === 'old' ? guess + SEQUENCES : guess;
    if (index > MAX_RTP_INDEX) return 'srtp_key_exhausted';
    const opened = this.#open(transform, packet, headerBytes, known, index);
    return opened ?? (freshness === 'old' ? 'srtp_too_old' : 'srtp_unauthentic');
  }

  /** As `unprotectRtp`, for SRTCP; the result has neither index nor tag. */
  unprotectRtcp(packet: Buffer): Buffer | SrtpDrop {
    const transform = this.#transform;
    if (!transform) return 'srtp_wiped';
    if (packet.length < RTCP_HEADER_BYTES + transform.rtcpOverheadBytes || packet[0]! >> 6 !== 2) {
      return 'srtp_malformed';
    }
    if (this.#rtcpLeft <= 0) return 'srtp_key_exhausted';
    const word = transform.readRtcpIndexWord(packet);
    if (word < ENCRYPTED_BIT) return 'srtcp_unencrypted';
    const index = word - ENCRYPTED_BIT;
    const ssrc = rtcpSenderSsrc(packet);
    const known = this.#bySsrc.get(ssrc);
    const freshness = known?.rtcp.check(index) ?? 'fresh';
    if (freshness === 'seen') return 'srtp_replayed';
    if (freshness === 'old') return 'srtp_too_old';

    const opened = transform.openRtcp(packet);
    if (!opened) return 'srtp_unauthentic';
    const indices = known ?? this.#remember(ssrc);
    if (!indices) return 'srtp_too_many_ssrcs';
    this.#lastWasNewest = index > indices.rtcp.highest;
    indices.rtcp.commit(index);
    this.#rtcpLeft -= 1;
    return opened;
  }

  /** Everything needed to go on elsewhere with the same key. */
  state(): SsrcIndexState[] {
    return [...this.#bySsrc].map(([ssrc, indices]) => indices.toState(ssrc));
  }

  wipe(): void {
    this.#transform?.wipe();
    this.#transform = undefined;
    this.#bySsrc.clear();
  }

  /**
   * The first RTP packet of an SSRC: its counter starts at 0, whatever other SSRCs stand at. If we missed the very first
   * packets and the sequence has wrapped meanwhile it is 1.
   */
  #openFirst(
    transform: SrtpTransform,
    packet: Buffer,
    headerBytes: number,
    known: SsrcIndices | undefined,
  ): Buffer | SrtpDrop {
    const sequence = rtpSequence(packet);
    return (
      this.#open(transform, packet, headerBytes, known, sequence) ??
      this.#open(transform, packet, headerBytes, known, SEQUENCES + sequence) ??
      'srtp_unauthentic'
    );
  }

  #open(
    transform: SrtpTransform,
    packet: Buffer,
    headerBytes: number,
    known: SsrcIndices | undefined,
    index: number,
  ): Buffer | 'srtp_too_many_ssrcs' | undefined {
    const opened = transform.openRtp(packet, headerBytes, rocOf(index));
    if (!opened) return undefined;
    const indices = known ?? this.#remember(rtpSsrc(packet));
    if (!indices) return 'srtp_too_many_ssrcs';
    this.#lastIndex = index;
    this.#lastWasNewest = index > indices.rtp.highest;
    indices.rtp.commit(index);
    this.#rtpLeft -= 1;
    return opened;
  }

  #remember(ssrc: number): SsrcIndices | undefined {
    if (this.#bySsrc.size >= MAX_SSRCS) return undefined;
    const indices = new SsrcIndices();
    this.#bySsrc.set(ssrc, indices);
    return indices;
  }
}
