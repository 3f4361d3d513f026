/**
 * From a wanted document to a revision in force: compared, allowed part by part, stored, recorded, and only then acted
 * upon. Stored comes first because its number is part of what is recorded: whatever stops us in between, the revision
 * counts nowhere until a node has recorded that it puts it in force, and the next check or start does.
 */

import type { Clock } from '../../base/clock.ts';
import { canonicalDocument, type EarshotDocument } from '../../config/document.ts';
import { ConfigError } from '../../config/problem.ts';
import { MAX_STORED_BYTES } from '../../config/read-document.ts';
import type { Principal } from '../../model/access.ts';
import type { ApplyResult, ConfigChange } from '../../model/api/config.ts';
import type { ConfigRevisionRow } from '../../store/schema.ts';
import { can } from '../access/ability.ts';
import { LedgerError } from '../ledger/ledger.ts';
import { AskError } from './administration.ts';
import { askDatabase } from './ask-database.ts';
import { compareDocuments } from './compare-config.ts';
import type { ConfigInForce } from './config-in-force.ts';
import type { ConfigStore } from './config-store.ts';
import { plainReason } from './plain-reason.ts';
import { readStoredRevision } from './stored-revision.ts';

export interface ChangeDeps {
  readonly store: Pick<ConfigStore, 'newest' | 'find' | 'add' | 'storedBundles'>;
  readonly inForce: Pick<ConfigInForce, 'exclusively' | 'putInForce'>;
  readonly clock: Clock;
}

/** What stands now. */
export interface Standing {
  readonly row: ConfigRevisionRow;
  readonly document: EarshotDocument;
}

export interface WantedChange {
  /** Makes the wanted document of the one that stands. */
  want(standing: Standing): EarshotDocument | Promise<EarshotDocument>;
  readonly reason: string;
  readonly isDryRun: boolean;
  readonly base: number | undefined;
}

/** More than anybody reads; all of them are judged. */
const MAX_SHOWN = 500;

/**
 * Throws FORBIDDEN naming the part that takes another role, CONFLICT when the document has changed meanwhile, UNAVAILABLE,
 * and what `want` throws.
 */
export async function changeConfig(deps: ChangeDeps, principal: Principal, change: WantedChange): Promise<ApplyResult> {
  if (!can(principal, 'change', 'ConfigChange')) throw new AskError('FORBIDDEN', 'this token may not change anything');
  return deps.inForce.exclusively(async () => {
    const standing = await findStanding(deps);
    const { revision } = standing.row;
    if (change.base !== undefined && change.base !== revision) throw changedMeanwhile(revision);
    const wanted = await change.want(standing);
    const changes = compareDocuments(standing.document, wanted);
    for (const one of changes) authorise(principal, one);
    const shown = changes.slice(0, MAX_SHOWN);
    const more = changes.length - shown.length;
    const warnings = more === 0 ? [] : [`${more} more changes are not shown`];
    if (changes.length === 0 || change.isDryRun) {
      return { revision, digest: standing.row.digest, applied: false, changes: shown, warnings };
    }
    const row = await store(deps, principal, standing, { wanted, reason: plainReason(change.reason) });
    const problems = await putInForce(deps, row);
    const result = { revision: row.revision, digest: row.digest, applied: true };
    return { ...result, changes: shown, warnings: [...warnings, ...problems] };
  });
}

async function findStanding({ store }: ChangeDeps): Promise<Standing> {
  const row = await askDatabase(store.newest());
  if (row === undefined) throw new AskError('UNAVAILABLE', 'this node has not begun yet: there is nothing to change');
  return { row, document: readStoredRevision(row).document };
}

function authorise(principal: Principal, { aspect, tenant, path }: ConfigChange): void {
  if (can(principal, 'change', 'ConfigChange', { aspect, tenant })) return;
  throw new AskError('FORBIDDEN', `this token may not change ${aspect}, and ${path} is part of that`);
}

async function store(
  deps: ChangeDeps,
  principal: Principal,
  standing: Standing,
  { wanted, reason }: { readonly wanted: EarshotDocument; readonly reason: string },
): Promise<ConfigRevisionRow> {
  const { raw, digest } = canonicalDocument(wanted);
  if (raw.length > MAX_STORED_BYTES) {
    const message = `is larger than ${MAX_STORED_BYTES} bytes when it is written out`;
    throw new ConfigError('INVALID', [{ file: 'document', key: '', message }]);
  }
  const at_ms = Math.trunc(deps.clock.wallMs());
  const revision = { digest, document: raw, author: principal.token, reason, at_ms };
  const added = await askDatabase(deps.store.add(revision, standing.row.revision));
  switch (added.kind) {
    case 'added':
      return { revision: added.revision, ...revision };
    case 'same':
    case 'conflict':
      throw changedMeanwhile(added.revision);
  }
}

async function putInForce({ inForce }: ChangeDeps, row: ConfigRevisionRow): Promise<readonly string[]> {
  try {
    return await inForce.putInForce(row, 'applied');
  } catch (cause) {
    if (!(cause instanceof LedgerError)) throw cause;
    const message = `it is stored as revision ${row.revision}, and comes into force as soon as the ledger can record it`;
    throw new AskError('UNAVAILABLE', message, { cause });
  }
}

function changedMeanwhile(revision: number): AskError {
  return new AskError('CONFLICT', `revision ${revision} is the newest by now: compare with it and apply again`);
}
