/**
 * The keys of one leg: how its packets open, and, where a handshake made them, how packets to it are sealed. It knows
 * which of its two ports has which; where packets come from is not its question.
 */

import type { RandomBytes } from '../../../base/ids.ts';
import { rtcpSenderSsrc } from '../../../protocol/rtp/rtcp.ts';
import type { SrtpDrop } from '../../../protocol/srtp/drop.ts';
import { SrtpSender } from '../../../protocol/srtp/sender.ts';
import type { CreateTransform } from '../../../protocol/srtp/transform.ts';
import type { MediaDrop } from '../drop.ts';
import type { BranchState, DtlsBranch, DtlsKeyPair, Endpoint, ReceivedSsrc, SentSsrc } from '../session-state.ts';
import { DtlsEnd, type DtlsEndParts, type DtlsMaker, type DtlsResult, type Handshakes } from './dtls-end.ts';
import type { PacketPort } from './packet-port.ts';
import { ReceiveSecurity, transformOf } from './security.ts';
import { SendContext } from './send-context.ts';

export interface LegKeysParts {
  readonly createTransform: CreateTransform;
  readonly random: RandomBytes;
  readonly dtls: DtlsMaker | undefined;
  readonly handshakes: Handshakes;
  readonly countDtls: (result: DtlsResult) => void;
  /** Null for a session that began here, else the SSRCs an earlier life of it is known to have sent under. */
  readonly spentSsrcs: readonly number[] | null;
  readonly onChange: () => void;
  /** A handshake gave keys. */
  readonly onKeys: () => void;
}

export interface LegKeysOptions {
  readonly parts: LegKeysParts;
  readonly ports: { readonly rtp: PacketPort; readonly rtcp: PacketPort };
  /** A handshake was completed with that address. */
  readonly onPeer: (from: Endpoint, isRtcp: boolean) => void;
}

export class LegKeys {
  readonly #options: LegKeysOptions;
  #branch: BranchState;
  readonly #rtp: ReceiveSecurity;
  /** Of the RTCP port's own association; the RTP port's serve both while there is none. */
  #rtcp: ReceiveSecurity | undefined;
  #pair: DtlsKeyPair | null = null;
  #rtcpPair: DtlsKeyPair | null = null;
  #sending: SendContext | undefined;
  #rtcpSending: SrtpSender | undefined;
  #end: DtlsEnd | undefined;
  #rtcpEnd: DtlsEnd | undefined;

  constructor(branch: BranchState, options: LegKeysOptions) {
    const { receiveKey, dtls, received } = branch;
    this.#options = options;
    this.#branch = branch;
    const firstKey = dtls ? (dtls.keys?.receive ?? null) : receiveKey;
    this.#rtp = new ReceiveSecurity(options.parts.createTransform, firstKey, received);
    if (dtls?.keys) this.#takeRtpKeys(dtls.keys);
    if (dtls?.rtcpKeys) this.#takeRtcpKeys(dtls.rtcpKeys, received);
    this.#prepareEnds();
  }

  /** Takes what signaling says now. Keys of a handshake stay in use until a new one is done. */
  apply(branch: BranchState): void {
    this.#branch = branch;
    if (!branch.dtls) this.#rtp.useKey(branch.receiveKey);
    else if (this.#pair) this.#rtp.useKey(this.#pair.receive);
    this.#prepareEnds();
  }

  get isDtls(): boolean {
    return this.#branch.dtls !== null;
  }

  /** Whether packets prove who sent them. */
  get isSecure(): boolean {
    return this.isDtls || this.#rtp.isSecure;
  }

  /** Extended sequence of the RTP packet opened last, or undefined when it came in clear. */
  get lastIndex(): number | undefined {
    return this.#rtp.lastIndex;
  }

  /** Whether the packet opened last, of that kind, proves where the peer is now. */
  mayLatch(isRtcp: boolean): boolean {
    return (isRtcp ? this.#rtcpSecurity : this.#rtp)?.mayLatch === true;
  }

  /** Until the handshake is done nothing is opened, not even under keys from before it: those were of another agreement. */
  openRtp(packet: Buffer): Buffer | MediaDrop {
    return this.isDtls && !this.#pair ? 'dtls_not_ready' : this.#rtp.openRtp(packet);
  }

  openRtcp(packet: Buffer): Buffer | MediaDrop {
    if (this.isDtls && !this.#pair) return 'dtls_not_ready';
    return this.#rtcpSecurity?.openRtcp(packet) ?? 'dtls_not_ready';
  }

  /** What packets to a DTLS peer are sealed with; undefined before its handshake. */
  get sending(): SendContext | undefined {
    return this.#sending;
  }

  /** Seals RTCP to a DTLS peer; SSRCs already have their names on this side. */
  protectRtcp(packet: Buffer): Buffer | SrtpDrop | 'dtls_not_ready' {
    if (!this.#sending) return 'dtls_not_ready';
    if (this.#branch.rtcpMux) return this.#sending.protectRtcp(packet);
    if (!this.#rtcpSending) return 'dtls_not_ready';
    if (!this.#sending.maySpeakAs(rtcpSenderSsrc(packet))) return 'srtp_too_many_ssrcs';
    return this.#rtcpSending.protectRtcp(packet);
  }

  /** The handshakes of a port; undefined where there are none. */
  endOf(isRtcp: boolean): DtlsEnd | undefined {
    if (!this.isDtls) return undefined;
    return isRtcp ? this.#rtcpEnd : this.#end;
  }

  received(): ReceivedSsrc[] {
    const rows = this.#rtp.state();
    if (this.#branch.rtcpMux || !this.isDtls || !this.#rtcp) return rows;
    const rtcpIndices = new Map(this.#rtcp.state().map(({ ssrc, rtcpIndex }) => [ssrc, rtcpIndex]));
    const known = new Set(rows.map(({ ssrc }) => ssrc));
    return [
      ...rows.map((row) => ({ ...row, rtcpIndex: rtcpIndices.get(row.ssrc) ?? -1 })),
      ...this.#rtcp.state().filter(({ ssrc }) => !known.has(ssrc)),
    ];
  }

  sent(): SentSsrc[] {
    return this.#sending?.state() ?? [];
  }

  dtlsState(): DtlsBranch | null {
    const { dtls } = this.#branch;
    if (!dtls) return null;
    const rtcp = this.#rtcpPair && { rtcpKeys: this.#rtcpPair, rtcpKeysOf: this.#rtcpEnd?.settledNumber };
    return { ...dtls, keys: this.#pair, ...(this.#pair && { keysOf: this.#end?.settledNumber }), ...rtcp };
  }

  wipe(): void {
    this.#end?.end();
    this.#rtcpEnd?.end();
    this.#rtp.wipe();
    this.#rtcp?.wipe();
    this.#sending?.wipe();
    this.#rtcpSending?.wipe();
    this.#sending = this.#rtcpSending = undefined;
    this.#pair = this.#rtcpPair = null;
  }

  get #rtcpSecurity(): ReceiveSecurity | undefined {
    return this.isDtls && !this.#branch.rtcpMux ? this.#rtcp : this.#rtp;
  }

  /** An association for each port that DTLS is spoken on; one that the branch stopped using waits, should it come back. */
  #prepareEnds(): void {
    const { dtls, ice, rtcpMux } = this.#branch;
    if (!dtls) return;
    const isIce = ice !== null;
    if (this.#end) this.#end.apply(dtls, isIce);
    else this.#end = new DtlsEnd(this.#endParts(false), dtls, isIce, settledBy(dtls.keys, dtls.keysOf, dtls));
    if (rtcpMux) return;
    if (this.#rtcpEnd) this.#rtcpEnd.apply(dtls, isIce);
    else {
      const settled = settledBy(dtls.rtcpKeys, dtls.rtcpKeysOf, dtls);
      this.#rtcpEnd = new DtlsEnd(this.#endParts(true), dtls, isIce, settled);
    }
  }

  #endParts(isRtcp: boolean): DtlsEndParts {
    const { parts, ports, onPeer } = this.#options;
    return {
      maker: parts.dtls,
      port: isRtcp ? ports.rtcp : ports.rtp,
      handshakes: parts.handshakes,
      countResult: parts.countDtls,
      onKeys: (keys, from) => {
        if (isRtcp) this.#takeRtcpKeys(keys, []);
        else this.#takeRtpKeys(keys);
        onPeer(from, isRtcp);
        parts.onKeys();
      },
    };
  }

  #takeRtpKeys(pair: DtlsKeyPair): void {
    const { createTransform, random, spentSsrcs, onChange } = this.#options.parts;
    this.#pair = pair;
    if (this.isDtls) this.#rtp.useKey(pair.receive);
    this.#sending?.wipe();
    this.#sending = new SendContext({ key: pair.send, createTransform, random, spentSsrcs, onChange });
  }

  #takeRtcpKeys(pair: DtlsKeyPair, received: readonly ReceivedSsrc[]): void {
    const { createTransform } = this.#options.parts;
    this.#rtcpPair = pair;
    if (this.#rtcp) this.#rtcp.useKey(pair.receive);
    else this.#rtcp = new ReceiveSecurity(createTransform, pair.receive, received);
    this.#rtcpSending?.wipe();
    this.#rtcpSending = new SrtpSender(transformOf(pair.send, createTransform));
  }
}

function settledBy(
  keys: DtlsKeyPair | null | undefined,
  keysOf: number | undefined,
  { association }: DtlsBranch,
): number | undefined {
  return keys ? (keysOf ?? association) : undefined;
}
