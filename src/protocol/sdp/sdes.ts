/**
 * SDES key lines: `a=crypto` (RFC 4568 §9, RFC 6188 §4, RFC 7714 §14.1). Reads and writes what our SRTP suites need, and
 * nothing that would weaken them. A reading never quotes the line: it holds a key.
 */

import { decodeBase64 } from '../../base/bytes.ts';
import { MAX_LIFETIME_PACKETS } from '../srtp/packet-index.ts';
import { keySaltBytes, SRTP_SUITES, type SrtpSuite } from '../srtp/suite.ts';
import { attributeValues } from './attribute.ts';
import type { SdpSection } from './description.ts';
import { findBarredParameter, type BarredParameter } from './sdes-parameters.ts';

/** Secret. */
export interface SdesKey {
  readonly suite: SrtpSuite;
  /** Base64, padded, of the master key and salt together. */
  readonly keySalt: string;
  /** What every packet under the key carries to name it (RFC 3711 §3.1), hex of all its bytes; absent for none. */
  readonly mki?: string | undefined;
}

/** The suite of those who offer one alone, and the bytes of its key and salt. */
export const SDES_SUITE = 'AES_CM_128_HMAC_SHA1_80';
export const SDES_KEY_SALT_BYTES = keySaltBytes(SDES_SUITE);

/**
 *     1 AES_CM_128_HMAC_SHA1_80 inline:<base64 key||salt>|2^31|1:4 UNENCRYPTED_SRTP
 *     │ │                       │                         │    │   └ session parameters
 *     │ └ suite                 └ key method        lifetime   └ MKI:length
 *     └ tag, echoed by the answer
 */
export type CryptoReading =
  | { readonly kind: 'usable'; readonly tag: number; readonly key: SdesKey; readonly lifetimePackets: number }
  /** Well-formed as far as it was read, but nothing we speak: to be passed over. */
  | { readonly kind: 'unsupported'; readonly reason: 'suite' | 'several_keys' | BarredParameter }
  | { readonly kind: 'malformed'; readonly reason: 'syntax' | 'tag' | 'key' | 'lifetime' | 'mki' };

const LIFETIME_WRITTEN = '2^31';
/** MKIs have at most 128 bytes (RFC 4568 §6.1): 2^1024 has 309 digits. */
const MAX_MKI_BYTES = 128;

/** By what a line may call them. Some phones swap the halves of the name that RFC 6188 gives to AES with 256 bits. */
const SUITES_BY_NAME: ReadonlyMap<string, SrtpSuite> = new Map<string, SrtpSuite>([
  ...SRTP_SUITES.map((suite) => [suite, suite] as const),
  ['AES_CM_256_HMAC_SHA1_80', 'AES_256_CM_HMAC_SHA1_80'],
  ['AES_CM_256_HMAC_SHA1_32', 'AES_256_CM_HMAC_SHA1_32'],
]);

/** Reads the value of one crypto attribute: what follows `a=crypto:`. */
export function readCrypto(value: string): CryptoReading {
  const [tagText = '', suiteName, keys, ...parameters] = value.trim().split(/[ \t]+/);
  if (suiteName === undefined || keys === undefined) return malformed('syntax');
  // RFC 4568 §4.1: up to nine digits, no leading zero.
  if (!/^(0|[1-9]\d{0,8})$/.test(tagText)) return malformed('tag');
  const suite = SUITES_BY_NAME.get(suiteName.toUpperCase());
  if (suite === undefined) return { kind: 'unsupported', reason: 'suite' };
  // Several keys are told apart by their MKI alone (RFC 4568 §6.1), and then any may come in any packet.
  if (keys.includes(';')) return { kind: 'unsupported', reason: 'several_keys' };
  const inline = readInline(keys, suite);
  if (inline.kind !== 'inline') return inline;
  const barred = findBarredParameter(parameters);
  if (barred !== undefined) return { kind: 'unsupported', reason: barred };
  const { key, lifetimePackets } = inline;
  return { kind: 'usable', tag: Number(tagText), key, lifetimePackets };
}

/** Readings of every crypto line of a section, in the order of the peer's preference. */
export function readCryptos(section: SdpSection): CryptoReading[] {
  return attributeValues(section, 'crypto').map(readCrypto);
}

/** The attribute line without `a=` and line end. `lifetime` says 2^31 packets, which some peers insist on reading. */
export function writeCrypto(
  tag: number,
  { suite, keySalt, mki }: SdesKey,
  { lifetime = false }: { readonly lifetime?: boolean } = {},
): string {
  const identifier = mki === undefined ? '' : `|${BigInt(`0x${mki}`)}:${mki.length / 2}`;
  return `crypto:${tag} ${suite} inline:${keySalt}${lifetime ? `|${LIFETIME_WRITTEN}` : ''}${identifier}`;
}

type Inline = { readonly kind: 'inline'; readonly key: SdesKey; readonly lifetimePackets: number };

/** `inline:key||salt [|lifetime] [|MKI:length]` (RFC 4568 §6.1). */
function readInline(text: string, suite: SrtpSuite): Inline | CryptoReading {
  const found = /^inline:([^|]*)((?:\|[^|]*){0,2})$/i.exec(text);
  if (!found) return malformed('syntax');
  const bytes = decodeBase64(found[1] ?? '');
  if (bytes?.length !== keySaltBytes(suite)) return malformed('key');
  const keySalt = bytes.toString('base64');
  bytes.fill(0);
  const rest = (found[2] ?? '').split('|').slice(1);
  const mkiText = rest.at(-1)?.includes(':') === true ? rest.pop() : undefined;
  const lifetimePackets = rest.length === 0 ? MAX_LIFETIME_PACKETS : readLifetime(rest);
  if (lifetimePackets === undefined) return malformed('lifetime');
  if (mkiText === undefined) return { kind: 'inline', key: { suite, keySalt }, lifetimePackets };
  const mki = readMki(mkiText);
  if (mki === undefined) return malformed('mki');
  return { kind: 'inline', key: { suite, keySalt, mki }, lifetimePackets };
}

function readLifetime(fields: readonly string[]): number | undefined {
  const [text = '', ...others] = fields;
  if (others.length > 0) return undefined;
  const power = /^2\^(\d{1,2})$/.exec(text);
  const packets = power ? 2 ** Number(power[1]) : /^[1-9]\d{0,14}$/.test(text) ? Number(text) : Number.NaN;
  return packets <= MAX_LIFETIME_PACKETS ? packets : undefined;
}

/** A decimal number and the bytes it takes in a packet, most significant first: `1:4` is 00000001. */
function readMki(text: string): string | undefined {
  const found = /^(\d{1,309}):(\d{1,3})$/.exec(text);
  const lengthBytes = Number(found?.[2] ?? 0);
  if (lengthBytes < 1 || lengthBytes > MAX_MKI_BYTES) return undefined;
  const hex = BigInt(found?.[1] ?? 0)
    .toString(16)
    .padStart(lengthBytes * 2, '0');
  return hex.length === lengthBytes * 2 ? hex : undefined;
}

function malformed(reason: Extract<CryptoReading, { kind: 'malformed' }>['reason']): CryptoReading {
  return { kind: 'malformed', reason };
}
