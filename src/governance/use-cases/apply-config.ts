/** Applies a declarative document somebody sends: read with every problem said, held against what is there, changed. */

import type { EarshotDocument } from '../../config/document.ts';
import type { Surroundings } from '../../config/document-checks.ts';
import { readDocumentText, readDocumentValue } from '../../config/read-document.ts';
import type { Principal } from '../../model/access.ts';
import type { ApplyBody, ApplyResult } from '../../model/api/config.ts';
import { askDatabase } from './ask-database.ts';
import { changeConfig, type ChangeDeps, type Standing } from './change-config.ts';
import { mergeDocument } from './merge-config.ts';

export interface ApplyDeps extends ChangeDeps {
  /** Interfaces of this node, which every route must name. */
  readonly interfaces: readonly { readonly name: string }[];
}

export type ApplyDocument = (principal: Principal, body: ApplyBody) => Promise<ApplyResult>;

/** Throws ConfigError with every problem of the document, and what `changeConfig` throws. */
export function applyDocumentOf(deps: ApplyDeps): ApplyDocument {
  return (principal, body) =>
    changeConfig(deps, principal, {
      want: async (standing) => {
        const submitted = await readSubmitted(deps, principal, standing, body.document);
        return principal.tenants === 'all' ? submitted : mergeDocument(standing.document, submitted, principal.tenants);
      },
      reason: body.reason,
      isDryRun: body.dry_run,
      base: body.base_revision,
    });
}

/** Read twice only where a bundle is missing: then the second reading says where. */
async function readSubmitted(
  { store, interfaces }: ApplyDeps,
  principal: Principal,
  { document: whole }: Standing,
  submitted: ApplyBody['document'],
): Promise<EarshotDocument> {
  // A part of the document may name what the whole describes.
  const processors = principal.tenants === 'all' ? [] : whole.processors.map(({ id }) => id);
  const document = read(submitted, { interfaces, processors });
  const named = bundlesOf(document).filter((sha256) => !bundlesOf(whole).includes(sha256));
  const stored = await askDatabase(store.storedBundles(named));
  if (named.every((sha256) => stored.has(sha256))) return document;
  return read(submitted, { interfaces, processors, bundles: new Set([...stored, ...bundlesOf(whole)]) });
}

function read(submitted: ApplyBody['document'], surroundings: Surroundings): EarshotDocument {
  return typeof submitted === 'string'
    ? readDocumentText(submitted, 'document', surroundings)
    : readDocumentValue(submitted, surroundings);
}

function bundlesOf({ tenants }: EarshotDocument): readonly string[] {
  return [...new Set(tenants.flatMap(({ policy }) => policy?.sha256 ?? []))];
}
