/**
 * What each policy question is asked about, as a schema with words for authors; `docs/policy/` is generated from it.
 * It documents and type-checks Rego. It is not run per decision: inputs are built by our own code, and typed there.
 */

import { z } from 'zod';
import type { Entrypoint } from '../../model/decision.ts';

const parts = {
  v: z.literal(1).describe('Version of this input document.'),
  now_ms: z.int().min(0).describe('Time of the question, ms since 1970 UTC. Policies have no other clock.'),
  tenant: z.string().describe('Configured name of the tenant.'),
  call: z
    .strictObject({
      id: z.string().describe('Our own random id of the call.'),
      direction: z.enum(['inbound', 'outbound']),
      ingress: z.string().describe('Name of the interface the call came in on.'),
      trusted: z.boolean().describe('Whether the peer that sent the call is believed about consent and labels.'),
      jurisdictions: z.array(z.string()).describe('Lower-case codes such as "eu", "de" or "us-ca".'),
      labels: z.record(z.string(), z.string()).describe('Headers the route names, from trusted peers only.'),
    })
    .describe('The call.'),
  leg: z
    .strictObject({
      side: z.enum(['caller', 'callee']),
      role: z.enum(['customer', 'agent', 'ivr']),
    })
    .describe('Whose voice it is.'),
  stream: z
    .strictObject({
      codec: z.enum(['PCMU', 'PCMA', 'G722', 'L16', 'telephone-event', 'other']),
      secure: z.boolean().describe('Whether the leg is encrypted on the wire.'),
      modality: z.enum(['audio', 'text', 'dtmf']).describe('What the processor would receive.'),
    })
    .describe("The leg's audio."),
  consent: z
    .strictObject({
      state: z.string().describe('"granted", "denied" or "unknown".'),
      method: z.string(),
      parties: z.string().describe('"all" or "one".'),
      source: z.string().describe('Who says so: "config", or what the call brought.'),
    })
    .describe('Consent of the parties.'),
  disclosure: z.strictObject({ played: z.boolean(), source: z.string() }).describe('Whether the parties were told.'),
  window: z.strictObject({ pci: z.boolean().describe('Card data is being taken now.') }),
  processor: z
    .strictObject({
      id: z.string(),
      kind: z.enum(['transcriber', 'assistant']),
      hears: z.enum(['raw_audio', 'masked_audio', 'text']),
      protocol: z.string(),
      region: z.string().describe('Where it runs, such as "eu-west".'),
      legal_entity: z.string(),
      purpose: z.string(),
      terms: z.strictObject({
        hash: z.string().describe('SHA-256 (hex) that names what was agreed.'),
        training: z.boolean().describe('Whether it may learn from what it is sent.'),
        retention_days: z.number().min(0),
        expires_at_ms: z.number(),
      }),
      health: z.enum(['up', 'down', 'unknown']),
    })
    .describe('The AI endpoint and its contract.'),
  release: z
    .strictObject({
      entities: z.record(z.string(), z.number()).describe('How many of each type were taken out.'),
      chars: z.int().min(0),
      final: z.boolean(),
      detector: z.string(),
    })
    .describe('Redacted text about to be sent.'),
  retain: z.strictObject({ kind: z.enum(['audio', 'transcript', 'policy_input', 'salts']) }),
  subscriber: z.strictObject({ id: z.string(), kind: z.enum(['local', 'webhook', 'stream']) }),
};

const always = { v: parts.v, now_ms: parts.now_ms, tenant: parts.tenant, call: parts.call };

const optional = {
  leg: parts.leg.optional(),
  stream: parts.stream.optional(),
  consent: parts.consent.optional(),
  disclosure: parts.disclosure.optional(),
  window: parts.window.optional(),
  processor: parts.processor.optional(),
  release: parts.release.optional(),
  retain: parts.retain.optional(),
  subscriber: parts.subscriber.optional(),
};

/** Every part any question may have: what rules shared by several questions are checked against. */
export const anyInput = z.strictObject({ ...always, ...optional });

/** Per question: the parts it always has, and those it may have. */
export const inputOf: Readonly<Record<Entrypoint, z.ZodObject>> = {
  stream: z.strictObject({
    ...always,
    leg: parts.leg,
    stream: parts.stream,
    consent: parts.consent,
    disclosure: parts.disclosure,
    window: parts.window,
    processor: parts.processor,
  }),
  release: z.strictObject({
    ...always,
    leg: parts.leg,
    stream: optional.stream,
    consent: parts.consent,
    disclosure: optional.disclosure,
    window: optional.window,
    processor: parts.processor,
    release: parts.release,
  }),
  retain: z.strictObject({
    ...always,
    leg: optional.leg,
    stream: optional.stream,
    consent: optional.consent,
    disclosure: optional.disclosure,
    window: optional.window,
    retain: parts.retain,
  }),
  emit: z.strictObject({
    ...always,
    leg: optional.leg,
    consent: optional.consent,
    disclosure: optional.disclosure,
    window: optional.window,
    processor: parts.processor,
    release: optional.release,
    subscriber: parts.subscriber,
  }),
};

/** The files of `docs/policy/` by name, each a JSON Schema (draft 7) as text. */
export function describeInputs(): ReadonlyMap<string, string> {
  const schemas = { input: anyInput, ...inputOf };
  return new Map(
    Object.entries(schemas).map(([name, schema]) => [
      `${name}.schema.json`,
      printJson(z.toJSONSchema(schema, { target: 'draft-7' })),
    ]),
  );
}

/** Indented JSON with lists of words on one line, as the formatter of this project leaves them. */
function printJson(value: unknown): string {
  const indented = JSON.stringify(value, null, 2);
  return `${indented.replace(/\[\n\s+("[^\]]*")\n\s+\]/g, (_, words: string) => `[${words.replace(/,\n\s+/g, ', ')}]`)}\n`;
}
