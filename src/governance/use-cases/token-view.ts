/** A token as it is shown: everything but its secret, of which there is only a hash anyway. */

import type { z } from 'zod';
import { isAccessRole } from '../../model/access.ts';
import type { IssuedToken, tokenView, TokenView } from '../../model/api/access.ts';
import type { StoredToken } from '../../store/access-tokens.ts';
import type { AccessTokenRow } from '../../store/schema.ts';

/** `nowMs` decides between active and expired. */
export function viewToken(stored: StoredToken, nowMs: number): TokenView {
  const { token, holder, roles, tenants, issued_by, issued_ms, expires_ms, revoked_ms } = stored;
  return {
    token,
    holder,
    roles: roles.filter(isAccessRole),
    ...(tenants === null ? {} : { tenants: [...tenants] }),
    issued_by,
    issued_ms,
    expires_ms,
    ...(revoked_ms === null ? {} : { revoked_ms }),
    state: stateOf(stored, nowMs),
  };
}

/** What is shown once, to the one who made it. */
export function viewIssued(row: AccessTokenRow, bearer: string): IssuedToken {
  return { ...viewToken({ ...row, revoked_ms: null }, row.issued_ms), secret: bearer };
}

type State = z.infer<typeof tokenView>['state'];

function stateOf({ revoked_ms, expires_ms }: StoredToken, nowMs: number): State {
  if (revoked_ms !== null) return 'revoked';
  return expires_ms <= nowMs ? 'expired' : 'active';
}
