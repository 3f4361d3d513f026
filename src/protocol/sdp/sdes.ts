/**
 * SDES key lines: `a=crypto` (RFC 4568 §9). Reads and writes AES_CM_128_HMAC_SHA1_80; knows of other suites only that
 * they are others. A reading never quotes the line: it holds a key.
 */

import { decodeBase64 } from '../../base/bytes.ts';
import type { SrtpSuite } from '../srtp/suite.ts';
import { attributeValues } from './attribute.ts';
import type { SdpSection } from './description.ts';

/** Master key and salt, base64 of their 30 bytes. Secret. */
export interface SdesKey {
  readonly suite: SrtpSuite;
  readonly keySalt: string;
}

export const SDES_SUITE = 'AES_CM_128_HMAC_SHA1_80';
/** 16 bytes of key and 14 of salt (RFC 4568 §6.2.1). */
export const SDES_KEY_SALT_BYTES = 30;

/**
 *     1 AES_CM_128_HMAC_SHA1_80 inline:<base64 key||salt>|2^31|1:4 UNENCRYPTED_SRTP
 *     │ │                       │                         │    │   └ session parameters
 *     │ └ suite                 └ key method        lifetime   └ MKI:length
 *     └ tag, echoed by the answer
 */
export type CryptoReading =
  | { readonly kind: 'usable'; readonly tag: number; readonly key: SdesKey; readonly lifetimePackets: number }
  /** Well-formed as far as it was read, but nothing we speak: to be passed over. */
  | { readonly kind: 'unsupported'; readonly reason: 'suite' | 'mki' | 'several_keys' | 'parameter' }
  | { readonly kind: 'malformed'; readonly reason: 'syntax' | 'tag' | 'key' | 'lifetime' | 'mki' };

/** Longest life of an SRTP master key, in packets (RFC 3711 §9.2), and what a line that states none means. */
export const MAX_LIFETIME_PACKETS = 2 ** 48;

/** Reads the value of one crypto attribute: what follows `a=crypto:`. */
export function readCrypto(value: string): CryptoReading {
  const [tagText = '', suite, keys, ...parameters] = value.trim().split(/ +/);
  if (suite === undefined || keys === undefined) return malformed('syntax');
  // RFC 4568 §4.1: up to nine digits, no leading zero.
  if (!/^(0|[1-9]\d{0,8})$/.test(tagText)) return malformed('tag');
  if (suite.toUpperCase() !== SDES_SUITE) return unsupported('suite');
  // Several keys are told apart by their MKI alone (RFC 4568 §6.1).
  if (keys.includes(';')) return unsupported('several_keys');
  const inline = readInline(keys);
  if (inline.kind !== 'inline') return inline;
  if (!parameters.every(isHarmless)) return unsupported('parameter');
  return {
    kind: 'usable',
    tag: Number(tagText),
    key: { suite: SDES_SUITE, keySalt: inline.keySalt },
    lifetimePackets: inline.lifetimePackets,
  };
}

/** Readings of every crypto line of a section, in the order of the peer's preference. */
export function readCryptos(section: SdpSection): CryptoReading[] {
  return attributeValues(section, 'crypto').map(readCrypto);
}

/** The attribute line without `a=` and line end. */
export function writeCrypto(tag: number, key: SdesKey): string {
  return `crypto:${tag} ${key.suite} inline:${key.keySalt}`;
}

type Inline = { readonly kind: 'inline'; readonly keySalt: string; readonly lifetimePackets: number };

/** `inline:key||salt [|lifetime] [|MKI:length]` (RFC 4568 §6.1). */
function readInline(text: string): Inline | CryptoReading {
  const found = /^inline:([^|]*)((?:\|[^|]*){0,2})$/i.exec(text);
  if (!found) return malformed('syntax');
  const bytes = decodeBase64(found[1] ?? '');
  if (bytes?.length !== SDES_KEY_SALT_BYTES) return malformed('key');
  const keySalt = bytes.toString('base64');
  bytes.fill(0);
  const rest = (found[2] ?? '').split('|').slice(1);
  const mki = rest.at(-1)?.includes(':') === true ? rest.pop() : undefined;
  const lifetimePackets = rest.length === 0 ? MAX_LIFETIME_PACKETS : readLifetime(rest);
  if (lifetimePackets === undefined) return malformed('lifetime');
  if (mki !== undefined) return isMki(mki) ? unsupported('mki') : malformed('mki');
  return { kind: 'inline', keySalt, lifetimePackets };
}

function readLifetime(fields: readonly string[]): number | undefined {
  const [text = '', ...others] = fields;
  if (others.length > 0) return undefined;
  const power = /^2\^(\d{1,2})$/.exec(text);
  const packets = power ? 2 ** Number(power[1]) : /^[1-9]\d{0,14}$/.test(text) ? Number(text) : Number.NaN;
  return packets <= MAX_LIFETIME_PACKETS ? packets : undefined;
}

/** MKI value and its length in bytes, 1 to 128. */
function isMki(text: string): boolean {
  const found = /^\d{1,39}:(\d{1,3})$/.exec(text);
  const lengthBytes = Number(found?.[1] ?? 0);
  return lengthBytes >= 1 && lengthBytes <= 128;
}

/** A window hint, and anything marked `-` as ignorable (RFC 4568 §6.3). All else changes what is on the wire. */
function isHarmless(parameter: string): boolean {
  return parameter.startsWith('-') || /^WSH=\d{1,9}$/i.test(parameter) || /^KDR=0$/i.test(parameter);
}

function malformed(reason: Extract<CryptoReading, { kind: 'malformed' }>['reason']): CryptoReading {
  return { kind: 'malformed', reason };
}

function unsupported(reason: Extract<CryptoReading, { kind: 'unsupported' }>['reason']): CryptoReading {
  return { kind: 'unsupported', reason };
}
