/** Reads one reply of a vosk server: a partial text, or a final one with its words. Anything else is undefined. */

import type { RawData } from 'ws';
import { z } from 'zod';

/** Times in seconds of the audio given to the connection. */
export interface VoskWord {
  readonly word: string;
  readonly start: number;
  readonly end: number;
  readonly conf?: number | undefined;
}

export type VoskReply =
  | { readonly kind: 'partial'; readonly text: string }
  | { readonly kind: 'final'; readonly text: string; readonly words: readonly VoskWord[] };

const MAX_CHARS = 64 * 1024;
const MAX_WORDS = 4096;

const seconds = z.number().min(0).max(1_000_000);
const finalReply = z.object({
  text: z.string().max(MAX_CHARS),
  result: z
    .array(z.object({ word: z.string().max(1024), start: seconds, end: seconds, conf: z.number().optional() }))
    .max(MAX_WORDS)
    .optional(),
});
const partialReply = z.object({ partial: z.string().max(MAX_CHARS) });

export function readVoskReply(bytes: RawData): VoskReply | undefined {
  const json = parseJson(bytes);
  const final = finalReply.safeParse(json);
  if (final.success) return { kind: 'final', text: final.data.text, words: final.data.result ?? [] };
  const partial = partialReply.safeParse(json);
  return partial.success ? { kind: 'partial', text: partial.data.partial } : undefined;
}

function parseJson(bytes: RawData): unknown {
  try {
    return JSON.parse(joined(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}

function joined(bytes: RawData): Buffer {
  if (Array.isArray(bytes)) return Buffer.concat(bytes);
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes);
}
