/**
 * DTLS-SRTP as the media worker sees it (RFC 5763, RFC 5764): datagrams and a time in, datagrams out, keys at the end.
 * No sockets and no timers here; `src/native` implements it on the OpenSSL that Node itself carries.
 */

import type { SrtpSuite } from '../srtp/suite.ts';

/** Our certificate: ECDSA on P-256, made for one life of the call plane. The key is secret. */
export interface DtlsCertificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  /** SHA-256 of the DER form, as SDP says it: `AB:CD:…`. */
  readonly fingerprint: string;
}

/** A hash of the peer's certificate, as its SDP said it (RFC 8122 §5). */
export interface ExpectedFingerprint {
  readonly hash: 'sha-1' | 'sha-224' | 'sha-256' | 'sha-384' | 'sha-512';
  readonly value: string;
}

export interface DtlsOptions {
  /** `active` sends the ClientHello. */
  readonly role: 'active' | 'passive';
  readonly certificate: DtlsCertificate;
  /** Protection profiles, best first, by their SDES names; those DTLS-SRTP has no profile for are left out. */
  readonly suites: readonly SrtpSuite[];
  /** One that fits is enough; compared before any key is released. */
  readonly fingerprints: readonly ExpectedFingerprint[];
  /**
   * Whether a peer must first prove that it receives at its address (RFC 6347 §4.2.1); afterwards only that address is
   * heard. Without, the caller vouches for the address, as ICE does. The active side has no use for it.
   */
  readonly cookies: boolean;
}

export type DtlsFailure =
  /** The certificate is not the one that signaling named. */
  | 'fingerprint_mismatch'
  /** A signature, a Finished or the protocol itself was wrong. */
  | 'handshake_failed'
  /** No profile in common: an association without SRTP keys is of no use. */
  | 'no_profile'
  | 'timeout'
  /** A goodbye or a fatal alert of the peer, authentic once the association was done; its keys are gone then. */
  | 'closed_by_peer';

export interface DtlsKeys {
  readonly suite: SrtpSuite;
  /** Master key and salt, as SDES would carry them. The caller wipes them. */
  readonly send: Buffer;
  readonly receive: Buffer;
}

/** Where a datagram came from: cookies are bound to it. */
export interface DtlsPeer {
  readonly address: string;
  readonly port: number;
}

/** One association. It never throws for what a peer sends. */
export interface DtlsAssociation {
  readonly state: 'handshaking' | 'done' | 'failed' | 'closed';
  /** Why it failed; undefined unless it did. */
  readonly failure: DtlsFailure | undefined;
  /** The first flight of the active side; nothing for the passive one. */
  start(): Buffer[];
  /**
   * Takes one datagram and returns those to send back to where it came from. Before the peer has proved its address
   * they are together at most three times as long as what it sent, and four datagrams more on the active side, which
   * signaling sent there. Once `done`, a goodbye is believed and anything else that is not a repetition dropped.
   */
  receive(datagram: Buffer, from: DtlsPeer): Buffer[];
  /** Ms until `wake` is due; undefined when nothing is awaited. */
  wakeInMs(): number | undefined;
  /** Retransmits what was lost, or gives up. */
  wake(): Buffer[];
  /** Once `done`: the same keys at every call. Undefined before. */
  keys(): DtlsKeys | undefined;
  /** Says goodbye and zeroes every key; returns what to send. */
  close(): Buffer[];
}

export type CreateDtls = (options: DtlsOptions) => DtlsAssociation;
