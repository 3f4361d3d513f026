/**
 * What differs between two documents, by the part of them it touches: each part takes a role of its own to be changed.
 * Pure; whatever order things were written in, the same difference reads the same.
 */

import { isDeepStrictEqual } from 'node:util';
import { canonicalJson } from '../../base/canonical-json.ts';
import { documentSchema, withoutPaths, type EarshotDocument } from '../../config/document.ts';
import type { ChangeAspect, ConfigChange } from '../../model/api/config.ts';

type Tenant = EarshotDocument['tenants'][number];
type Section = Exclude<keyof Tenant, 'id'>;

const ASPECTS: Readonly<Record<Section, ChangeAspect>> = {
  match: 'routing',
  route: 'routing',
  media: 'routing',
  roles: 'policy',
  direction: 'routing',
  policy: 'policy',
  consent: 'policy',
  disclosure: 'policy',
  jurisdictions: 'policy',
  redaction: 'policy',
  retention: 'policy',
  processors: 'processors',
};
/** What of a route policy rests on: whether a peer is believed, and what it may say of a call. */
const READ_BY_POLICY = /^tenants\.[^.]+\.(match\.trusted|route\.labels)$/;
const SECTIONS = Object.keys(ASPECTS) as Section[];

/** A value longer than this is shown cut short. */
const MAX_SHOWN_CHARS = 400;

/** A tenant of which only the calls are known, and no AI. */
const BARE = documentSchema.parse({
  version: 1,
  tenants: [{ id: 'bare', match: { sources: ['::/0'] }, route: { ingress: 'a', egress: 'a', next: ['sip:a'] } }],
}).tenants[0];

/** Every change from `before` to `after`, tenants first. */
export function compareDocuments(before: EarshotDocument, after: EarshotDocument): ConfigChange[] {
  const [former, present] = [withoutPaths(before), withoutPaths(after)];
  return [
    ...compareTenants(former.tenants, present.tenants),
    ...compareOrder(former.tenants, present.tenants),
    ...compareProcessors(former.processors, present.processors),
  ];
}

function compareTenants(before: readonly Tenant[], after: readonly Tenant[]): ConfigChange[] {
  const former = byId(before);
  const present = byId(after);
  const removed = before
    .filter(({ id }) => !present.has(id))
    .map((tenant) => change({ aspect: 'tenants', tenant: tenant.id, path: `tenants.${tenant.id}`, before: tenant }));
  const others = after.flatMap((tenant) => {
    const known = former.get(tenant.id);
    return known === undefined ? addTenant(tenant) : compareSections(known, tenant);
  });
  return [...removed, ...others];
}

/**
 * Whoever may add a tenant may say whose calls are its own. What AI may do with them is a change of its own, unless it is
 * what a tenant has that says nothing: that takes nobody's leave.
 */
function addTenant(tenant: Tenant): ConfigChange[] {
  const { id, match, route } = tenant;
  const ofAi = SECTIONS.filter((section) => ASPECTS[section] !== 'routing');
  return [
    change({ aspect: 'tenants', tenant: id, path: `tenants.${id}`, after: { match, route } }),
    ...ofAi
      .filter((section) => !isDeepStrictEqual(tenant[section], BARE?.[section]))
      .map((section) =>
        change({ aspect: ASPECTS[section], tenant: id, path: `tenants.${id}.${section}`, after: tenant[section] }),
      ),
  ];
}

function compareSections(before: Tenant, after: Tenant): ConfigChange[] {
  return SECTIONS.flatMap((section) =>
    differences(`tenants.${after.id}.${section}`, before[section], after[section]).map((difference) =>
      change({ aspect: aspectOf(section, difference.path), tenant: after.id, ...difference }),
    ),
  );
}

function aspectOf(section: Section, path: string): ChangeAspect {
  return READ_BY_POLICY.test(path) ? 'policy' : ASPECTS[section];
}

/** Of tenants that match equally closely the first wins, so their order is routing, and nobody's alone. */
function compareOrder(before: readonly Tenant[], after: readonly Tenant[]): ConfigChange[] {
  const former = byId(before);
  const present = byId(after);
  const [was, is] = [
    before.map(({ id }) => id).filter((id) => present.has(id)),
    after.map(({ id }) => id).filter((id) => former.has(id)),
  ];
  return isDeepStrictEqual(was, is) ? [] : [change({ aspect: 'routing', path: 'tenants', before: was, after: is })];
}

function compareProcessors(
  before: EarshotDocument['processors'],
  after: EarshotDocument['processors'],
): ConfigChange[] {
  const former = byId(before);
  const present = byId(after);
  return [...new Set([...former.keys(), ...present.keys()])].flatMap((id) =>
    differences(`processors.${id}`, former.get(id), present.get(id)).map((difference) =>
      change({ aspect: 'processors', processor: id, ...difference }),
    ),
  );
}

interface Difference {
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** Down to the values that differ; lists are compared as a whole. */
function differences(path: string, before: unknown, after: unknown): Difference[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isObject(before) || !isObject(after)) return [{ path, before, after }];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => differences(`${path}.${key}`, before[key], after[key]));
}

function change(
  what: Pick<ConfigChange, 'aspect' | 'path'> & Partial<Pick<ConfigChange, 'tenant' | 'processor'>> & Difference,
): ConfigChange {
  const { before, after, ...where } = what;
  return {
    ...where,
    action: before === undefined ? 'add' : after === undefined ? 'remove' : 'change',
    ...(before === undefined ? {} : { before: show(before) }),
    ...(after === undefined ? {} : { after: show(after) }),
  };
}

function show(value: unknown): string {
  const text = canonicalJson(value).toString('utf8');
  return text.length <= MAX_SHOWN_CHARS ? text : `${text.slice(0, MAX_SHOWN_CHARS)}…`;
}

function byId<Item extends { readonly id: string }>(items: readonly Item[]): ReadonlyMap<string, Item> {
  return new Map(items.map((item) => [item.id, item]));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
