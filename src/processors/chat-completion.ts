/**
 * The shapes of an OpenAI-compatible chat completion: the request we write, and the streamed chunks we accept. A chunk
 * that is not one is refused; fields we have no use for are ignored.
 */

import { z } from 'zod';
import type { ProcessorEndpoint } from './processor.ts';

/** Longest answer that is passed on, in UTF-16 units. */
export const MAX_ANSWER_CHARS = 4096;

const chunkSchema = z.object({
  choices: z
    .array(
      z.object({
        delta: z.object({ content: z.string().nullish() }).optional(),
        finish_reason: z.string().nullish(),
      }),
    )
    .max(16),
});

export type Chunk =
  | { readonly kind: 'text'; readonly text: string; readonly isFinished: boolean }
  | { readonly kind: 'done' }
  | { readonly kind: 'invalid' };

/** The body of one request: the instructions, then each turn as a user message that begins with its role. */
export function writeRequest(
  endpoint: ProcessorEndpoint,
  turns: readonly { readonly role: string; readonly text: string }[],
): Buffer {
  const system = endpoint.instructions === undefined ? [] : [{ role: 'system', content: endpoint.instructions }];
  const messages = turns.map(({ role, text }) => ({ role: 'user', content: `${role}: ${oneLine(text)}` }));
  return Buffer.from(
    JSON.stringify({
      ...(endpoint.model === undefined ? {} : { model: endpoint.model }),
      stream: true,
      messages: [...system, ...messages],
    }),
  );
}

/** Reads the data of one streamed event. */
export function readChunk(data: string): Chunk {
  if (data.trim() === '[DONE]') return { kind: 'done' };
  const read = chunkSchema.safeParse(parseJson(data));
  if (!read.success) return { kind: 'invalid' };
  const choice = read.data.choices[0];
  const isFinished = (choice?.finish_reason ?? undefined) !== undefined;
  return { kind: 'text', text: choice?.delta?.content ?? '', isFinished };
}

/** The answer as text that may be handled: no control or invisible formatting characters, no half surrogates. */
export function cleanAnswer(text: string): string {
  return text
    .replace(/[^\P{Cc}\n\t]/gu, '')
    .replace(/[\p{Cf}\p{Cs}]/gu, '')
    .trim();
}

/** The completions resource of a base URL, or the URL itself when it names one. */
export function completionsUrl(url: string): URL {
  const target = new URL(url);
  const path = target.pathname.replace(/\/+$/, '');
  if (path.endsWith('/chat/completions')) return target;
  target.pathname = `${path.endsWith('/v1') ? path : `${path}/v1`}/chat/completions`;
  return target;
}

/** A line break in a turn could pass for the beginning of another speaker's. */
function oneLine(text: string): string {
  return text.replace(/\s+/gu, ' ');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
