/** Connectivity checks as a full ICE agent makes them, with every part open to change. */

import { shortTermKey } from '../../../src/protocol/ice/stun-integrity.ts';
import { STUN_ATTRIBUTE, type StunClass } from '../../../src/protocol/ice/stun-message.ts';
import { writeStun } from '../../../src/protocol/ice/write-stun.ts';

export const LOCAL = { ufrag: 'oUrS', password: 'aPasswordOfOurSide0000' };
export const PEER_UFRAG = 'tHeY';
export const FROM = { address: '192.0.2.9', port: 40_000 };
export const TRANSACTION_ID = Buffer.from('0102030405060708090a0b0c', 'hex');

export interface Check {
  readonly class?: StunClass;
  readonly method?: number;
  /** Null leaves the attribute out. */
  readonly username?: string | null;
  readonly password?: string | null;
  readonly hash?: 'sha1' | 'sha256';
  readonly role?: 'controlling' | 'controlled';
  readonly nominates?: boolean;
  readonly more?: readonly { readonly type: number; readonly value: Uint8Array }[];
}

export function check(fields: Check = {}): Buffer {
  const { username = `${LOCAL.ufrag}:${PEER_UFRAG}`, password = LOCAL.password } = fields;
  const roleType = fields.role === 'controlled' ? STUN_ATTRIBUTE.iceControlled : STUN_ATTRIBUTE.iceControlling;
  return writeStun({
    class: fields.class ?? 'request',
    transactionId: TRANSACTION_ID,
    ...(fields.method === undefined ? {} : { method: fields.method }),
    attributes: [
      ...(username === null ? [] : [{ type: STUN_ATTRIBUTE.username, value: Buffer.from(username, 'latin1') }]),
      { type: roleType, value: Buffer.alloc(8, 7) },
      { type: STUN_ATTRIBUTE.priority, value: Buffer.from([0x6e, 0, 1, 0xff]) },
      ...(fields.nominates === true ? [{ type: STUN_ATTRIBUTE.useCandidate, value: Buffer.alloc(0) }] : []),
      ...(fields.more ?? []),
    ],
    integrity: password === null ? undefined : { key: shortTermKey(password), hash: fields.hash ?? 'sha1' },
  });
}
