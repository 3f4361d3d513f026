/**
 * One sending key of one side, shared by all that is sent there: which SSRC each source goes out as, and the sender that
 * never uses an index twice. SSRCs are kept; a source goes on under a fresh one only where its numbers would repeat, or
 * where what an earlier life of the session used is not known for sure.
 */

import type { LegId, RandomBytes } from '../../../base/ids.ts';
import { readUint32, rtpSequence, rtpSsrc, writeRtpSsrc } from '../../../protocol/rtp/header.ts';
import { rtcpSenderSsrc } from '../../../protocol/rtp/rtcp.ts';
import { MAX_SSRCS, type SrtpDrop } from '../../../protocol/srtp/drop.ts';
import { SrtpSender } from '../../../protocol/srtp/sender.ts';
import type { CreateTransform } from '../../../protocol/srtp/transform.ts';
import type { SentSsrc, SrtpKey } from '../session-state.ts';
import { transformOf } from './security.ts';

/**
 * Refused packets in unbroken sequence that prove a source began again (a restart, or a jump of more than half a cycle
 * while nothing was sent on), rather than repeated itself.
 */
const RESTART_PACKETS = 5;

/** One SSRC of one leg, on its way to this side. */
interface Source {
  readonly leg: LegId;
  readonly ssrc: number;
  sentSsrc: number;
  nextSequence: number;
  refusedInRow: number;
}

export interface SendContextOptions {
  readonly key: SrtpKey;
  readonly createTransform: CreateTransform;
  readonly random: RandomBytes;
  /**
   * Null for a session that began here. Otherwise an earlier life of it may have sent under this key, and more than the
   * mirror knew when it died: every source goes on under a fresh SSRC, whose indices are all unused, in RTP and in RTCP.
   * These SSRCs are known to be spent.
   */
  readonly spentSsrcs: readonly number[] | null;
  /** A source was given a name. */
  readonly onChange: () => void;
}

export class SendContext {
  readonly #sender: SrtpSender;
  readonly #random: RandomBytes;
  readonly #spentSsrcs: readonly number[] | null;
  readonly #onChange: () => void;
  readonly #sources: Source[] = [];
  #latest: Source | undefined;

  constructor({ key, createTransform, random, spentSsrcs, onChange }: SendContextOptions) {
    this.#random = random;
    this.#spentSsrcs = spentSsrcs;
    this.#onChange = onChange;
    this.#sender = new SrtpSender(transformOf(key, createTransform), [], key.lifetimePackets);
  }

  /** Protects a packet of `leg`; its SSRC is renamed in place where the source has another name here. */
  protectRtp(leg: LegId, packet: Buffer): Buffer | SrtpDrop {
    const source = this.#source(leg, rtpSsrc(packet));
    if (!source) return 'srtp_too_many_ssrcs';
    const wire = this.#protectAs(source, packet);
    if (!hasIndexPassed(wire)) {
      source.refusedInRow = 0;
      return wire;
    }
    const sequence = rtpSequence(packet);
    source.refusedInRow = sequence === source.nextSequence ? source.refusedInRow + 1 : 1;
    source.nextSequence = (sequence + 1) % 0x1_0000;
    if (source.refusedInRow < RESTART_PACKETS) return wire;
    source.refusedInRow = 0;
    source.sentSsrc = this.#freshSsrc();
    this.#onChange();
    return this.#protectAs(source, packet);
  }

  /** Protects RTCP whose SSRCs already have their names on this side. */
  protectRtcp(packet: Buffer): Buffer | SrtpDrop {
    return this.maySpeakAs(rtcpSenderSsrc(packet)) ? this.#sender.protectRtcp(packet) : 'srtp_too_many_ssrcs';
  }

  /** Whether RTCP may be sent under that SSRC. After a restore only names given since: of others no index is known. */
  maySpeakAs(sentSsrc: number): boolean {
    return this.#spentSsrcs === null || this.#isName(sentSsrc);
  }

  /** What a source of `leg` is called here; itself when it was never renamed. */
  nameOf(leg: LegId, ssrc: number): number {
    const source = this.#spentSsrcs === null ? this.#find(leg, ssrc) : this.#source(leg, ssrc);
    return source?.sentSsrc ?? ssrc;
  }

  /** The source of `leg` that is called `sentSsrc` here: what a peer on this side reports on. */
  sourceOf(leg: LegId, sentSsrc: number): number {
    for (const source of this.#sources) if (source.leg === leg && source.sentSsrc === sentSsrc) return source.ssrc;
    return sentSsrc;
  }

  state(): SentSsrc[] {
    return this.#sender.state().map(({ ssrc, ...indices }) => ({
      ...indices,
      sourceSsrc: this.#sources.find((source) => source.sentSsrc === ssrc)?.ssrc ?? ssrc,
      sentSsrc: ssrc,
    }));
  }

  wipe(): void {
    this.#sender.wipe();
    this.#sources.length = 0;
    this.#latest = undefined;
  }

  #protectAs(source: Source, packet: Buffer): Buffer | SrtpDrop {
    if (source.sentSsrc !== source.ssrc) writeRtpSsrc(packet, source.sentSsrc);
    return this.#sender.protectRtp(packet);
  }

  #source(leg: LegId, ssrc: number): Source | undefined {
    const known = this.#find(leg, ssrc);
    if (known || this.#sources.length >= MAX_SSRCS) return known;
    // Two branches, or two lives of one, may use the same SSRC: their sequence numbers would share one index space.
    const sentSsrc = this.#spentSsrcs !== null || this.#isName(ssrc) ? this.#freshSsrc() : ssrc;
    const source = { leg, ssrc, sentSsrc, nextSequence: -1, refusedInRow: 0 };
    this.#sources.push(source);
    this.#onChange();
    return source;
  }

  #find(leg: LegId, ssrc: number): Source | undefined {
    const latest = this.#latest;
    if (latest?.ssrc === ssrc && latest.leg === leg) return latest;
    for (const source of this.#sources) {
      if (source.ssrc !== ssrc || source.leg !== leg) continue;
      this.#latest = source;
      return source;
    }
    return undefined;
  }

  #isName(sentSsrc: number): boolean {
    for (const source of this.#sources) if (source.sentSsrc === sentSsrc) return true;
    return false;
  }

  #freshSsrc(): number {
    for (;;) {
      const ssrc = readUint32(this.#random(4), 0);
      const isUsed = this.#sender.has(ssrc) || this.#sources.some((s) => s.ssrc === ssrc || s.sentSsrc === ssrc);
      if (!isUsed && this.#spentSsrcs?.includes(ssrc) !== true) return ssrc;
    }
  }
}

function hasIndexPassed(result: Buffer | SrtpDrop): boolean {
  return result === 'srtp_index_used' || result === 'srtp_index_too_old';
}
