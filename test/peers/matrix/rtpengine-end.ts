/** A phone whose SRTP is rtpengine's: behind it is plain RTP, on its other side whatever the leg wants. */

import { randomBytes } from 'node:crypto';
import type { Bencoded } from '../bencode.ts';
import type { Rtpengine } from '../rtpengine.ts';
import { placeOf, plainSdp } from './describe.ts';
import type { MediaCounts, MediaEnd } from './media-end.ts';
import { NumberedMedia } from './numbered-media.ts';
import { suiteOf, type Profile } from './profiles.ts';

/** What rtpengine could offer. */
const SUITES = [
  'AEAD_AES_256_GCM',
  'AEAD_AES_128_GCM',
  'AES_256_CM_HMAC_SHA1_80',
  'AES_256_CM_HMAC_SHA1_32',
  'AES_192_CM_HMAC_SHA1_80',
  'AES_192_CM_HMAC_SHA1_32',
  'AES_CM_128_HMAC_SHA1_80',
  'AES_CM_128_HMAC_SHA1_32',
  'F8_128_HMAC_SHA1_80',
  'F8_128_HMAC_SHA1_32',
  'NULL_HMAC_SHA1_80',
  'NULL_HMAC_SHA1_32',
];

export interface RtpengineEndOptions {
  readonly engine: Rtpengine;
  readonly profile: Profile;
  readonly firstSequence: number;
  /** Offers RTP and RTCP on one port, and takes such an offer; otherwise neither. */
  readonly muxes?: boolean;
  /** Who begins the handshake: it, where it answers, or where it offers; else the node, as both would have it. */
  readonly begins?: boolean;
  /** Takes RTP/AVP with keys as best effort. */
  readonly isBestEffort?: boolean;
}

export class RtpengineEnd implements MediaEnd {
  readonly media: NumberedMedia;
  readonly #options: RtpengineEndOptions;
  readonly #callId = randomBytes(8).toString('hex');
  #isOfferer = false;
  #answered = '';

  private constructor(media: NumberedMedia, options: RtpengineEndOptions) {
    this.media = media;
    this.#options = options;
  }

  static async open(options: RtpengineEndOptions): Promise<RtpengineEnd> {
    return new RtpengineEnd(await NumberedMedia.open(options.firstSequence), options);
  }

  async offer(): Promise<string> {
    this.#isOfferer = true;
    const { profile, muxes = false, begins = false } = this.#options;
    const sdp = await this.#ask('offer', {
      'from-tag': 'phone',
      sdp: plainSdp(this.media.rtp.port),
      'transport-protocol': transportOf(profile),
      ...keying(profile),
      ...(muxes ? { 'rtcp-mux': ['offer'] } : {}),
    });
    return begins ? sdp.replace('a=setup:actpass', 'a=setup:active') : sdp;
  }

  async accept(answer: string): Promise<void> {
    const tags = { 'from-tag': 'phone', 'to-tag': 'node' };
    this.media.target = placeOf(await this.#ask('answer', { ...tags, sdp: answer }));
  }

  async answer(offer: string): Promise<string> {
    const { muxes = false, begins = false, isBestEffort = false } = this.#options;
    const asked = await this.#ask('offer', {
      'from-tag': 'node',
      sdp: offer,
      'transport-protocol': 'RTP/AVP',
      'rtcp-mux': muxes ? ['demux'] : ['reject'],
      ...(begins ? {} : { 'DTLS-reverse': 'passive' }),
      ...(isBestEffort ? { OSRTP: ['accept'] } : {}),
    });
    this.media.target = placeOf(asked);
    const tags = { 'from-tag': 'node', 'to-tag': 'phone' };
    this.#answered = await this.#ask('answer', { ...tags, sdp: plainSdp(this.media.rtp.port) });
    return this.#answered;
  }

  /** Says again what it said: an offer that changes nothing is all that it can be made within a call. */
  reanswer(): string {
    return this.#answered;
  }

  send(packets: number, reportEvery: number): void {
    this.media.send(packets, reportEvery);
  }

  counts(): Promise<MediaCounts> {
    return Promise.resolve(this.media.counts);
  }

  async stop(): Promise<void> {
    const fromTag = this.#isOfferer ? 'phone' : 'node';
    // Its ports are wanted by the next call, not in half a minute.
    await this.#options.engine
      .ask({ command: 'delete', 'call-id': this.#callId, 'from-tag': fromTag, 'delete delay': 0 })
      .catch(() => undefined);
    await this.media.close();
  }

  async #ask(command: string, parts: Readonly<Record<string, Bencoded>>): Promise<string> {
    const answer = await this.#options.engine.ask({ command, 'call-id': this.#callId, ICE: 'remove', ...parts });
    const sdp = answer.get('sdp');
    if (sdp === undefined) throw new Error(`rtpengine had nothing to say to ${command}`);
    return sdp;
  }
}

function transportOf(profile: Profile): string {
  if (profile === 'DTLS') return 'UDP/TLS/RTP/SAVP';
  return profile === 'RTP' ? 'RTP/AVP' : 'RTP/SAVP';
}

/** Nothing but the one way. */
function keying(profile: Profile): Readonly<Record<string, Bencoded>> {
  const wanted = suiteOf(profile);
  if (profile === 'DTLS') return { SDES: ['off'] };
  if (wanted === undefined) return { DTLS: 'off', SDES: ['off'] };
  return { DTLS: 'off', SDES: ['pad', ...SUITES.filter((suite) => suite !== wanted).map((suite) => `no-${suite}`)] };
}
