/** A part of the document over the whole of it: what somebody may submit who has some tenants and not all. Pure. */

import { isDeepStrictEqual } from 'node:util';
import type { EarshotDocument } from '../../config/document.ts';
import { ConfigError } from '../../config/problem.ts';
import { readDocumentValue } from '../../config/read-document.ts';
import { AskError } from './administration.ts';

/**
 * `part`'s tenants in place of those of the same name, new ones last; what it does not name stays. Throws FORBIDDEN for a
 * tenant that is none of `tenants` and for processors that differ, and ConfigError when the whole would not be sound.
 */
export function mergeDocument(
  whole: EarshotDocument,
  part: EarshotDocument,
  tenants: readonly string[],
): EarshotDocument {
  const own = new Set(tenants);
  const foreign = part.tenants.find(({ id }) => !own.has(id));
  if (foreign !== undefined) throw new AskError('FORBIDDEN', `this token may not change tenant ${foreign.id}`);
  if (part.processors.length > 0 && !isDeepStrictEqual(part.processors, whole.processors)) {
    throw new AskError('FORBIDDEN', 'this token may not change processors: leave them out of the document');
  }
  const submitted = new Map(part.tenants.map((tenant) => [tenant.id, tenant]));
  const known = new Set(whole.tenants.map(({ id }) => id));
  return sound({
    ...whole,
    tenants: [
      ...whole.tenants.map((tenant) => submitted.get(tenant.id) ?? tenant),
      ...part.tenants.filter(({ id }) => !known.has(id)),
    ],
  });
}

/** Only what concerns `tenants`: they themselves, and the processors they name. */
export function partOf(whole: EarshotDocument, tenants: readonly string[]): EarshotDocument {
  const own = whole.tenants.filter(({ id }) => tenants.includes(id));
  const named = new Set(own.flatMap(({ processors }) => processors));
  return { ...whole, processors: whole.processors.filter(({ id }) => named.has(id)), tenants: own };
}

/** Each part was sound by itself, so it is the tenants of others that stand in the way, and they are nobody's business. */
function sound(document: EarshotDocument): EarshotDocument {
  try {
    return readDocumentValue(document);
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    const message =
      'does not fit beside tenants of others: one of them takes the same calls, or would lose all of its own';
    throw new ConfigError('INVALID', [{ file: 'document', key: 'tenants', message }], { cause });
  }
}
