/**
 * One sending key of one side, shared by all that is sent there: which SSRC each source goes out as, and the sender that
 * never uses an index twice. SSRCs are kept; only a source whose numbers would repeat goes on under a fresh one.
 */

import type { LegId, RandomBytes } from '../../../base/ids.ts';
import { readUint32, rtpSequence, rtpSsrc, writeRtpSsrc } from '../../../protocol/rtp/header.ts';
import { MAX_SSRCS, type SrtpDrop } from '../../../protocol/srtp/drop.ts';
import { SrtpSender } from '../../../protocol/srtp/sender.ts';
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
  readonly random: RandomBytes;
  /** What was sent under this key before, elsewhere, and the leg it came from. */
  readonly sent: readonly SentSsrc[];
  readonly sentFrom: LegId | null;
}

export class SendContext {
  readonly #sender: SrtpSender;
  readonly #random: RandomBytes;
  readonly #sources: Source[] = [];
  #latest: Source | undefined;

  constructor({ key, random, sent, sentFrom }: SendContextOptions) {
    this.#random = random;
    const known = sent.map(({ sentSsrc, ...indices }) => ({ ...indices, ssrc: sentSsrc }));
    this.#sender = new SrtpSender(transformOf(key), known);
    for (const { sourceSsrc, sentSsrc } of sent) {
      if (sentFrom !== null) this.#adopt(sentFrom, sourceSsrc, sentSsrc);
    }
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
    return this.#protectAs(source, packet);
  }

  /** Protects RTCP whose SSRCs already have their names on this side. */
  protectRtcp(packet: Buffer): Buffer | SrtpDrop {
    return this.#sender.protectRtcp(packet);
  }

  /** What a source of `leg` is called here; itself when it was never renamed. */
  nameOf(leg: LegId, ssrc: number): number {
    return this.#find(leg, ssrc)?.sentSsrc ?? ssrc;
  }

  /** The source of `leg` that is called `sentSsrc` here: what a peer on this side reports on. */
  sourceOf(leg: LegId, sentSsrc: number): number {
    return this.#sources.find((source) => source.leg === leg && source.sentSsrc === sentSsrc)?.ssrc ?? sentSsrc;
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
    const isTaken = this.#sources.some((source) => source.sentSsrc === ssrc);
    return this.#adopt(leg, ssrc, isTaken ? this.#freshSsrc() : ssrc);
  }

  #find(leg: LegId, ssrc: number): Source | undefined {
    const latest = this.#latest;
    if (latest?.ssrc === ssrc && latest.leg === leg) return latest;
    const found = this.#sources.find((source) => source.ssrc === ssrc && source.leg === leg);
    if (found) this.#latest = found;
    return found;
  }

  /** A later row of a saved state about the same source wins: the source began again in between. */
  #adopt(leg: LegId, ssrc: number, sentSsrc: number): Source {
    const known = this.#find(leg, ssrc);
    if (known) {
      known.sentSsrc = sentSsrc;
      return known;
    }
    const source = { leg, ssrc, sentSsrc, nextSequence: -1, refusedInRow: 0 };
    this.#sources.push(source);
    return source;
  }

  #freshSsrc(): number {
    for (;;) {
      const ssrc = readUint32(this.#random(4), 0);
      const isUsed = this.#sender.has(ssrc) || this.#sources.some((s) => s.ssrc === ssrc || s.sentSsrc === ssrc);
      if (!isUsed) return ssrc;
    }
  }
}

function hasIndexPassed(result: Buffer | SrtpDrop): boolean {
  return result === 'srtp_index_used' || result === 'srtp_index_too_old';
}
