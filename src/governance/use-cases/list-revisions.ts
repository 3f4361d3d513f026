/** Revisions of the document, newest first, and one of them in full: recorded before the first row is given. */

import { z } from 'zod';
import type { RandomBytes } from '../../base/ids.ts';
import type { Principal } from '../../model/access.ts';
import type { RevisionDetail, RevisionPage, RevisionView } from '../../model/api/config.ts';
import { whole } from '../../model/api/words.ts';
import type { RevisionHead } from '../../store/config-revisions.ts';
import { can } from '../access/ability.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { AskError, type Page } from './administration.ts';
import { askDatabase } from './ask-database.ts';
import type { ConfigInForce } from './config-in-force.ts';
import type { ConfigStore } from './config-store.ts';
import { partOf } from './merge-config.ts';
import { readCursor, writeCursor } from './page-cursor.ts';
import { recordRead, type ReadRecord } from './record-read.ts';
import { readStoredRevision } from './stored-revision.ts';

export interface RevisionsDeps {
  readonly store: Pick<ConfigStore, 'list' | 'newest' | 'find'>;
  readonly inForce: Pick<ConfigInForce, 'revision'>;
  readonly ledger: Ledger;
  readonly random: RandomBytes;
}

export type ListRevisions = (principal: Principal, page: Page) => Promise<RevisionPage>;
export type DescribeRevision = (principal: Principal, revision: number | 'current') => Promise<RevisionDetail>;

const place = z.tuple([whole]);

/** Throws FORBIDDEN, INVALID for a cursor that is none, UNAVAILABLE, or the ledger's error. */
export function listRevisionsOf(deps: RevisionsDeps): ListRevisions {
  return async (principal, { limit, cursor }) => {
    const [before] = cursor === undefined ? [] : readCursor(place, cursor);
    const read = await record(deps, principal, {});
    const found = await within(read, askDatabase(deps.store.list({ before, limit: limit + 1 })));
    const shown = found.slice(0, limit);
    read.done(shown.length);
    const items = shown.map((head) => view(deps, head));
    const last = shown.at(-1);
    if (found.length <= limit || last === undefined) return { items };
    return { items, next: writeCursor([last.revision]) };
  };
}

/** Of the document, what concerns the principal's tenants. `current` is the newest, whether or not it is in force here. */
export function describeRevisionOf(deps: RevisionsDeps): DescribeRevision {
  return async (principal, revision) => {
    const read = await record(deps, principal, { revision: String(revision) });
    const asked = revision === 'current' ? deps.store.newest() : deps.store.find(revision);
    const row = await within(read, askDatabase(asked));
    if (row === undefined) {
      read.done(0);
      throw new AskError('NOT_FOUND', 'there is no such revision');
    }
    const document = await within(
      read,
      Promise.resolve().then(() => readStoredRevision(row).document),
    );
    read.done(1);
    const part = principal.tenants === 'all' ? document : partOf(document, principal.tenants);
    return { ...view(deps, row), document: part };
  };
}

function record(
  { ledger, random }: RevisionsDeps,
  principal: Principal,
  filter: Readonly<Record<string, string>>,
): Promise<ReadRecord> {
  if (!can(principal, 'read', 'Revision')) throw new AskError('FORBIDDEN', 'this token may not read the configuration');
  const tenants = principal.tenants === 'all' ? [] : principal.tenants;
  return recordRead({ ledger, random }, principal, { route: '/v1/config/revisions', tenants, filter });
}

/** A read that broke off is recorded as that. */
async function within<Answer>(read: ReadRecord, answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (thrown) {
    read.done(0, 'broken');
    throw thrown;
  }
}

function view({ inForce }: RevisionsDeps, { revision, digest, author, reason, at_ms }: RevisionHead): RevisionView {
  return { revision, digest, author, reason, at_ms, in_force: inForce.revision?.revision === revision };
}
