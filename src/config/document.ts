/** The declarative document: tenants, routes, processors and terms, as people write it and as the rest reads it. */

import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { z } from 'zod';
import { canonicalJson } from '../base/canonical-json.ts';
import { asProcessorId, asTenantId } from '../base/ids.ts';
import type { Processor, Revision, Tenant } from '../model/tenant.ts';
import { checkNames, checkProcessors, checkReach, checkSurroundings, type Surroundings } from './document-checks.ts';
import { legMedia, toLegPolicy } from './leg-media.ts';
import { canonicalNetwork } from './network.ts';
import { nextHop, readHop } from './next-hop.ts';
import { checkPatterns, redactionSection, toRedactionSettings } from './redaction-section.ts';

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and hyphens');
const shortText = z.string().min(1).max(128);

const network = z
  .string()
  .max(64)
  .refine((text) => canonicalNetwork(text) !== undefined, 'must be an IP address or a network such as 192.0.2.0/24');

const domain = z
  .string()
  .max(253)
  .refine((text) => /^[A-Za-z0-9_.-]+$/.test(text) || isIP(text) === 6, 'must be a host name or an IP address')
  .transform((text) => text.toLowerCase().replace(/\.$/, ''));
const didPrefix = z
  .string()
  .regex(/^\+?[0-9*#]{1,24}$/, 'must be the beginning of a number, such as +4930, without blanks or hyphens');
const headerName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9-]{0,62}$/, 'must be the name of a header, such as X-Tenant')
  .refine((text) => !/^(proxy-)?authorization$/i.test(text), 'carries credentials and cannot be named');
/** Compared byte by byte, so nothing that could be written in two ways. */
const headerValue = z
  .string()
  .max(128)
  .regex(/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/, 'must be printable ASCII without blanks around it');

const termsSchema = z.strictObject({
  /** Whether the processor may train on what it hears. */
  training: z.boolean(),
  /** How many days it keeps what it hears. */
  retentionDays: z.int().min(0).max(36_500),
  /** Until when the terms hold. */
  expires: z.union([z.iso.date(), z.iso.datetime()], { error: 'must be a date such as 2027-12-31' }),
});

const processorSchema = z.strictObject({
  id: name,
  protocol: z.enum(['vosk', 'openai-chat']),
  url: z.url({ protocol: /^(wss?|https?)$/, error: 'must be a ws:, wss:, http: or https: URL' }).max(512),
  hears: z.enum(['raw_audio', 'masked_audio', 'text']),
  region: shortText,
  legalEntity: shortText,
  purpose: shortText,
  terms: termsSchema,
  sampleRateHz: z.union([z.literal(8000), z.literal(16_000)], { error: 'must be 8000 or 16000' }).default(16_000),
  model: shortText.optional(),
  instructions: z.string().max(8192).optional(),
  /** Environment variable of the node that holds the credential. */
  credentialEnv: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]{0,63}$/, 'must be the name of an environment variable, such as COACH_KEY')
    .optional(),
});

const role = z.enum(['customer', 'agent', 'ivr']);

const tenantSchema = z.strictObject({
  id: name.refine((id) => id !== 'system', 'is reserved'),
  match: z.strictObject({
    /** Networks whose calls are this tenant's. */
    sources: z.array(network).min(1).max(256),
    /** Hosts of the Request-URI. */
    domains: z.array(domain).max(64).default([]),
    /** Beginnings of the dialled number. */
    dids: z.array(didPrefix).max(256).default([]),
    /** Headers with exactly this value. */
    headers: z
      .array(z.strictObject({ name: headerName, value: headerValue }))
      .max(8)
      .refine(areNamedOnce, 'names a header twice')
      .default([]),
    /** Whether what these peers say about consent and labels counts. */
    trusted: z.boolean().default(false),
  }),
  route: z.strictObject({
    ingress: name,
    egress: name,
    next: z.array(nextHop).min(1).max(16),
    /** Headers that become labels of the call, which policy may read; only trusted peers are believed. */
    labels: z
      .array(headerName)
      .max(8)
      .refine((names) => areNamedOnce(names.map((each) => ({ name: each }))), 'names a header twice')
      .default([]),
  }),
  media: z
    .strictObject({
      caller: legMedia.default('as-offered'),
      callee: legMedia.default('as-offered'),
      onUnavailable: z.enum(['bypass', 'reject']).default('bypass'),
      /** `signaling-only`: media passes by this node, and no AI ever hears it. */
      mode: z.enum(['anchored', 'signaling-only']).optional(),
      /** Video and further audio of an anchored call: left as they are, or their packets relayed unopened. */
      otherLines: z.enum(['leave', 'relay']).optional(),
      /** SDP under a signature that anchoring would break. */
      onSigned: z.enum(['bypass', 'reject']).optional(),
    })
    .prefault({}),
  roles: z.strictObject({ caller: role.default('customer'), callee: role.default('agent') }).prefault({}),
  direction: z.enum(['inbound', 'outbound']).default('inbound'),
  jurisdictions: z.array(shortText).max(16).default([]),
  consent: z
    .strictObject({
      state: z.enum(['granted', 'denied', 'unknown']),
      method: shortText,
      parties: z.enum(['all', 'one']),
    })
    .default({ state: 'unknown', method: 'none', parties: 'one' }),
  disclosure: z.strictObject({ played: z.boolean() }).default({ played: false }),
  processors: z.array(name).max(16).default([]),
  policy: z
    .strictObject({
      /** Where the bundle's file is, for whoever applies the document; what is stored names it by digest alone. */
      bundle: z.string().min(1).max(1024).optional(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits'),
    })
    .optional(),
  redaction: redactionSection.optional(),
  retention: z
    .strictObject({
      transcripts: z
        .strictObject({ keep: z.boolean().default(false), days: z.int().min(1).max(3660).default(30) })
        .prefault({}),
    })
    .prefault({}),
});

const documentShape = z.strictObject({
  version: z.literal(1, { error: 'must be 1' }),
  processors: z.array(processorSchema).max(256).default([]),
  tenants: z.array(tenantSchema).max(10_000).default([]),
});

export type EarshotDocument = z.output<typeof documentShape>;

/** A document by itself. */
export const documentSchema = documentSchemaFor({});

/** A document and what is known around it. */
export function documentSchemaFor(surroundings: Surroundings): z.ZodType<EarshotDocument> {
  return documentShape.superRefine((document, context) => {
    checkNames(document, surroundings, context);
    checkProcessors(document, context);
    checkReach(document, context);
    const sections = document.tenants.map(({ redaction }, index) => ({
      path: ['tenants', index, 'redaction'],
      section: redaction,
    }));
    checkPatterns(sections, context);
    checkSurroundings(document, surroundings, context);
  });
}

/** Without the places where somebody keeps bundle files, which are nobody else's business. */
export function withoutPaths(document: EarshotDocument): EarshotDocument {
  const tenants = document.tenants.map((tenant) =>
    tenant.policy === undefined ? tenant : { ...tenant, policy: { sha256: tenant.policy.sha256 } },
  );
  return { ...document, tenants };
}

/** The document as bytes that always come out the same (RFC 8785), and their SHA-256: its identity. */
export function canonicalDocument(document: EarshotDocument): { readonly raw: Buffer; readonly digest: string } {
  const raw = canonicalJson(withoutPaths(document));
  return { raw, digest: sha256(raw) };
}

/** The document as the rest of Earshot reads it. */
export function toRevision(document: EarshotDocument, revision: number, digest: string): Revision {
  return {
    revision,
    digest,
    tenants: document.tenants.map(toTenant),
    processors: document.processors.map(toProcessor),
  };
}

function toTenant(tenant: EarshotDocument['tenants'][number]): Tenant {
  return {
    id: asTenantId(tenant.id),
    match: {
      sources: tenant.match.sources,
      domains: tenant.match.domains,
      dids: tenant.match.dids,
      headers: tenant.match.headers,
    },
    trusted: tenant.match.trusted,
    labels: tenant.route.labels,
    ingress: tenant.route.ingress,
    egress: tenant.route.egress,
    nextHops: tenant.route.next.map(readHop),
    media: { caller: toLegPolicy(tenant.media.caller), callee: toLegPolicy(tenant.media.callee) },
    mediaMode: tenant.media.mode ?? 'anchored',
    otherLines: tenant.media.otherLines ?? 'leave',
    onMediaUnavailable: tenant.media.onUnavailable,
    onSignedMedia: tenant.media.onSigned ?? 'bypass',
    roles: tenant.roles,
    direction: tenant.direction,
    jurisdictions: tenant.jurisdictions,
    consent: { ...tenant.consent, source: 'config' },
    disclosure: { ...tenant.disclosure, source: 'config' },
    processors: tenant.processors.map(asProcessorId),
    policy: tenant.policy && { sha256: tenant.policy.sha256 },
    redaction: toRedactionSettings(tenant.redaction),
    retention: tenant.retention,
  };
}

function toProcessor(processor: EarshotDocument['processors'][number]): Processor {
  const { terms } = processor;
  return {
    id: asProcessorId(processor.id),
    protocol: processor.protocol,
    url: processor.url,
    hears: processor.hears,
    region: processor.region,
    legalEntity: processor.legalEntity,
    purpose: processor.purpose,
    terms: {
      hash: sha256(canonicalJson({ processor: processor.id, entity: processor.legalEntity, ...terms })),
      training: terms.training,
      retentionDays: terms.retentionDays,
      expiresAtMs: Date.parse(terms.expires),
    },
    sampleRateHz: processor.sampleRateHz,
    model: processor.model,
    instructions: processor.instructions,
    credentialEnv: processor.credentialEnv,
  };
}

function areNamedOnce(items: readonly { readonly name: string }[]): boolean {
  return new Set(items.map(({ name: each }) => each.toLowerCase())).size === items.length;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
