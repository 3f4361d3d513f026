/**
 * What becomes of a token, in the log of everybody it concerns: the system's, and each of its tenants'. A tenant's log
 * names that tenant alone, because who else a token is for is nothing to its readers.
 */

import { asTenantId } from '../../base/ids.ts';
import { SYSTEM_LOG, type EntryBody } from '../../model/evidence.ts';
import type { AccessTokenRow } from '../../store/schema.ts';
import type { Ledger, LogName } from '../ledger/ledger.ts';

export interface TokenAct {
  readonly action: 'issued' | 'revoked';
  /** A token's id, `local` or `node`. */
  readonly actor: string;
}

/** More names of tenants than this might not fit into one entry. */
const TENANTS_AN_ENTRY = 32;

/** Resolves when every entry is durable; rejects with the ledger's error when one is not, and then some may be. */
export async function recordToken(ledger: Ledger, row: AccessTokenRow, act: TokenAct): Promise<void> {
  await Promise.all(entriesOf(row, act).map(([log, body]) => ledger.append(log, body)));
}

/** The same, as soon as the ledger can, with nobody waiting. */
export function noteToken(ledger: Ledger, row: AccessTokenRow, act: TokenAct): void {
  for (const [log, body] of entriesOf(row, act)) ledger.note(log, body);
}

function entriesOf(row: AccessTokenRow, act: TokenAct): readonly (readonly [LogName, EntryBody])[] {
  const { tenants } = row;
  if (tenants === null) return [[SYSTEM_LOG, entryOf(row, act, undefined)]];
  const groups = Array.from({ length: Math.ceil(tenants.length / TENANTS_AN_ENTRY) }, (_, group) =>
    tenants.slice(group * TENANTS_AN_ENTRY, (group + 1) * TENANTS_AN_ENTRY),
  );
  return [
    ...groups.map((group) => [SYSTEM_LOG, entryOf(row, act, group)] as const),
    ...tenants.map((tenant) => [asTenantId(tenant), entryOf(row, act, [tenant])] as const),
  ];
}

function entryOf(row: AccessTokenRow, { action, actor }: TokenAct, tenants: readonly string[] | undefined): EntryBody {
  const { token, holder, roles, expires_ms } = row;
  return {
    kind: 'access.token',
    action,
    token,
    holder,
    roles: [...roles],
    ...(tenants === undefined ? {} : { tenants: [...tenants] }),
    expires_ms,
    actor,
  };
}
