/** The declarative document: tenants, routes, processors and terms, as people write it and as the rest reads it. */

import { createHash } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import { z } from 'zod';
import { canonicalJson } from '../base/canonical-json.ts';
import { asProcessorId, asTenantId } from '../base/ids.ts';
import type { NextHop, Processor, Revision, Tenant } from '../model/tenant.ts';
import type { NodeConfig } from './node-config.ts';

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and hyphens');
const shortText = z.string().min(1).max(128);

const cidr = z.string().max(64).refine(isCidr, 'must be an IP address or a network such as 192.0.2.0/24');

const domain = z
  .string()
  .max(253)
  .regex(/^[A-Za-z0-9.-]+$/, 'must be a host name')
  .transform((text) => text.toLowerCase());
const didPrefix = z.string().regex(/^\+?[0-9*#]{1,24}$/, 'must be the beginning of a number, such as +4930');
const headerName = z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,62}$/, 'must be the name of a header');

const sipUri = z
  .string()
  .max(256)
  .refine((text) => parseHop(text) !== undefined, 'must be sip:HOST[:PORT]')
  .transform((text) => parseHop(text) ?? { host: text, port: 5060, transport: 'udp' as const });

const termsSchema = z.strictObject({
  /** Whether the processor may train on what it hears. */
  training: z.boolean(),
  /** How many days it keeps what it hears. */
  retentionDays: z.int().min(0).max(36_500),
  /** Until when the terms hold. */
  expires: z.iso.date().or(z.iso.datetime()),
});

const processorSchema = z.strictObject({
  id: name,
  protocol: z.enum(['vosk', 'openai-chat']),
  url: z.url({ protocol: /^(wss?|https?)$/ }).max(512),
  hears: z.enum(['raw_audio', 'masked_audio', 'text']),
  region: shortText,
  legalEntity: shortText,
  purpose: shortText,
  terms: termsSchema,
  sampleRateHz: z.union([z.literal(8000), z.literal(16_000)]).default(16_000),
  model: shortText.optional(),
  instructions: z.string().max(8192).optional(),
  /** Environment variable of the node that holds the credential. */
  credentialEnv: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]{0,63}$/)
    .optional(),
});

const legProfile = z.enum(['rtp', 'sdes', 'as-offered']);
const role = z.enum(['customer', 'agent', 'ivr']);

const tenantSchema = z.strictObject({
  id: name.refine((id) => id !== 'system', 'is reserved'),
  match: z.strictObject({
    /** Networks whose calls are this tenant's. */
    sources: z.array(cidr).min(1).max(256),
    /** Hosts of the Request-URI. */
    domains: z.array(domain).max(64).default([]),
    /** Beginnings of the dialled number. */
    dids: z.array(didPrefix).max(256).default([]),
    /** Headers with exactly this value. */
    headers: z
      .array(z.strictObject({ name: headerName, value: shortText }))
      .max(8)
      .default([]),
    /** Whether what these peers say about consent and labels counts. */
    trusted: z.boolean().default(false),
  }),
  route: z.strictObject({
    ingress: name,
    egress: name,
    next: z.array(sipUri).min(1).max(16),
    /** Headers that become labels of the call, which policy may read; only trusted peers are believed. */
    labels: z.array(headerName).max(8).default([]),
  }),
  media: z
    .strictObject({
      caller: legProfile.default('as-offered'),
      callee: legProfile.default('as-offered'),
      onUnavailable: z.enum(['bypass', 'reject']).default('bypass'),
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
  retention: z
    .strictObject({
      transcripts: z
        .strictObject({ keep: z.boolean().default(false), days: z.int().min(1).max(3660).default(30) })
        .prefault({}),
    })
    .prefault({}),
});

export const documentSchema = z
  .strictObject({
    version: z.literal(1),
    processors: z.array(processorSchema).max(256).default([]),
    tenants: z.array(tenantSchema).max(10_000).default([]),
  })
  .superRefine((document, context) => {
    refuseDuplicates(document.processors, 'processors', context);
    refuseDuplicates(document.tenants, 'tenants', context);
    const known = new Set(document.processors.map(({ id }) => id));
    document.tenants.forEach((tenant, index) => {
      tenant.processors.forEach((id, position) => {
        if (known.has(id)) return;
        const path = ['tenants', index, 'processors', position];
        context.addIssue({ code: 'custom', path, message: `names no processor of this document: ${id}` });
      });
    });
    document.processors.forEach((processor, index) => {
      const wanted = processor.protocol === 'vosk' ? 'ws' : 'http';
      if (!processor.url.startsWith(wanted)) {
        const path = ['processors', index, 'url'];
        context.addIssue({
          code: 'custom',
          path,
          message: `must be a ${wanted}: or ${wanted}s: URL for ${processor.protocol}`,
        });
      }
      const isText = processor.hears === 'text';
      if (isText !== (processor.protocol === 'openai-chat')) {
        const path = ['processors', index, 'hears'];
        context.addIssue({ code: 'custom', path, message: `does not fit protocol ${processor.protocol}` });
      }
    });
  });

export type EarshotDocument = z.output<typeof documentSchema>;

/** The same schema for one node: a tenant's route names interfaces that this node must have. */
export function documentSchemaFor({ interfaces }: Pick<NodeConfig, 'interfaces'>): z.ZodType<EarshotDocument> {
  const known = new Set(interfaces.map((one) => one.name));
  return documentSchema.superRefine((document, context) => {
    document.tenants.forEach(({ route }, index) => {
      for (const side of ['ingress', 'egress'] as const) {
        if (known.has(route[side])) continue;
        const path = ['tenants', index, 'route', side];
        context.addIssue({ code: 'custom', path, message: `names no interface of this node: ${route[side]}` });
      }
    });
  });
}

/** The document as bytes that always come out the same (RFC 8785), and their SHA-256: its identity. */
export function canonicalDocument(document: EarshotDocument): { readonly raw: Buffer; readonly digest: string } {
  const raw = canonicalJson(document);
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
    nextHops: tenant.route.next,
    media: { caller: tenant.media.caller, callee: tenant.media.callee },
    onMediaUnavailable: tenant.media.onUnavailable,
    roles: tenant.roles,
    direction: tenant.direction,
    jurisdictions: tenant.jurisdictions,
    consent: { ...tenant.consent, source: 'config' },
    disclosure: { ...tenant.disclosure, source: 'config' },
    processors: tenant.processors.map(asProcessorId),
    policy: tenant.policy,
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

function refuseDuplicates(items: readonly { id: string }[], list: string, context: z.RefinementCtx): void {
  const seen = new Set<string>();
  items.forEach(({ id }, index) => {
    if (seen.has(id)) context.addIssue({ code: 'custom', path: [list, index, 'id'], message: `is used twice: ${id}` });
    seen.add(id);
  });
}

function isCidr(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  if (prefix === undefined) return true;
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > (family === 4 ? 32 : 128)) return false;
  new BlockList().addSubnet(address, Number(prefix), family === 4 ? 'ipv4' : 'ipv6');
  return true;
}

function parseHop(text: string): NextHop | undefined {
  const match = /^sip:(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1]?.replace(/^\[|\]$/g, '');
  const port = Number(match?.[2] ?? 5060);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port, transport: 'udp' };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
