/** Makes ICE credentials (RFC 8445 §5.3): a name that tells agents apart, and the password that checks are made with. */

import type { RandomBytes } from '../../base/ids.ts';

/** The password is secret: who has it may say where a call's media goes. */
export interface LocalCredentials {
  readonly ufrag: string;
  readonly password: string;
}

/** 48 bits: RFC 8445 asks for 24; RFC 8839 §5.4 forbids more than 32 characters. */
const UFRAG_BYTES = 6;
/** 144 bits: RFC 8445 asks for 128. */
const PASSWORD_BYTES = 18;

/** Fresh credentials. Multiples of three bytes in base64 are ICE's own characters, without padding or waste. */
export function makeCredentials(random: RandomBytes): LocalCredentials {
  return { ufrag: iceText(random(UFRAG_BYTES)), password: iceText(random(PASSWORD_BYTES)) };
}

function iceText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
