/**
 * Reads the payload map of a media section: what each payload type of its `m=` line means.
 * Codecs we cannot decode are `other`; formats that are not payload types are left out.
 */

import { attributeValues } from './attribute.ts';
import type { MediaSection } from './description.ts';

export type PayloadEncoding = 'PCMU' | 'PCMA' | 'G722' | 'L16' | 'telephone-event' | 'other';

export interface Payload {
  readonly payloadType: number;
  readonly encoding: PayloadEncoding;
  /** RTP clock in Hz. */
  readonly clockRateHz: number;
}

export const MAX_PAYLOADS = 32;

/** Rates at which linear samples are decoded (RFC 3551 §4.5.11 allows any); in one channel. */
const L16_RATES_HZ: readonly number[] = [8000, 16_000, 44_100];

/** RFC 3551 §6, table 4: the types that need no rtpmap. G722 says 8000 though it samples at 16000 (§4.5.2). */
const STATIC_AUDIO: Readonly<Record<number, string>> = {
  0: 'PCMU/8000',
  3: 'GSM/8000',
  4: 'G723/8000',
  5: 'DVI4/8000',
  6: 'DVI4/16000',
  7: 'LPC/8000',
  8: 'PCMA/8000',
  9: 'G722/8000',
  10: 'L16/44100/2',
  11: 'L16/44100',
  12: 'QCELP/8000',
  13: 'CN/8000',
  14: 'MPA/90000',
  15: 'G728/8000',
  16: 'DVI4/11025',
  17: 'DVI4/22050',
  18: 'G729/8000',
};

/** The payload map in the order of the `m=` line, at most `MAX_PAYLOADS` rows. */
export function readPayloads(section: MediaSection): Payload[] {
  const mapped = readRtpmaps(section);
  const payloads: Payload[] = [];
  for (const format of section.media.formats) {
    const payloadType = /^\d{1,3}$/.test(format) ? Number(format) : 128;
    if (payloadType > 127 || payloads.some((payload) => payload.payloadType === payloadType)) continue;
    if (payloads.length === MAX_PAYLOADS) break;
    payloads.push({ payloadType, ...readEncoding(mapped.get(payloadType) ?? STATIC_AUDIO[payloadType]) });
  }
  return payloads;
}

/** The first `a=rtpmap` of a payload type counts, as with most readers. */
function readRtpmaps(section: MediaSection): Map<number, string> {
  const mapped = new Map<number, string>();
  for (const value of attributeValues(section, 'rtpmap')) {
    const found = /^ *(\d{1,3}) +(\S+)/.exec(value);
    if (found?.[2] !== undefined && !mapped.has(Number(found[1]))) mapped.set(Number(found[1]), found[2]);
  }
  return mapped;
}

function readEncoding(text: string | undefined): Omit<Payload, 'payloadType'> {
  const [name = '', clock = '', channels = '1'] = (text ?? '').split('/');
  const clockRateHz = /^[1-9]\d{0,5}$/.test(clock) ? Number(clock) : 8000;
  if (name.toLowerCase() === 'telephone-event') return { encoding: 'telephone-event', clockRateHz };
  const upper = name.toUpperCase();
  const isKnown = upper === 'PCMU' || upper === 'PCMA' || upper === 'G722';
  if (isKnown && clockRateHz === 8000 && channels === '1') return { encoding: upper, clockRateHz };
  if (upper === 'L16' && L16_RATES_HZ.includes(clockRateHz) && channels === '1')
    return { encoding: 'L16', clockRateHz };
  return { encoding: 'other', clockRateHz };
}
