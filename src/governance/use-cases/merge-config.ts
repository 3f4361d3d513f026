/** A part of the document over the whole of it: what somebody may submit who has some tenants and not all. Pure. */

import { isDeepStrictEqual } from 'node:util';
import type { EarshotDocument } from '../../config/document.ts';
import { ConfigError } from '../../config/problem.ts';
import { readDocumentValue } from '../../config/read-document.ts';
import { AskError } from './administration.ts';

type Tenant = EarshotDocument['tenants'][number];

/**
 * `part`'s tenants in place of those of the same name; what it does not name stays. Throws FORBIDDEN for a tenant that is
 * none of `tenants` or not there, for other calls than were its own, and for processors that differ; and ConfigError when
 * the whole would not be sound.
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
  const known = byId(whole.tenants);
  for (const tenant of part.tenants) refuseOtherCalls(known.get(tenant.id), tenant);
  const submitted = byId(part.tenants);
  return sound({ ...whole, tenants: whole.tenants.map((tenant) => submitted.get(tenant.id) ?? tenant) });
}

/** Only what concerns `tenants`: they themselves, and the processors they name. */
export function partOf(whole: EarshotDocument, tenants: readonly string[]): EarshotDocument {
  const own = whole.tenants.filter(({ id }) => tenants.includes(id));
  const named = new Set(own.flatMap(({ processors }) => processors));
  return { ...whole, processors: whole.processors.filter(({ id }) => named.has(id)), tenants: own };
}

/**
 * Whose a call is lies between tenants: the closest match takes it, so a tenant that could say what matches it could take
 * the calls of another, with a smaller network or a longer number inside of what is the other's.
 */
function refuseOtherCalls(standing: Tenant | undefined, { id, match, route }: Tenant): void {
  if (standing === undefined) {
    throw new AskError('FORBIDDEN', `this token may not change tenants: ${id} is added with one for every tenant`);
  }
  if (isDeepStrictEqual(standing.match, match) && standing.route.ingress === route.ingress) return;
  const message = `this token may not change which calls are those of ${id}: match and ingress take one for every tenant`;
  throw new AskError('FORBIDDEN', message);
}

function byId(tenants: readonly Tenant[]): ReadonlyMap<string, Tenant> {
  return new Map(tenants.map((tenant) => [tenant.id, tenant]));
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
