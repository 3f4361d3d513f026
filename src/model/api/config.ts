/** The declarative document over the API: applied, compared, listed, rolled back; tenants and processors in force. */

import { z } from 'zod';
import { pageOf, pageQuery, processorName, reasonText, sha256Hex, tenantName, timeMs, whole } from './words.ts';

/** Which part of the document a change touches; each needs a role of its own. */
export const changeAspect = z.enum(['tenants', 'routing', 'policy', 'processors']);

export const configChange = z.strictObject({
  aspect: changeAspect,
  action: z.enum(['add', 'remove', 'change']),
  tenant: tenantName.optional(),
  processor: processorName.optional(),
  /** Path inside the document, such as `tenants.acme.route.next`. */
  path: z.string(),
  /** Canonical JSON, cut short where it is long. */
  before: z.string().optional(),
  after: z.string().optional(),
});

export const applyBody = z.strictObject({
  /** The document as JSON, or its YAML or JSON text: only text lets a problem be named by line and column. */
  document: z.union([z.string().max(4 * 1024 * 1024), z.record(z.string(), z.unknown())]),
  reason: reasonText,
  dry_run: z.boolean().default(false),
  /** Refused with 409 unless this is the newest revision. */
  base_revision: whole.optional(),
});

export const rollbackBody = z.strictObject({
  revision: whole,
  reason: reasonText,
  dry_run: z.boolean().default(false),
});

export const applyResult = z.strictObject({
  /** The revision now in force here, or the one that stands when nothing changed or in a dry run. */
  revision: whole,
  digest: sha256Hex,
  applied: z.boolean(),
  changes: z.array(configChange),
  /** What is not as it should be after all, such as a tenant whose bundle was refused. */
  warnings: z.array(z.string()),
});

export const revisionView = z.strictObject({
  revision: whole,
  digest: sha256Hex,
  author: z.string(),
  reason: z.string(),
  at_ms: timeMs,
  in_force: z.boolean(),
});
export const revisionDetail = revisionView.extend({ document: z.record(z.string(), z.unknown()) });
export const revisionsQuery = z.strictObject({ ...pageQuery });
export const revisionPage = pageOf(revisionView);

export const tenantView = z.strictObject({
  tenant: tenantName,
  sources: z.array(z.string()),
  ingress: z.string(),
  egress: z.string(),
  next: z.array(z.string()),
  processors: z.array(processorName),
  policy: z.strictObject({
    state: z.enum(['active', 'refused', 'none']),
    origin: z.enum(['default', 'file']),
    bundle: sha256Hex.optional(),
    code: z.string().optional(),
  }),
  live_calls: whole,
  revoked: z.boolean(),
});
export const tenantPage = pageOf(tenantView);

export const processorView = z.strictObject({
  processor: processorName,
  protocol: z.string(),
  hears: z.enum(['raw_audio', 'masked_audio', 'text']),
  region: z.string(),
  legal_entity: z.string(),
  purpose: z.string(),
  terms: z.strictObject({ hash: sha256Hex, training: z.boolean(), retention_days: whole, expires_ms: timeMs }),
  tenants: z.array(tenantName),
  health: z.enum(['up', 'down', 'unknown']),
  /** Streams it hears now, and the largest lag behind them. */
  streams: whole,
  lag_ms: whole,
  revoked: z.boolean(),
});
export const processorPage = pageOf(processorView);

export const bundleStored = z.strictObject({ sha256: sha256Hex, size_bytes: whole, isNew: z.boolean() });

export type ConfigChange = z.infer<typeof configChange>;
export type ChangeAspect = z.infer<typeof changeAspect>;
export type ApplyBody = z.infer<typeof applyBody>;
export type RollbackBody = z.infer<typeof rollbackBody>;
export type ApplyResult = z.infer<typeof applyResult>;
export type RevisionView = z.infer<typeof revisionView>;
export type RevisionDetail = z.infer<typeof revisionDetail>;
export type RevisionPage = z.infer<typeof revisionPage>;
export type TenantView = z.infer<typeof tenantView>;
export type TenantPage = z.infer<typeof tenantPage>;
export type ProcessorView = z.infer<typeof processorView>;
export type ProcessorPage = z.infer<typeof processorPage>;
export type BundleStored = z.infer<typeof bundleStored>;
