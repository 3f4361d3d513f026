/** Makes an earlier document the newest revision. Nothing is undone: it is a change like any other, and allowed like one. */

import type { EarshotDocument } from '../../config/document.ts';
import { readDocumentValue } from '../../config/read-document.ts';
import type { Principal } from '../../model/access.ts';
import type { ApplyResult, RollbackBody } from '../../model/api/config.ts';
import { AskError } from './administration.ts';
import type { ApplyDeps } from './apply-config.ts';
import { askDatabase } from './ask-database.ts';
import { changeConfig } from './change-config.ts';
import { mergeDocument, partOf } from './merge-config.ts';
import { readStoredRevision } from './stored-revision.ts';

export type RollBack = (principal: Principal, body: RollbackBody) => Promise<ApplyResult>;

/** Throws NOT_FOUND, ConfigError where it does not fit this node any more, and what `changeConfig` throws. */
export function rollBackOf(deps: ApplyDeps): RollBack {
  return (principal, { revision, reason, dry_run: isDryRun }) =>
    changeConfig(deps, principal, {
      want: async ({ document: whole }) => {
        const former = await findFormer(deps, revision);
        if (principal.tenants === 'all') return readDocumentValue(former, { interfaces: deps.interfaces });
        const { tenants } = partOf(former, principal.tenants);
        return mergeDocument(whole, { ...whole, processors: [], tenants }, principal.tenants);
      },
      reason,
      isDryRun,
      base: undefined,
    });
}

async function findFormer({ store }: ApplyDeps, revision: number): Promise<EarshotDocument> {
  const row = await askDatabase(store.find(revision));
  if (row === undefined) throw new AskError('NOT_FOUND', `there is no revision ${revision}`);
  return readStoredRevision(row).document;
}
