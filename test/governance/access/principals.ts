/** Principals of every kind, for properties that must hold for all of them. */

import fc from 'fast-check';
import { asTenantId, type TokenId } from '../../../src/base/ids.ts';
import { areRolesCompatible } from '../../../src/governance/access/rules.ts';
import {
  ACCESS_ROLES,
  type AccessAction,
  type AccessRole,
  type AccessSubject,
  type Principal,
} from '../../../src/model/access.ts';

export const ACTIONS = [
  'read',
  'open',
  'issue',
  'revoke',
  'change',
  'deliver',
  'silence',
] as const satisfies readonly AccessAction[];
export const SUBJECTS = [
  'Call',
  'Decision',
  'Entry',
  'Event',
  'Transcript',
  'Token',
  'Tenant',
  'Processor',
  'Revision',
  'Bundle',
  'ConfigChange',
  'Hearing',
] as const satisfies readonly AccessSubject[];
export const ASPECTS = ['tenants', 'routing', 'policy', 'processors'] as const;
export const TENANTS = ['acme', 'globex', 'initech'] as const;

export const LOCAL: Principal = { token: 'local', holder: 'local', roles: [], tenants: 'all' };

export function holder(roles: readonly AccessRole[], tenants: readonly string[] | 'all', name = 'ada'): Principal {
  return {
    token: `k_${'1'.repeat(32)}` as TokenId,
    holder: name,
    roles,
    tenants: tenants === 'all' ? 'all' : tenants.map(asTenantId),
  };
}

export const anyPrincipal: fc.Arbitrary<Principal> = fc.oneof(
  { arbitrary: fc.constant(LOCAL), weight: 1 },
  {
    arbitrary: fc
      .tuple(
        fc.subarray([...ACCESS_ROLES], { minLength: 1 }).filter(areRolesCompatible),
        fc.oneof(fc.constant('all' as const), fc.subarray([...TENANTS])),
      )
      .map(([roles, tenants]) => holder(roles, tenants)),
    weight: 9,
  },
);

export const anyQuestion = fc.record({
  principal: anyPrincipal,
  action: fc.constantFrom(...ACTIONS),
  subject: fc.constantFrom(...SUBJECTS),
});

/** A row, or a thing asked about: any field may be missing, and a tenant may be nobody's. */
export const anyResource = fc.record(
  {
    tenant: fc.constantFrom(...TENANTS, 'nowhere', ''),
    aspect: fc.constantFrom(...ASPECTS),
    holder: fc.constantFrom('ada', 'bob'),
  },
  { requiredKeys: [] },
);
