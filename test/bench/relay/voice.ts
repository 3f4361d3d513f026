/** One side of one flow: seals what it says before it is due, and judges what its listener heard after the last word. */

import type { SrtpKey } from '../../../src/call/media/session-state.ts';
import { loadAddon } from '../../../src/native/addon.ts';
import { nativeTransforms, type SrtpExports } from '../../../src/native/srtp-transforms.ts';
import { SrtpReceiver } from '../../../src/protocol/srtp/receiver.ts';
import { SrtpSender } from '../../../src/protocol/srtp/sender.ts';
import { createTransform as createOnNode } from '../../../src/protocol/srtp/suites.ts';
import type { CreateTransform, SrtpTransform } from '../../../src/protocol/srtp/transform.ts';
import { rtpPacket } from '../../protocol/rtp/packets.ts';

/** Samples of 20 ms at 8 kHz. */
const SAMPLES_PER_PACKET = 160;
const SEQUENCES = 65_536;

const addon = loadAddon<SrtpExports>();
/** Hundreds of thousands of packets are sealed and judged between the rounds; node:crypto would take longer than they. */
const createTransform: CreateTransform = addon.kind === 'loaded' ? nativeTransforms(addon.exports) : createOnNode;

export class Voice {
  readonly #ssrc: number;
  readonly #sender: SrtpSender;
  #sequence = 0;
  #firstSequence = 0;
  #said: Buffer[] = [];

  constructor(ssrc: number, sends: SrtpKey) {
    this.#ssrc = ssrc;
    this.#sender = new SrtpSender(transformOf(sends));
  }

  /** As on the wire, of the first packet of the round. */
  get firstSequence(): number {
    return this.#firstSequence % SEQUENCES;
  }

  /** The packets of the next round, sealed; those of the last are forgotten. */
  prepare(packets: number): Buffer[] {
    this.#firstSequence = this.#sequence;
    this.#said = Array.from({ length: packets }, (_, n) => {
      const sequence = this.#firstSequence + n;
      return rtpPacket({
        sequence: sequence % SEQUENCES,
        timestamp: sequence * SAMPLES_PER_PACKET,
        ssrc: this.#ssrc,
      });
    });
    this.#sequence += packets;
    return this.#said.map((plain) => {
      const wire = this.#sender.protectRtp(plain);
      if (typeof wire === 'string') throw new Error(`not protected: ${wire}`);
      return Buffer.from(wire);
    });
  }

  /** For each packet of the round, whether what was heard of it is authentic and what was said. */
  judge(heard: readonly (Buffer | undefined)[], hears: SrtpKey): boolean[] {
    const listener = new SrtpReceiver(transformOf(hears));
    return this.#said.map((plain, n) => {
      const bytes = heard[n];
      const opened = bytes && listener.unprotectRtp(bytes);
      return typeof opened === 'object' && plain.equals(opened);
    });
  }
}

function transformOf({ suite, keySalt }: SrtpKey): SrtpTransform {
  return createTransform(suite, Buffer.from(keySalt, 'base64'));
}
