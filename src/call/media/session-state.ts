/**
 * A media session as data: everything a worker needs to carry one call's anchored media line, and to carry on with it
 * elsewhere. Plain JSON values only, so that it can cross a thread, a socket or a restart and mean the same.
 */

import type { CallId, LegId, StreamId } from '../../base/ids.ts';
import type { MediaDirection, PayloadFact } from '../../model/call.ts';
import type { SrtpSuite } from '../../model/leg-policy.ts';
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

/** An SRTP master key and salt (RFC 3711 §8.2), base64 of their concatenation. Secret. */
export interface SrtpKey {
  readonly suite: SrtpSuite;
  readonly keySalt: string;
  /** The master key identifier that every packet under it carries (RFC 3711 §3.1), hex; absent for none. Ours have none. */
  readonly mki?: string | undefined;
  /** Packets the key may live for, as its SDP said; absent for the most there may be (RFC 3711 §9.2). */
  readonly lifetimePackets?: number | undefined;
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

/** A certificate's hash as SDP says it (RFC 8122 §5): function in lower case, bytes as upper-case hex pairs with colons. */
export interface Fingerprint {
  readonly hash: 'sha-1' | 'sha-224' | 'sha-256' | 'sha-384' | 'sha-512';
  readonly value: string;
}

/** What one DTLS handshake gave: the key they send with, and the one we do. */
export interface DtlsKeyPair {
  readonly receive: SrtpKey;
  readonly send: SrtpKey;
}

/** How a branch keys itself by a handshake (RFC 5763). */
export interface DtlsBranch {
  /** `active`: we send the ClientHello; `passive`: we wait for it. */
  readonly role: 'active' | 'passive';
  /** Of the peer's certificate, from its SDP: one that fits is enough. Never empty: no answer, no handshake. */
  readonly fingerprints: readonly [Fingerprint, ...Fingerprint[]];
  /** Protection profiles we accept, best first, by their SDES names. */
  readonly suites: readonly SrtpSuite[];
  /** Grows when signaling asks for a new association: another fingerprint, tls-id, role or transport (RFC 8842 §4). */
  readonly association: number;
  /** Keys of the newest completed handshake, null before it. Raised by the worker only. */
  readonly keys: DtlsKeyPair | null;
  /** As `keys`, for RTCP on a port of its own, which has an association of its own (RFC 5764 §4.2). */
  readonly rtcpKeys?: DtlsKeyPair | null | undefined;
  /** The `association` that the keys, and those for RTCP, are of: an older one goes on until the new one is done. */
  readonly keysOf?: number | undefined;
  readonly rtcpKeysOf?: number | undefined;
}

/** Short-term credentials of ICE (RFC 8445 §5.3). The password is secret. */
export interface IceCredentials {
  readonly ufrag: string;
  readonly password: string;
}

/** One answerer, or the one offerer: who may send to this side's ports, with which key, and where we send to. */
export interface BranchState {
  readonly leg: LegId;
  readonly stream: StreamId;
  /** From the newest SDP; `rtcp` equals `rtp` when rtcp-mux was agreed. */
  readonly remoteRtp: Endpoint;
  readonly remoteRtcp: Endpoint;
  readonly rtcpMux: boolean;
  /** Key they send with by SDES; null for plain RTP and for DTLS. */
  readonly receiveKey: SrtpKey | null;
  /** Null unless the branch keys itself by DTLS; then nothing is relayed before the handshake is done. */
  readonly dtls: DtlsBranch | null;
  /** The peer's ICE credentials; null unless it does ICE. Then it is where its nominated, consented check comes from. */
  readonly ice: IceCredentials | null;
  /** Whether a plain peer may be latched to any address, once per signaling event, or only to the one of its SDP. */
  readonly nat: boolean;
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

/**
 * Index state per SSRC we send under this side's key: never a second packet with the same (key, SSRC, index). It may lag
 * behind what was sent, so whoever carries on from it sends under none of these SSRCs again.
 */
export interface SentSsrc {
  /** SSRC as received from the other side, and as sent (the same unless a source change would repeat indices). */
  readonly sourceSsrc: number;
  readonly sentSsrc: number;
  readonly roc: number;
  /** -1 while only RTCP was sent under it; `rtcpIndex` is -1 while only RTP was. */
  readonly highestSequence: number;
  readonly rtcpIndex: number;
}

/** One side of an anchored media line. A fork below us shares its port and, where keyed by SDES, its one sending key. */
export interface SideState {
  readonly pair: MediaPair;
  /** Key we send with towards this side by SDES; null for plain RTP, and for DTLS, where each branch has its own. */
  readonly sendKey: SrtpKey | null;
  /** Our credentials as a lite agent on this side; null when it does no ICE. */
  readonly ice: IceCredentials | null;
  readonly branches: readonly BranchState[];
  /** Branch we send to and relay from; null before the first answer. */
  readonly activeLeg: LegId | null;
  /** Under `sendKey`, or under the active branch's DTLS key. */
  readonly sent: readonly SentSsrc[];
}

export interface SessionState {
  readonly version: 2;
  readonly call: CallId;
  /** Grows with every state the main thread hands to the worker. */
  readonly generation: number;
  /** Index of the anchored m-line in the SDP. */
  readonly mLine: number;
  /** `opaque`: packets pass as they are, between the places the SDP names; nothing is opened, nobody may listen. */
  readonly mode: 'open' | 'opaque';
  readonly sides: Readonly<Record<Side, SideState>>;
}
