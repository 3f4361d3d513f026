import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { can } from '../../../src/governance/access/ability.ts';
import { areRolesCompatible } from '../../../src/governance/access/rules.ts';
import { ACCESS_ROLES, type AccessRole } from '../../../src/model/access.ts';
import { ACTIONS, anyQuestion, anyResource, ASPECTS, holder, LOCAL, SUBJECTS } from './principals.ts';

/** The whole of what each role may, written down by hand. */
const MAY: Readonly<Record<AccessRole | 'local', readonly string[]>> = {
  admin: ['issue Token', 'revoke Token', 'read Token', 'read Tenant', 'change ConfigChange'],
  security: [
    ...['Call', 'Decision', 'Entry', 'Event', 'Tenant', 'Processor', 'Revision', 'Hearing'].map((it) => `read ${it}`),
    'deliver Bundle',
    'change ConfigChange',
    'silence Hearing',
  ],
  auditor: [
    ...['Call', 'Decision', 'Entry', 'Event', 'Tenant', 'Processor', 'Revision', 'Hearing', 'Transcript'].map(
      (it) => `read ${it}`,
    ),
    'open Transcript',
  ],
  ops: [
    ...['Call', 'Decision', 'Event', 'Tenant', 'Processor', 'Revision', 'Hearing'].map((it) => `read ${it}`),
    'change ConfigChange',
    'silence Hearing',
    'change Hearing',
  ],
  local: ['silence Hearing', 'read Hearing'],
};

describe.each([...ACCESS_ROLES, 'local'] as const)('%s', (role) => {
  const who = role === 'local' ? LOCAL : holder([role], 'all');

  test('may what it is for, and nothing else', () => {
    const allowed = ACTIONS.flatMap((action) =>
      SUBJECTS.filter((subject) => can(who, action, subject)).map((subject) => `${action} ${subject}`),
    );

    expect(allowed.sort()).toEqual([...MAY[role]].sort());
  });
});

test.each([
  ['admin', ['tenants']],
  ['security', ['policy']],
  ['auditor', []],
  ['ops', ['routing', 'processors']],
] as const)('%s changes of the document %j', (role, aspects) => {
  const who = holder([role], 'all');

  expect(ASPECTS.filter((aspect) => can(who, 'change', 'ConfigChange', { aspect, tenant: 'acme' }))).toEqual(aspects);
  expect(can(who, 'change', 'ConfigChange', { tenant: 'acme' })).toBe(false);
});

test('a token for some tenants reaches nothing of another, and nothing that is of no tenant', () => {
  fc.assert(
    fc.property(anyQuestion, anyResource, ({ principal, action, subject }, resource) => {
      fc.pre(principal.tenants !== 'all' && subject !== 'Bundle');
      const isOwn = resource.tenant !== undefined && principal.tenants.some((own) => own === resource.tenant);

      if (!isOwn) expect(can(principal, action, subject, resource)).toBe(false);
    }),
  );
});

test('a token for some tenants may no more than one of the same roles for all', () => {
  fc.assert(
    fc.property(anyQuestion, anyResource, ({ principal, action, subject }, resource) => {
      const wide = { ...principal, tenants: 'all' } as const;

      if (can(principal, action, subject, resource)) expect(can(wide, action, subject, resource)).toBe(true);
      if (can(principal, action, subject, resource)) expect(can(principal, action, subject)).toBe(true);
    }),
  );
});

test('a token of no tenant at all reaches nothing, not even what is its own to do', () => {
  const who = holder(['auditor'], []);

  expect(can(who, 'read', 'Call', { tenant: 'acme' })).toBe(false);
  expect(can(who, 'read', 'Call', {})).toBe(false);
});

test('nobody issues a token for himself, in whatever case he writes his name', () => {
  const ada = holder(['admin'], 'all', 'Ada');

  expect(can(ada, 'issue', 'Token', { holder: 'bob' })).toBe(true);
  expect(can(ada, 'issue', 'Token', { holder: 'Ada' })).toBe(false);
  expect(can(ada, 'issue', 'Token', { holder: 'aDA', tenant: 'acme' })).toBe(false);
  expect(can(ada, 'revoke', 'Token', { holder: 'Ada' })).toBe(true);
});

test('an admin of one tenant issues none for another, and none for all', () => {
  const admin = holder(['admin'], ['acme']);

  expect(can(admin, 'issue', 'Token', { holder: 'bob', tenant: 'acme' })).toBe(true);
  expect(can(admin, 'issue', 'Token', { holder: 'bob', tenant: 'globex' })).toBe(false);
  expect(can(admin, 'issue', 'Token', { holder: 'bob' })).toBe(false);
});

test('asking leaves the resource as it was', () => {
  const resource = Object.freeze({ tenant: 'acme' });

  can(holder(['ops'], ['acme']), 'read', 'Call', resource);

  expect(Reflect.ownKeys(resource)).toEqual(['tenant']);
});

test.each([
  [['admin'], true],
  [['auditor', 'security', 'ops'], true],
  [['admin', 'ops'], false],
  [['admin', 'admin'], false],
  [['ops', 'ops'], false],
] as const)('whether the roles %j may be in one token: %s', (roles, expected) => {
  expect(areRolesCompatible(roles)).toBe(expected);
});
