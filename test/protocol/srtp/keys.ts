/** Senders and receivers under fixed keys, for tests. */

import type { AesCm } from '../../../src/protocol/srtp/aes-cm.ts';
import { SrtpReceiver } from '../../../src/protocol/srtp/receiver.ts';
import { SrtpSender } from '../../../src/protocol/srtp/sender.ts';
import { createTransform } from '../../../src/protocol/srtp/suites.ts';
import type { SsrcIndexState } from '../../../src/protocol/srtp/index-state.ts';

export const KEY_A = Buffer.alloc(30, 0xa1);
export const KEY_B = Buffer.alloc(30, 0xb2);

export function receiver(key = KEY_A, known: readonly SsrcIndexState[] = []): SrtpReceiver {
  return new SrtpReceiver(createTransform('AES_CM_128_HMAC_SHA1_80', key), known);
}

export function sender(key = KEY_A, known: readonly SsrcIndexState[] = []): SrtpSender {
  return new SrtpSender(createTransform('AES_CM_128_HMAC_SHA1_80', key), known);
}

/** The packet, or a failure of the test that names the refusal. */
export function bytesOf(result: Buffer | string): Buffer {
  if (typeof result === 'string') throw new Error(`refused: ${result}`);
  return result;
}

export function fromHex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}

/** Blocks of a keystream by their number, for SSRC 0 and index 0. */
export function keystreamBlocks(stream: AesCm, numbers: readonly number[]): Map<number, string> {
  const keystream = Buffer.alloc((Math.max(...numbers) + 1) * 16);
  stream.apply(keystream, 0, keystream.length, 0, 0);
  return new Map(numbers.map((number) => [number, keystream.toString('hex', number * 16, number * 16 + 16)]));
}
