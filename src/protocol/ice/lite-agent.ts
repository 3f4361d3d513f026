/**
 * An ICE lite agent (RFC 8445 §2.5, §7.3): it answers connectivity checks and says what they mean, and starts nothing.
 * Only who knows our password is heard; strangers get at most an error that is no longer than what they sent.
 */

import type { KeyObject } from 'node:crypto';
import type { LocalCredentials } from './credentials.ts';
import type { TransportAddress } from './mapped-address.ts';
import { writeMappedAddress } from './mapped-address.ts';
import type { Integrity } from './stun-integrity.ts';
import { checkFingerprint, findIntegrity, isIntact, shortTermKey } from './stun-integrity.ts';
import type { StunFailure, StunMessage } from './stun-message.ts';
import { BINDING, findAttribute, readStun, STUN_ATTRIBUTE } from './stun-message.ts';
import { errorCode, unknownAttributes, writeStun } from './write-stun.ts';

export type IceRefusal =
  | StunFailure
  /** An indication, a response, or another method: nothing a lite agent waits for. */
  | 'not_a_check'
  | 'no_fingerprint'
  | 'wrong_fingerprint'
  | 'no_credentials'
  | 'wrong_username'
  | 'wrong_integrity'
  /** Made with our password by somebody no answer has named yet. */
  | 'unknown_peer'
  | 'unknown_attribute'
  | 'role_conflict';

export type IceVerdict =
  /** An authentic Binding request. `nominated`: the pair it came by is to carry media. */
  | { readonly kind: 'checked'; readonly reply: Buffer; readonly peerUfrag: string; readonly nominated: boolean }
  /** `reply` is an error, or nothing is to be said. */
  | { readonly kind: 'refused'; readonly reply: Buffer | undefined; readonly reason: IceRefusal };

/** Attributes that must be understood, and that we do understand, if only to pass over them. */
const UNDERSTOOD: ReadonlySet<number> = new Set([
  STUN_ATTRIBUTE.mappedAddress,
  STUN_ATTRIBUTE.username,
  STUN_ATTRIBUTE.messageIntegrity,
  STUN_ATTRIBUTE.errorCode,
  STUN_ATTRIBUTE.unknownAttributes,
  STUN_ATTRIBUTE.realm,
  STUN_ATTRIBUTE.nonce,
  STUN_ATTRIBUTE.messageIntegritySha256,
  STUN_ATTRIBUTE.xorMappedAddress,
  STUN_ATTRIBUTE.priority,
  STUN_ATTRIBUTE.useCandidate,
]);
const FIRST_OPTIONAL = 0x8000;

/** One per side of a call: all branches of a fork were offered the same credentials. */
export class IceLiteAgent {
  readonly #userPrefix: string;
  readonly #key: KeyObject;
  #peers: ReadonlySet<string> = new Set();

  constructor(local: LocalCredentials) {
    this.#userPrefix = `${local.ufrag}:`;
    this.#key = shortTermKey(local.password);
  }

  /** Peers that may check us, by their ufrags. Their passwords are for checks of ours, and a lite agent makes none. */
  usePeers(remoteUfrags: readonly string[]): void {
    this.#peers = new Set(remoteUfrags);
  }

  /** Judges one datagram. Never throws for what it holds. `reply` goes back to where it came from. */
  receive(datagram: Buffer, from: TransportAddress): IceVerdict {
    const message = readStun(datagram);
    if (typeof message === 'string') return silent(message);
    if (message.class !== 'request' || message.method !== BINDING) return silent('not_a_check');
    // RFC 8445 §7.1: checks carry it. A checksum is cheaper than an HMAC, so what is no STUN costs us little.
    const fingerprint = checkFingerprint(message);
    if (fingerprint !== 'right') return silent(fingerprint === 'absent' ? 'no_fingerprint' : 'wrong_fingerprint');

    const username = findAttribute(message, STUN_ATTRIBUTE.username)?.value.toString('latin1');
    const integrity = findIntegrity(message);
    if (username === undefined || !integrity) return refuseStranger(message, 400, 'no_credentials');
    if (!username.startsWith(this.#userPrefix)) return refuseStranger(message, 401, 'wrong_username');
    if (!isIntact(message, integrity, this.#key)) return refuseStranger(message, 401, 'wrong_integrity');
    return this.#judgeAuthentic(message, integrity, username.slice(this.#userPrefix.length), from);
  }

  #judgeAuthentic(message: StunMessage, integrity: Integrity, peerUfrag: string, from: TransportAddress): IceVerdict {
    // Its answer is on its way to us, or it was never meant to be here. A 401 would make some agents give the pair up;
    // to say nothing makes them ask again, when we may know them.
    if (!this.#peers.has(peerUfrag)) return silent('unknown_peer');

    const unknown = message.attributes.map(({ type }) => type).filter(mustBeUnderstood);
    if (unknown.length > 0) {
      const reply = this.#answer(message, integrity, [
        { type: STUN_ATTRIBUTE.errorCode, value: errorCode(420) },
        { type: STUN_ATTRIBUTE.unknownAttributes, value: unknownAttributes([...new Set(unknown)]) },
      ]);
      return { kind: 'refused', reply, reason: 'unknown_attribute' };
    }
    // RFC 8445 §7.3.1.1: of two that are controlled the one with the larger tie-breaker takes control. A lite agent
    // never can against a full one (§6.1.1), so its own always counts as the smaller.
    if (findAttribute(message, STUN_ATTRIBUTE.iceControlled)) {
      const reply = this.#answer(message, integrity, [{ type: STUN_ATTRIBUTE.errorCode, value: errorCode(487) }]);
      return { kind: 'refused', reply, reason: 'role_conflict' };
    }
    const value = writeMappedAddress(from, message.transactionId);
    return {
      kind: 'checked',
      reply: this.#answer(message, integrity, [{ type: STUN_ATTRIBUTE.xorMappedAddress, value }]),
      peerUfrag,
      nominated: findAttribute(message, STUN_ATTRIBUTE.useCandidate) !== undefined,
    };
  }

  /** Under the password and the hash the request used (RFC 8489 §9.1.3). */
  #answer(
    request: StunMessage,
    { hash }: Integrity,
    attributes: readonly { readonly type: number; readonly value: Uint8Array }[],
  ): Buffer {
    return writeStun({
      class: attributes[0]?.type === STUN_ATTRIBUTE.errorCode ? 'error' : 'success',
      transactionId: request.transactionId,
      attributes,
      integrity: { key: this.#key, hash },
    });
  }
}

function mustBeUnderstood(type: number): boolean {
  return type < FIRST_OPTIONAL && !UNDERSTOOD.has(type);
}

/**
 * An error nobody vouches for (RFC 8489 §9.1.3). It is never longer than the request: its sender's address may be a
 * victim's, and we must be of no use against it.
 */
function refuseStranger(request: StunMessage, code: 400 | 401, reason: IceRefusal): IceVerdict {
  const attributes = [{ type: STUN_ATTRIBUTE.errorCode, value: errorCode(code) }];
  const reply = writeStun({ class: 'error', transactionId: request.transactionId, attributes });
  return { kind: 'refused', reply: reply.length <= request.bytes.length ? reply : undefined, reason };
}

function silent(reason: IceRefusal): IceVerdict {
  return { kind: 'refused', reply: undefined, reason };
}
