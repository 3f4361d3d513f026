/**
 * What a principal may do, asked of CASL. The rules are a table (`rules.ts`); here they meet the tenants of the token.
 * Asked without a resource the answer is about the kind of thing only: it opens a door, it does not show a row.
 */

import {
  createMongoAbility,
  subject as asSubject,
  type ForcedSubject,
  type MongoAbility,
  type RawRuleOf,
} from '@casl/ability';
import type { AccessAction, AccessSubject, Principal } from '../../model/access.ts';
import type { ChangeAspect } from '../../model/api/config.ts';
import { LOCAL_RULES, ROLE_RULES, type AccessRule } from './rules.ts';

/** The one thing asked about. A field that is absent matches no condition on it. */
export interface Resource {
  readonly tenant?: string | undefined;
  readonly aspect?: ChangeAspect | undefined;
  /** Of a token that is to be made. */
  readonly holder?: string | undefined;
}

export type Ability = MongoAbility<[AccessAction, AccessSubject | (Resource & ForcedSubject<AccessSubject>)]>;

/** Whether `principal` may do this to the one resource, or to anything of its kind when none is named. */
export function can(principal: Principal, action: AccessAction, subject: AccessSubject, resource?: Resource): boolean {
  const ability = abilityOf(principal);
  if (resource === undefined) return ability.can(action, subject);
  // A copy: CASL marks the object with its type.
  return ability.can(action, asSubject(subject, { ...resource, holder: resource.holder?.toLowerCase() }));
}

/** The rules of a principal. Kept as long as the principal itself is, so that a cached one is not built again. */
export function abilityOf(principal: Principal): Ability {
  const known = abilities.get(principal);
  if (known !== undefined) return known;
  const ability = createMongoAbility<Ability>(rulesOf(principal));
  abilities.set(principal, ability);
  return ability;
}

const abilities = new WeakMap<Principal, Ability>();

type RawRule = RawRuleOf<Ability>;

function rulesOf(principal: Principal): RawRule[] {
  if (principal.token === 'local') return LOCAL_RULES.map((rule) => rawRule(rule, principal));
  const allowed = principal.roles.flatMap((role) => ROLE_RULES[role].map((rule) => rawRule(rule, principal)));
  return [...allowed, noTokenForOneself(principal)];
}

function rawRule({ may, what, aspects, isOfNoTenant }: AccessRule, { tenants }: Principal): RawRule {
  const conditions = {
    ...(aspects === undefined ? {} : { aspect: { $in: [...aspects] } }),
    ...(tenants === 'all' || isOfNoTenant === true ? {} : { tenant: { $in: [...tenants] } }),
  };
  const rule: RawRule = { action: [...may], subject: [...what] };
  // An empty object of conditions would not be the same as none.
  return Object.keys(conditions).length === 0 ? rule : { ...rule, conditions };
}

/**
 * Nobody grants a role to himself, under whatever token and in whatever case. Last, because CASL lets the last rule that
 * fits decide.
 */
function noTokenForOneself({ holder }: Principal): RawRule {
  return { action: 'issue', subject: 'Token', conditions: { holder: holder.toLowerCase() }, inverted: true };
}
