/**
 * What each role may do, as a table to be read by whoever answers for it. Nothing that is not in here is allowed, and
 * everything is allowed within the tenants of the token alone.
 */

import type { AccessAction, AccessRole, AccessSubject } from '../../model/access.ts';
import type { ChangeAspect } from '../../model/api/config.ts';

export interface AccessRule {
  readonly may: readonly AccessAction[];
  readonly what: readonly AccessSubject[];
  /** Only these parts of the declarative document. */
  readonly aspects?: readonly ChangeAspect[];
  /** For what belongs to no tenant; then a token's tenants do not matter. */
  readonly isOfNoTenant?: true;
}

/** Shown to everybody who has to judge what the AI does. None of it is what a caller said. */
const OPERATION = ['Call', 'Decision', 'Event', 'Tenant', 'Processor', 'Revision', 'Hearing'] as const;

export const ROLE_RULES: Readonly<Record<AccessRole, readonly AccessRule[]>> = {
  /** Says who may do what, and for that reads nothing. */
  admin: [
    { may: ['issue', 'revoke', 'read'], what: ['Token'] },
    { may: ['read'], what: ['Tenant'] },
    { may: ['change'], what: ['ConfigChange'], aspects: ['tenants'] },
  ],
  /** Writes policy and watches what it does. */
  security: [
    { may: ['read'], what: [...OPERATION, 'Entry'] },
    { may: ['deliver'], what: ['Bundle'], isOfNoTenant: true },
    { may: ['change'], what: ['ConfigChange'], aspects: ['policy'] },
    { may: ['silence'], what: ['Hearing'] },
  ],
  /** Reads everything, what was said included, and changes nothing. */
  auditor: [
    { may: ['read'], what: [...OPERATION, 'Entry', 'Transcript'] },
    { may: ['open'], what: ['Transcript'] },
  ],
  /** Keeps calls running; neither the ledger's entries nor any text is theirs. */
  ops: [
    { may: ['read'], what: OPERATION },
    { may: ['change'], what: ['ConfigChange'], aspects: ['routing', 'processors'] },
    { may: ['silence', 'change'], what: ['Hearing'] },
  ],
};

/** Somebody at the node's own socket without a token may silence at once, and see what is silenced; never lift it. */
export const LOCAL_RULES: readonly AccessRule[] = [{ may: ['silence', 'read'], what: ['Hearing'] }];

/** Whoever gives roles reads nothing, so no token is both. */
export function areRolesCompatible(roles: readonly AccessRole[]): boolean {
  return new Set(roles).size === roles.length && (!roles.includes('admin') || roles.length === 1);
}
