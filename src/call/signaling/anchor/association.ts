/**
 * DTLS associations in offers and answers (RFC 8842): who sends the ClientHello, and whether an association that was
 * there goes on. It compares what SDP says; handshakes are the worker's.
 */

import type { DtlsKeying, Keying } from './peer-media.ts';

export type Setup = 'actpass' | 'active' | 'passive' | 'holdconn';

type Said = Pick<DtlsKeying, 'fingerprints' | 'tlsId'>;

/** Our role in the answer to an offer of `setup`; undefined where it leaves none. An association that goes on keeps its roles. */
export function answeringRole(
  setup: Setup | undefined,
  known: Keying | undefined,
  said: Said,
): DtlsKeying['role'] | undefined {
  switch (setup) {
    case 'actpass':
      return known?.kind === 'dtls' && isSamePeer(known, said) ? known.role : 'active';
    case 'passive':
      return 'active';
    case 'active':
    // RFC 4145 §4.1: who says nothing is active.
    case undefined:
      return 'passive';
    case 'holdconn':
      return undefined;
  }
}

/** Our role once an answer took one; undefined where it took none. */
export function offeringRole(setup: Setup | undefined): DtlsKeying['role'] | undefined {
  switch (setup) {
    case 'passive':
      return 'active';
    case 'active':
    case undefined:
      return 'passive';
    case 'actpass':
    case 'holdconn':
      return undefined;
  }
}

/** Whether the peer means the association there was: its certificate and its name for it are the same. */
export function isSamePeer(known: Said, said: Said): boolean {
  const isRenamed = known.tlsId !== undefined && said.tlsId !== undefined && known.tlsId !== said.tlsId;
  return !isRenamed && JSON.stringify(known.fingerprints) === JSON.stringify(said.fingerprints);
}

/** Whether what was agreed now asks for another handshake than `known` did (RFC 8842 §4.1). */
export function isNewAssociation(known: DtlsKeying | undefined, agreed: DtlsKeying): boolean {
  return known === undefined || known.role !== agreed.role || !isSamePeer(known, agreed);
}
