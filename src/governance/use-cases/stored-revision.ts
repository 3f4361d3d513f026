/** A revision as it was stored, read back: its bytes must have the digest it is known by. It puts nothing in force. */

import { createHash } from 'node:crypto';
import { CodedError } from '../../base/error.ts';
import { toRevision, type EarshotDocument } from '../../config/document.ts';
import { readStoredDocument } from '../../config/read-document.ts';
import type { Revision } from '../../model/tenant.ts';
import type { ConfigRevisionRow } from '../../store/schema.ts';

export class ConfigRevisionError extends CodedError<'REVISION_UNREADABLE'> {}

/** Throws REVISION_UNREADABLE for bytes that are not what was recorded, or no document of this release. */
export function readStoredRevision(row: ConfigRevisionRow): {
  readonly document: EarshotDocument;
  readonly revision: Revision;
} {
  const digest = createHash('sha256').update(row.document).digest('hex');
  if (digest !== row.digest) {
    throw new ConfigRevisionError(
      'REVISION_UNREADABLE',
      `configuration revision ${row.revision} does not match its digest`,
    );
  }
  try {
    const document = readStoredDocument(row.document);
    return { document, revision: toRevision(document, row.revision, row.digest) };
  } catch (cause) {
    const message = `configuration revision ${row.revision} is no document of this release`;
    throw new ConfigRevisionError('REVISION_UNREADABLE', message, { cause });
  }
}
