/**
 * Refuses to run with more rights than a runtime role needs. Rights are asked of the server, for the session's user
 * and every role it could become, so an indirect grant is found too.
 */

import { sql } from 'kysely';
import type { Database } from './database.ts';
import { StoreError } from './error.ts';

export type ExcessRight =
  'superuser' | 'bypass_row_security' | 'create_role' | 'owner' | 'update' | 'delete' | 'truncate' | 'trigger';

/**
 * Throws ROLE_TOO_STRONG when the role could change or hide what our tables say, partitions and revisions included. On
 * trial it only returns what it found.
 */
export async function assertRuntimeRole(
  database: Database,
  options: { readonly trial: boolean },
): Promise<readonly ExcessRight[]> {
  const { rows } = await sql<Readonly<Record<ExcessRight, boolean | null>>>`
    with ours as (
      select c.oid, c.relowner
      from pg_catalog.pg_class c
      where c.relnamespace = to_regnamespace('earshot') and c.relkind in ('r', 'p')
    )
    select
      (select bool_or(rolsuper) from pg_catalog.pg_roles where pg_has_role(session_user, oid, 'MEMBER')) as superuser,
      (select bool_or(rolbypassrls) from pg_catalog.pg_roles where pg_has_role(session_user, oid, 'MEMBER'))
        as bypass_row_security,
      (select bool_or(rolcreaterole) from pg_catalog.pg_roles where pg_has_role(session_user, oid, 'MEMBER'))
        as create_role,
      bool_or(pg_has_role(session_user, relowner, 'MEMBER')) as owner,
      bool_or(has_any_column_privilege(session_user, oid, 'UPDATE')) as update,
      bool_or(has_table_privilege(session_user, oid, 'DELETE')) as delete,
      bool_or(has_table_privilege(session_user, oid, 'TRUNCATE')) as truncate,
      bool_or(has_table_privilege(session_user, oid, 'TRIGGER')) as trigger
    from ours`.execute(database.sql);
  const [found] = rows;
  // Without a single table to ask about, the answers on tables are null.
  if (!found || found.owner === null) throw new StoreError('REFUSED', 'the schema is missing: run the migrations');
  const excess = (Object.keys(found) as ExcessRight[]).filter((right) => found[right] === true);
  if (excess.length === 0 || options.trial) return excess;
  throw new StoreError('ROLE_TOO_STRONG', `a runtime role has rights it must not have: ${excess.join(', ')}`);
}
