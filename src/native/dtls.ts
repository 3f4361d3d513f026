/**
 * DTLS-SRTP on the addon: gives its associations the words of `protocol/dtls`. All that matters for security (what is
 * accepted of a peer, when keys come out) is decided in C++ beside OpenSSL; here names are translated.
 */

import { X509Certificate } from 'node:crypto';
import type {
  CreateDtls,
  DtlsAssociation,
  DtlsCertificate,
  DtlsFailure,
  DtlsKeys,
  DtlsOptions,
  DtlsPeer,
} from '../protocol/dtls/association.ts';
import { acceptableDigests, type AcceptableDigests } from '../protocol/dtls/fingerprint.ts';
import type { SrtpSuite } from '../protocol/srtp/suite.ts';

/** What the addon exports for DTLS. */
export interface DtlsExports {
  readonly DtlsAssociation: new (options: NativeOptions) => NativeAssociation;
  createDtlsCertificate(): { readonly certificatePem: string; readonly privateKeyPem: string };
}

interface NativeOptions extends AcceptableDigests, Retransmission {
  readonly isClient: boolean;
  readonly usesCookies: boolean;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly profiles: string;
}

interface NativeAssociation {
  start(): Buffer[];
  receive(datagram: Buffer, address: string, port: number): Buffer[];
  wake(): Buffer[];
  /** -1 when nothing is awaited. */
  wakeInMs(): number;
  close(): Buffer[];
  status(): 'handshaking' | 'done' | 'closed' | DtlsFailure;
  keys(): DtlsKeys | undefined;
}

export interface Retransmission {
  readonly firstTimeoutMs: number;
  readonly longestTimeoutMs: number;
  /** How often a flight is sent before the association fails with `timeout`. */
  readonly transmissions: number;
}

/** A second, doubled from flight to flight (RFC 6347 §4.2.4.1): sent at 0, 1, 3, 7 and 15 s, given up at 31 s. */
const RETRANSMISSION: Retransmission = { firstTimeoutMs: 1000, longestTimeoutMs: 60_000, transmissions: 5 };

/** OpenSSL's names of the protection profiles (RFC 5764 §4.1.2, RFC 7714 §14.2). AES_256_CM has none. */
const PROFILES: Readonly<Partial<Record<SrtpSuite, string>>> = {
  AEAD_AES_256_GCM: 'SRTP_AEAD_AES_256_GCM',
  AEAD_AES_128_GCM: 'SRTP_AEAD_AES_128_GCM',
  AES_CM_128_HMAC_SHA1_80: 'SRTP_AES128_CM_SHA1_80',
  AES_CM_128_HMAC_SHA1_32: 'SRTP_AES128_CM_SHA1_32',
};

/** Associations of the addon. One that could never succeed, for want of a profile or a fingerprint, is born failed. */
export function createDtls(addon: DtlsExports, retransmission = RETRANSMISSION): CreateDtls {
  return (options) => {
    const profiles = profileNames(options.suites);
    if (profiles === '') return new NativeDtls('no_profile');
    const acceptable = acceptableDigests(options.fingerprints);
    if (!acceptable) return new NativeDtls('fingerprint_mismatch');
    return new NativeDtls(
      new addon.DtlsAssociation({
        ...acceptable,
        ...retransmission,
        isClient: options.role === 'active',
        usesCookies: options.cookies,
        certificatePem: options.certificate.certificatePem,
        privateKeyPem: options.certificate.privateKeyPem,
        profiles,
      }),
    );
  };
}

/** A certificate for one life of the call plane: ECDSA on P-256, self-signed, good for thirty days. */
export function createCertificate(addon: DtlsExports): DtlsCertificate {
  const made = addon.createDtlsCertificate();
  return { ...made, fingerprint: new X509Certificate(made.certificatePem).fingerprint256 };
}

function profileNames(suites: DtlsOptions['suites']): string {
  return [...new Set(suites)].flatMap((suite) => PROFILES[suite] ?? []).join(':');
}

class NativeDtls implements DtlsAssociation {
  readonly #native: NativeAssociation | undefined;
  #status: ReturnType<NativeAssociation['status']>;

  constructor(native: NativeAssociation | DtlsFailure) {
    this.#native = typeof native === 'string' ? undefined : native;
    this.#status = typeof native === 'string' ? native : 'handshaking';
  }

  get state(): DtlsAssociation['state'] {
    const status = this.#status;
    return status === 'handshaking' || status === 'done' || status === 'closed' ? status : 'failed';
  }

  get failure(): DtlsFailure | undefined {
    const status = this.#status;
    return status === 'handshaking' || status === 'done' || status === 'closed' ? undefined : status;
  }

  start(): Buffer[] {
    return this.#after(this.#native?.start());
  }

  receive(datagram: Buffer, from: DtlsPeer): Buffer[] {
    return this.#after(this.#native?.receive(datagram, from.address, from.port));
  }

  wakeInMs(): number | undefined {
    const wakeInMs = this.#native?.wakeInMs() ?? -1;
    return wakeInMs < 0 ? undefined : wakeInMs;
  }

  wake(): Buffer[] {
    return this.#after(this.#native?.wake());
  }

  keys(): DtlsKeys | undefined {
    return this.#native?.keys();
  }

  close(): Buffer[] {
    return this.#after(this.#native?.close());
  }

  #after(datagrams: Buffer[] | undefined): Buffer[] {
    if (this.#native) this.#status = this.#native.status();
    return datagrams ?? [];
  }
}
