/**
 * A media session as data: everything a worker needs to carry one call's anchored audio, and to carry on with it
 * elsewhere. Plain JSON values only, so that it can cross a thread, a socket or a restart and mean the same.
 */

import type { CallId, LegId, StreamId } from '../../base/ids.ts';
import type { MediaDirection, PayloadFact } from '../../model/call.ts';
import type { Side } from '../../model/tenant.ts';

/** An RTP/RTCP pair of ports bound by a media worker before any call asked for it. */
export interface MediaPair {
  /** Unique within the call plane's life. */
  readonly pair: number;
  readonly worker: number;
  readonly interface: string;
  /** Address bound, address written into SDP, and its family. */
  readonly bindAddress: string;
  readonly advertisedAddress: string;
  readonly family: 4 | 6;
  readonly rtpPort: number;
  readonly rtcpPort: number;
}

export type SrtpSuite = 'AES_CM_128_HMAC_SHA1_80';

/** An SRTP master key and salt (RFC 3711 §8.2), base64 of their concatenation: 30 bytes for this suite. Secret. */
export interface SrtpKey {
  readonly suite: SrtpSuite;
  readonly keySalt: string;
}

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** What is known of one SSRC received under one key: the index state of RFC 3711 §3.3.1. */
export interface ReceivedSsrc {
  readonly ssrc: number;
  readonly roc: number;
  /** -1 while only RTCP has come from it. */
  readonly highestSequence: number;
  /** SRTCP index of the last authenticated RTCP packet, -1 for none. */
  readonly rtcpIndex: number;
}

/** One answerer, or the one offerer: who may send to this side's ports, with which key, and where we send to. */
export interface BranchState {
  readonly leg: LegId;
  readonly stream: StreamId;
  /** From the newest SDP; `rtcp` equals `rtp` when rtcp-mux was agreed. */
  readonly remoteRtp: Endpoint;
  readonly remoteRtcp: Endpoint;
  readonly rtcpMux: boolean;
  /** Key they send with; null for plain RTP. */
  readonly receiveKey: SrtpKey | null;
  /** From the peer's point of view, as in its SDP: `sendonly` means it sends to us. */
  readonly direction: MediaDirection;
  readonly payloads: readonly PayloadFact[];
  readonly ptimeMs: number;
  /** Where authenticated media really comes from; null until learnt. Raised by the worker only. */
  readonly latchedRtp: Endpoint | null;
  readonly latchedRtcp: Endpoint | null;
  /** Counts signaling events that allow latching again; the worker relearns when it grows. */
  readonly signalingGeneration: number;
  readonly received: readonly ReceivedSsrc[];
  /** CLOCK_MONOTONIC of the stream's first packet, null before it: the origin of its timeline. */
  readonly firstArrivalUs: number | null;
}

/** Index state per SSRC we send under this side's key: never a second packet with the same (key, SSRC, index). */
export interface SentSsrc {
  /** SSRC as received from the other side, and as sent (the same unless a source change would repeat indices). */
  readonly sourceSsrc: number;
  readonly sentSsrc: number;
  readonly roc: number;
  /** -1 while only RTCP was sent under it; `rtcpIndex` is -1 while only RTP was. */
  readonly highestSequence: number;
  readonly rtcpIndex: number;
}

/** One side of an anchored media line. A fork below us shares its port and its one sending key. */
export interface SideState {
  readonly pair: MediaPair;
  /** Key we send with towards this side; null for plain RTP. */
  readonly sendKey: SrtpKey | null;
  readonly branches: readonly BranchState[];
  /** Branch we send to and relay from; null before the first answer. */
  readonly activeLeg: LegId | null;
  readonly sent: readonly SentSsrc[];
}

export interface SessionState {
  readonly version: 1;
  readonly call: CallId;
  /** Grows with every state the main thread hands to the worker. */
  readonly generation: number;
  /** Index of the anchored m-line in the SDP. */
  readonly mLine: number;
  readonly sides: Readonly<Record<Side, SideState>>;
}
