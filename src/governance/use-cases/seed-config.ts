/**
 * Gives an empty database its first document, once. From then on the database is the truth: a seed that says otherwise is
 * not looked at any more, and that is said.
 */

import { assert } from '../../base/assert.ts';
import type { Log } from '../../base/log.ts';
import { errorCode } from '../../base/error.ts';
import { canonicalDocument, type EarshotDocument } from '../../config/document.ts';
import type { ConfigRevisionRow } from '../../store/schema.ts';
import { BundleError, readPacked } from '../policy/bundle.ts';
import type { ConfigStore } from './config-store.ts';
import { deliverBundle, type DeliverDeps } from './deliver-bundle.ts';

export interface SeedDeps extends DeliverDeps {
  readonly store: Pick<ConfigStore, 'newest' | 'add' | 'addBundle'>;
  readonly log: Log;
  /** Reads the node's seed, with absolute paths to bundle files; undefined where it names none. May throw. */
  readonly readSeed: () => EarshotDocument | undefined;
  /** What a node without a seed begins with. */
  readonly fallback: EarshotDocument;
}

/** The newest revision there is, or the first one, made now. Throws what the seed, the ledger or the database throws. */
export async function newestOrSeed(deps: SeedDeps): Promise<ConfigRevisionRow> {
  const newest = await deps.store.newest();
  if (newest !== undefined) {
    tellOfOtherSeed(deps, newest);
    return newest;
  }
  const document = deps.readSeed() ?? deps.fallback;
  await deliverBundles(deps, document);
  const { raw, digest } = canonicalDocument(document);
  const at_ms = Math.trunc(deps.clock.wallMs());
  await deps.store.add({ digest, document: raw, author: 'seed', reason: 'first start', at_ms }, 0);
  // Another node may have been first: then its document it is.
  const first = await deps.store.newest();
  assert(first, 'a revision that was stored is there');
  return first;
}

/** A bundle that cannot be delivered leaves its tenant without AI, and is no reason not to start. */
async function deliverBundles(deps: SeedDeps, { tenants }: EarshotDocument): Promise<void> {
  for (const { id, policy } of tenants) {
    if (policy?.bundle === undefined) continue;
    try {
      const bytes = await readPacked(policy.bundle);
      await deliverBundle(deps, { sha256: policy.sha256, bytes, actor: 'node' });
    } catch (thrown) {
      if (!(thrown instanceof BundleError)) throw thrown;
      deps.log.warn({ tenant: id, code: errorCode(thrown) }, 'a policy bundle of the seed was not stored');
    }
  }
}

function tellOfOtherSeed({ log, readSeed }: SeedDeps, { revision, digest }: ConfigRevisionRow): void {
  try {
    const seed = readSeed();
    if (seed === undefined || canonicalDocument(seed).digest === digest) return;
    log.info({ revision }, 'the seed differs from what is in force and is not used: `earshot apply` changes it');
  } catch (thrown) {
    log.info({ revision, code: errorCode(thrown) }, 'the seed cannot be read, and is not needed any more');
  }
}
