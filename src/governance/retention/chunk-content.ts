/** What is inside a chunk: a redacted turn as canonical JSON, or, in the last one, how many there were. */

import { z } from 'zod';
import { canonicalJson } from '../../base/canonical-json.ts';
import { transcriptTurn, type TranscriptTurn } from '../../model/api/transcripts.ts';

/** A turn is released in parts of a few thousand characters; nothing longer is ours. */
export const MAX_TURN_BYTES = 64 * 1024;

/** The last chunk. `whole` is false where turns were lost on the way, or speech before the first one was not heard. */
const ending = z.strictObject({ turns: z.int().min(0), whole: z.boolean() });
export type Ending = z.infer<typeof ending>;

/** The bytes of a turn, or undefined when it is too long to be kept. */
export function encodeTurn(turn: TranscriptTurn): Buffer | undefined {
  const bytes = canonicalJson(turn);
  return bytes.length > MAX_TURN_BYTES ? undefined : bytes;
}

export function encodeEnding(end: Ending): Buffer {
  return canonicalJson(end);
}

/** Undefined for what no writer of ours ever sealed. */
export function decodeTurn(bytes: Uint8Array): TranscriptTurn | undefined {
  const read = transcriptTurn.safeParse(parse(bytes));
  return read.success ? read.data : undefined;
}

export function decodeEnding(bytes: Uint8Array): Ending | undefined {
  const read = ending.safeParse(parse(bytes));
  return read.success ? read.data : undefined;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
