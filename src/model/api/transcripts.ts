/** Kept transcripts: a list from the node, their content from the reader process alone. */

import { z } from 'zod';
import { callId, listOf, pageOf, pageQuery, tenantName, timeMs, whole } from './words.ts';

export const transcriptsQuery = z.strictObject({
  tenant: listOf(tenantName).optional(),
  call: callId.optional(),
  ...pageQuery,
});

/** What is known of a sealed object without opening it. */
export const transcriptView = z.strictObject({
  sealed: z.string(),
  call: callId,
  tenant: tenantName,
  class: z.string(),
  opened_ms: timeMs,
  chunks: whole,
  size_bytes: whole,
});
export const transcriptPage = pageOf(transcriptView);

/** One redacted turn, as it was kept. */
export const transcriptTurn = z.strictObject({
  leg: z.string(),
  role: z.enum(['customer', 'agent', 'ivr']),
  from_ms: whole,
  to_ms: whole,
  text: z.string(),
  entities: z.record(z.string(), whole),
});

/** An opened transcript. `complete` is false while the call goes on, and where its writer died before the end. */
export const openedTranscript = z.strictObject({
  call: callId,
  tenant: tenantName,
  complete: z.boolean(),
  turns: z.array(transcriptTurn),
});

export type TranscriptsQuery = z.infer<typeof transcriptsQuery>;
export type TranscriptView = z.infer<typeof transcriptView>;
export type TranscriptPage = z.infer<typeof transcriptPage>;
export type TranscriptTurn = z.infer<typeof transcriptTurn>;
export type OpenedTranscript = z.infer<typeof openedTranscript>;
