/**
 * SRTP of one packet, protected and opened again, against nothing but the node:crypto calls that AES_CM_128_HMAC_SHA1_80
 * asks for each way: a counter-mode context of the packet's own IV, and one HMAC-SHA1.
 */

import { createCipheriv, createHmac, randomBytes } from 'node:crypto';
import type { SrtpReceiver } from '../../src/protocol/srtp/receiver.ts';
import type { SrtpSender } from '../../src/protocol/srtp/sender.ts';
import { rtpPacket } from '../protocol/rtp/packets.ts';
import type { Bench } from './support/bench.ts';
import { importBuilt } from './support/built.ts';
import { median, rounded } from './support/statistics.ts';
import { inTurns } from './support/turns.ts';

const HEADER_BYTES = 12;
const ROUNDS = 9;
const PACKETS = 20_000;

export const bench: Bench = {
  says: 'protect + unprotect of a 172-byte RTP packet, against the bare node:crypto calls it needs',
  async run(signal) {
    const pass = await createPass();
    const keys = { cipher: randomBytes(16), iv: randomBytes(16), tag: randomBytes(20) };
    const { ours, bare } = await inTurns({ rounds: ROUNDS, signal }, { ours: pass, bare: () => passBare(keys) });
    return {
      bench: 'srtp',
      us_per_packet: rounded(median(ours)),
      baseline: 'node:crypto',
      baseline_us_per_packet: rounded(median(bare)),
      ratio: rounded(median(ours) / median(bare)),
      packets: ROUNDS * PACKETS,
    };
  },
};

async function createPass(): Promise<() => number> {
  const { SrtpSender } = await importBuilt('protocol/srtp/sender');
  const { SrtpReceiver } = await importBuilt('protocol/srtp/receiver');
  const { createTransform } = await importBuilt('protocol/srtp/suites');
  const keySalt = randomBytes(30);
  const transform = () => createTransform('AES_CM_128_HMAC_SHA1_80', keySalt);
  const [sender, receiver] = [new SrtpSender(transform()), new SrtpReceiver(transform())];
  let sequence = 0;
  return () => {
    const us = passOurs(sender, receiver, sequence);
    sequence += PACKETS;
    return us;
  };
}

/** Microseconds per packet of one round. The last packet of the round must have come through whole. */
function passOurs(sender: SrtpSender, receiver: SrtpReceiver, firstSequence: number): number {
  const packet = rtpPacket();
  let opened: Buffer | string = '';
  const startedMs = performance.now();
  for (let n = 0; n < PACKETS; n += 1) {
    packet.writeUInt16BE((firstSequence + n) % 65_536, 2);
    const sealed = sender.protectRtp(packet);
    if (typeof sealed === 'string') throw new Error(`not protected: ${sealed}`);
    opened = receiver.unprotectRtp(sealed);
    if (typeof opened === 'string') throw new Error(`not opened: ${opened}`);
  }
  const tookMs = performance.now() - startedMs;
  if (!packet.equals(Buffer.from(opened))) throw new Error('a packet came through changed');
  return (tookMs * 1000) / PACKETS;
}

interface BareKeys {
  readonly cipher: Buffer;
  readonly iv: Buffer;
  readonly tag: Buffer;
}

function passBare({ cipher, iv, tag }: BareKeys): number {
  const packet = rtpPacket();
  const payload = packet.subarray(HEADER_BYTES);
  const startedMs = performance.now();
  for (let n = 0; n < PACKETS; n += 1) {
    createCipheriv('aes-128-ctr', cipher, iv).update(payload);
    createHmac('sha1', tag).update(packet).digest();
    createHmac('sha1', tag).update(packet).digest();
    createCipheriv('aes-128-ctr', cipher, iv).update(payload);
  }
  return ((performance.now() - startedMs) * 1000) / PACKETS;
}
