/** Calls, live and past, as the API shows them: facts from the live plane and from the ledger, never SIP or text. */

import { z } from 'zod';
import { callId, listOf, pageOf, pageQuery, processorName, tenantName, timeMs, whole } from './words.ts';

export const callsQuery = z.strictObject({
  /** Absent: every tenant the token sees. */
  tenant: listOf(tenantName).optional(),
  state: z.enum(['live', 'past', 'all']).default('all'),
  /** Calls that this processor heard or read. */
  processor: processorName.optional(),
  since_ms: z.coerce.number().pipe(timeMs).optional(),
  until_ms: z.coerce.number().pipe(timeMs).optional(),
  ...pageQuery,
});

const heard = z.strictObject({ processor: processorName, leases: whole, bytes: whole });

export const callView = z.strictObject({
  call: callId,
  tenant: tenantName,
  state: z.enum(['live', 'past', 'unknown']),
  /** `unknown` where the call's opening was never recorded. */
  direction: z.enum(['inbound', 'outbound', 'unknown']),
  ingress: z.string(),
  media: z.enum(['anchored', 'opaque', 'bypass', 'none', 'unknown']),
  started_ms: timeMs,
  /** Past calls only. */
  duration_ms: whole.optional(),
  reason: z.string().optional(),
  /** What passed in SIP, as the close of the call says it: for whoever kept the messages. */
  signaling: z.strictObject({ messages: whole, digest: z.string(), edits: z.record(z.string(), whole) }).optional(),
  config_revision: whole,
  /** Who heard audio, with how much: so far, for a live call. */
  heard_by: z.array(heard),
});

const stream = z.strictObject({
  stream: z.string(),
  leg: z.string(),
  side: z.enum(['caller', 'callee']),
  role: z.enum(['customer', 'agent', 'ivr']),
  codec: z.string(),
  secure: z.boolean(),
  tapped: z.boolean(),
  /** Card data is being taken: nobody may hear it, whatever policy says. */
  pci: z.boolean(),
  /** Who hears it now, until where on its timeline, and how far the processor's worker is behind it. */
  heard_by: z.array(z.strictObject({ processor: processorName, through_ms: whole, bytes: whole, lag_ms: whole })),
  read_by: z.array(processorName),
});

/** One call in full: what was decided, who heard it, and where the gaps are. */
export const callDetail = callView.extend({
  /** Live calls only. */
  streams: z.array(stream).optional(),
  /** Every processor that heard or read the call, with the time on the streams' timelines and the releases. */
  processors: z.array(
    z.strictObject({
      processor: processorName,
      hears: z.array(z.enum(['raw_audio', 'masked_audio', 'text'])),
      terms: z.array(z.string()),
      leases: whole,
      audio_ms: whole,
      bytes: whole,
      /** Bytes nobody could count, because the writer died: at most this many more. */
      bytes_unknown_max: whole,
      releases: whole,
      chars: whole,
    }),
  ),
  refusals: z.array(
    z.strictObject({
      entrypoint: z.string(),
      processor: processorName.optional(),
      subscriber: z.string().optional(),
      code: z.string(),
      rules: z.array(z.string()),
      count: whole,
    }),
  ),
  gaps: z.array(
    z.strictObject({
      stream: z.string(),
      processor: processorName.optional(),
      reason: z.string(),
      from_ms: whole,
      to_ms: whole,
      count: whole,
    }),
  ),
  /** Where card data was taken, and how much of it was sent all the same; the first windows one by one. */
  pci: z.strictObject({
    windows: whole,
    exposed_ms: whole,
    /** Those that are known; of `unknown` windows they are not. */
    exposed_bytes: whole,
    unknown: whole,
    first: z.array(
      z.strictObject({
        window: z.string(),
        stream: z.string(),
        trigger: z.string(),
        opened_ms: whole,
        sensitive_ms: whole,
        exposed_ms: whole,
        exposed_bytes: z.union([whole, z.literal('unknown')]),
        /** Absent while it is open, and where nobody lived to say it. */
        closed_ms: whole.optional(),
        reason: z.string().optional(),
      }),
    ),
  }),
  entries: whole,
});

export const callPage = pageOf(callView);
export type CallsQuery = z.infer<typeof callsQuery>;
export type CallView = z.infer<typeof callView>;
export type CallDetail = z.infer<typeof callDetail>;
export type CallPage = z.infer<typeof callPage>;
export type StreamView = z.infer<typeof stream>;
