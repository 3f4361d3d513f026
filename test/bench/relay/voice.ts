/**
 * One side of one flow, speaking: its packets are protected before they are due and opened after the last one has come,
 * so that as little as possible happens while delays are measured.
 */

import { rtpSequence } from '../../../src/protocol/rtp/header.ts';
import { SrtpReceiver } from '../../../src/protocol/srtp/receiver.ts';
import { SrtpSender } from '../../../src/protocol/srtp/sender.ts';
import { createTransform } from '../../../src/protocol/srtp/suites.ts';
import type { SrtpTransform } from '../../../src/protocol/srtp/transform.ts';
import { rtpPacket } from '../../protocol/rtp/packets.ts';

/** Samples of 20 ms at 8 kHz. */
const SAMPLES_PER_PACKET = 160;

interface Utterance {
  readonly plain: Buffer;
  readonly wire: Buffer;
  sentUs: number;
  arrived: { readonly bytes: Buffer; readonly atUs: number } | undefined;
}

export class Voice {
  readonly #ssrc: number;
  readonly #keys: { readonly sent: string; readonly heard: string };
  readonly #sender: SrtpSender;
  #sequence = 0;
  #firstSequence = 0;
  #utterances: Utterance[] = [];

  /** `sent` is the key it protects with, `heard` the one its listener expects from the relay. */
  constructor(ssrc: number, keys: { readonly sent: string; readonly heard: string }) {
    this.#ssrc = ssrc;
    this.#keys = keys;
    this.#sender = new SrtpSender(transformOf(keys.sent));
  }

  /** Makes the packets of the next round and forgets those of the last. */
  prepare(packets: number): void {
    this.#firstSequence = this.#sequence;
    this.#utterances = Array.from({ length: packets }, () => this.#makeNext());
  }

  /** The n-th packet of the round, said at `nowUs`. */
  say(n: number, nowUs: number): Buffer {
    const utterance = this.#utterances[n]!;
    utterance.sentUs = nowUs;
    return utterance.wire;
  }

  /** Something came to the listener; the first of each sequence number counts. */
  hear(bytes: Buffer, atUs: number): void {
    const utterance = this.#utterances[rtpSequence(bytes) - this.#firstSequence];
    if (utterance) utterance.arrived ??= { bytes, atUs };
  }

  /** Microseconds on the way for every packet that arrived authentic and is what was said. */
  judge(isRekeyed: boolean): number[] {
    const listener = new SrtpReceiver(transformOf(isRekeyed ? this.#keys.heard : this.#keys.sent));
    return this.#utterances.flatMap(({ plain, sentUs, arrived }) => {
      const opened = arrived ? listener.unprotectRtp(arrived.bytes) : undefined;
      return arrived && typeof opened === 'object' && plain.equals(opened) ? [arrived.atUs - sentUs] : [];
    });
  }

  #makeNext(): Utterance {
    const sequence = this.#sequence++;
    const plain = rtpPacket({ sequence, timestamp: sequence * SAMPLES_PER_PACKET, ssrc: this.#ssrc });
    const wire = this.#sender.protectRtp(plain);
    if (typeof wire === 'string') throw new Error(`not protected: ${wire}`);
    return { plain, wire, sentUs: 0, arrived: undefined };
  }
}

function transformOf(keySalt: string): SrtpTransform {
  return createTransform('AES_CM_128_HMAC_SHA1_80', Buffer.from(keySalt, 'base64'));
}
