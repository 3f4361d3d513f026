/** The kill switch over a world in memory: nothing reaches a disk, and everything it would store is remembered. */

import { asTenantId, type TenantId } from '../../../src/base/ids.ts';
import { RevocationRecorder } from '../../../src/governance/use-cases/record-revocations.ts';
import { RevocationList, type Revocation } from '../../../src/governance/use-cases/revocation-list.ts';
import type { Switchboard } from '../../../src/governance/use-cases/revoke.ts';
import type { AccessRole, Principal } from '../../../src/model/access.ts';
import type { Revision } from '../../../src/model/tenant.ts';
import { revision, type World } from './world.ts';

export interface TestSwitchboard extends Switchboard {
  /** The list as it was stored, every time. */
  readonly stored: (readonly Revocation[])[];
}

export function switchboard(
  world: World,
  options: { readonly earlier?: readonly Revocation[]; readonly revision?: Revision | 'none' } = {},
): TestSwitchboard {
  const list = new RevocationList(world.deps.calls.silenced, options.earlier);
  const stored: (readonly Revocation[])[] = [];
  list.whenChanged(() => stored.push(list.all));
  const { ledger, clock, log } = world.deps;
  const recorder = new RevocationRecorder({ ledger, list, clock, log });
  const inForce = options.revision ?? revision;
  return {
    list,
    stored,
    kept: () => Promise.resolve(),
    record: () => recorder.record(),
    revision: () => (inForce === 'none' ? undefined : inForce),
  };
}

export const local: Principal = { token: 'local', holder: 'local', roles: [], tenants: 'all' };

export function principal(role: AccessRole, tenants: readonly string[] | 'all' = 'all'): Principal {
  return {
    token: `k_${'a'.repeat(32)}` as Principal['token'],
    holder: role,
    roles: [role],
    tenants: tenants === 'all' ? 'all' : tenants.map((name): TenantId => asTenantId(name)),
  };
}

export const BY_CALL = (call: string) => ({ target: { scope: 'call', call }, reason: 'x' }) as const;
export const BY_TENANT = { target: { scope: 'tenant', tenant: 'acme' }, reason: 'incident 7' } as const;
export const BY_SCRIBE = { target: { scope: 'processor', processor: 'scribe' }, reason: 'leaks' } as const;
export const BY_COACH = { target: { scope: 'processor', processor: 'coach' }, reason: 'rude' } as const;
