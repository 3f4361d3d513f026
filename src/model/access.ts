/** Who asks, and what part of the data that entitles to: roles, principals and conditions on rows. */

import type { TenantId, TokenId } from '../base/ids.ts';

export const ACCESS_ROLES = ['admin', 'security', 'auditor', 'ops'] as const;
export type AccessRole = (typeof ACCESS_ROLES)[number];

/** Whoever asks. `local` is the user this node runs as, at the node's own socket: it may silence, and nothing else. */
export interface Principal {
  readonly token: TokenId | 'local';
  readonly holder: string;
  readonly roles: readonly AccessRole[];
  readonly tenants: readonly TenantId[] | 'all';
}

/** What somebody may do to what. Every route of the API names one pair. */
export type AccessAction = 'read' | 'open' | 'issue' | 'revoke' | 'change' | 'deliver' | 'silence';
export type AccessSubject =
  | 'Call'
  | 'Decision'
  | 'Entry'
  | 'Event'
  | 'Transcript'
  | 'Token'
  | 'Tenant'
  | 'Processor'
  | 'Revision'
  | 'Bundle'
  | 'ConfigChange'
  | 'Hearing';

/**
 * A condition on rows, made from somebody's abilities and turned into SQL by the store. Closed and small on purpose:
 * what cannot be said here cannot be granted.
 */
export type RowCondition =
  | { readonly kind: 'always' }
  | { readonly kind: 'never' }
  | { readonly kind: 'in'; readonly field: string; readonly values: readonly string[] }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly RowCondition[] };

export function isAccessRole(text: string): text is AccessRole {
  return (ACCESS_ROLES as readonly string[]).includes(text);
}
