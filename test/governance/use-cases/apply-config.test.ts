import { expect, test } from 'vitest';
import { ConfigError } from '../../../src/config/problem.ts';
import { applyDocumentOf } from '../../../src/governance/use-cases/apply-config.ts';
import { describeRevisionOf, listRevisionsOf } from '../../../src/governance/use-cases/list-revisions.ts';
import { rollBackOf } from '../../../src/governance/use-cases/roll-back-config.ts';
import type { Principal } from '../../../src/model/access.ts';
import type { ApplyBody, ApplyResult } from '../../../src/model/api/config.ts';
import {
  begunWith,
  documentOf,
  INTERFACES,
  principal,
  writtenProcessor,
  writtenTenant,
  type ConfigWorld,
} from './config-world.ts';
import { ofKind, settle } from './world.ts';

const SCRIBE = writtenProcessor('scribe');
const START = documentOf([writtenTenant('acme', 1), writtenTenant('globex', 2)], [SCRIBE]);
const [ADMIN, SECURITY, OPS, AUDITOR] = (['admin', 'security', 'ops', 'auditor'] as const).map((role) =>
  principal([role]),
);

function depsOf({ deps, store, inForce }: ConfigWorld) {
  return { store, inForce, clock: deps.clock, ledger: deps.ledger, random: deps.random, interfaces: INTERFACES };
}

function apply(
  world: ConfigWorld,
  document: ApplyBody['document'],
  who: Principal | undefined = OPS,
  more: Partial<ApplyBody> = {},
): Promise<ApplyResult> {
  if (who === undefined) throw new Error('somebody has to');
  return applyDocumentOf(depsOf(world))(who, { document, reason: 'because', dry_run: false, ...more });
}

/** The document with globex's calls going elsewhere. */
const MOVED = documentOf(
  [
    writtenTenant('acme', 1),
    writtenTenant('globex', 2, { route: { ingress: 'a', egress: 'b', next: ['sip:10.0.0.9'] } }),
  ],
  [SCRIBE],
);

test('a change is stored, recorded with who and why, and only then in force, on routes too', async () => {
  const world = await begunWith(START);
  world.trace.length = 0;

  const result = await apply(world, MOVED);

  expect(result).toMatchObject({ revision: 2, applied: true, warnings: [] });
  expect(result.changes).toEqual([
    {
      aspect: 'routing',
      action: 'change',
      tenant: 'globex',
      path: 'tenants.globex.route.next',
      before: '["sip:127.0.0.1:5070"]',
      after: '["sip:10.0.0.9:5060"]',
    },
  ]);
  expect(world.store.rows.at(-1)).toMatchObject({ revision: 2, author: OPS?.token, reason: 'because' });
  expect(ofKind(world, 'config.revision').at(-1)).toMatchObject({ revision: 2, author: OPS?.token, reason: 'because' });
  expect(world.trace).toEqual(['entry:config.revision', 'routes']);
  expect(world.inForce.revision?.revision).toBe(2);
});

test('YAML text is applied as well, and its problems have lines', async () => {
  const world = await begunWith(START);
  const refused = apply(world, 'version: 1\ntenants:\n  - id: acme\n    match: {sources: [nowhere]}\n');

  await expect(refused).rejects.toThrow(ConfigError);
  await expect(refused).rejects.toMatchObject({ problems: [{ line: 4, key: 'tenants[0].match.sources[0]' }, {}] });
  expect(world.store.rows).toHaveLength(1);
});

test('a dry run says what would change, judges it, and changes nothing', async () => {
  const world = await begunWith(START);

  const planned = await apply(world, MOVED, OPS, { dry_run: true });

  expect(planned).toMatchObject({ revision: 1, applied: false, changes: [{ tenant: 'globex' }] });
  await expect(apply(world, MOVED, SECURITY, { dry_run: true })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect(world.store.rows).toHaveLength(1);
  expect(world.inForce.revision?.revision).toBe(1);
});

test('a document that changes nothing makes no revision', async () => {
  const world = await begunWith(START);

  expect(await apply(world, START)).toMatchObject({ revision: 1, applied: false, changes: [] });
  expect(ofKind(world, 'config.revision')).toHaveLength(1);
});

const CONSENTING = { consent: { state: 'granted', method: 'x', parties: 'all' } };
const PARTS: readonly (readonly [string, Record<string, unknown>, readonly (Principal | undefined)[]])[] = [
  ['routing', MOVED, [OPS]],
  ['policy', documentOf([writtenTenant('acme', 1, CONSENTING), writtenTenant('globex', 2)], [SCRIBE]), [SECURITY]],
  [
    'processors',
    documentOf([writtenTenant('acme', 1, { processors: ['scribe'] }), writtenTenant('globex', 2)], [SCRIBE]),
    [OPS],
  ],
  ['processors', documentOf([writtenTenant('acme', 1), writtenTenant('globex', 2)], []), [OPS]],
  ['tenants', documentOf([writtenTenant('acme', 1)], [SCRIBE]), [ADMIN]],
  ['tenants', documentOf([...(START['tenants'] as object[]), writtenTenant('third', 3)], [SCRIBE]), [ADMIN]],
];

test.each(PARTS)('%s is changed by its role and by no other', async (aspect, document, allowed) => {
  for (const who of [ADMIN, SECURITY, OPS, AUDITOR]) {
    const world = await begunWith(START);
    const outcome = await apply(world, document, who).then(
      () => 'applied',
      (error: unknown) => String(error),
    );

    if (allowed.includes(who)) expect(outcome).toBe('applied');
    else if (who === AUDITOR) expect(outcome).toContain('this token may not change anything');
    else expect(outcome).toContain(`this token may not change ${aspect}`);
    expect(world.store.rows).toHaveLength(allowed.includes(who) ? 2 : 1);
  }
});

test('whoever may do one part of a change and not another may do none of it', async () => {
  const world = await begunWith(START);
  const both = documentOf([writtenTenant('acme', 1, CONSENTING), ...(MOVED['tenants'] as object[]).slice(1)], [SCRIBE]);

  await expect(apply(world, both, OPS)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect(await apply(world, both, principal(['ops', 'security']))).toMatchObject({ applied: true });
});

test('a tenant taken away and given back has no AI but what others have given it', async () => {
  const consenting = documentOf([writtenTenant('acme', 1, CONSENTING)]);
  const world = await begunWith(consenting);

  await apply(world, documentOf([]), ADMIN);

  await expect(apply(world, consenting, ADMIN)).rejects.toThrow('this token may not change policy');
  expect(await apply(world, documentOf([writtenTenant('acme', 1)]), ADMIN)).toMatchObject({ applied: true });
});

test('a policy that nobody has delivered is refused where it is named, and one that is stored is not', async () => {
  const world = await begunWith(START);
  const named = (sha256: string): string =>
    JSON.stringify(
      documentOf([writtenTenant('acme', 1, { policy: { sha256 } }), writtenTenant('globex', 2)], [SCRIBE]),
    );

  await expect(apply(world, named('f'.repeat(64)), SECURITY)).rejects.toMatchObject({
    problems: [
      { line: 1, key: 'tenants[0].policy.sha256', message: 'names a bundle that is not stored: deliver it first' },
    ],
  });
  const applied = await apply(world, named(world.store.deliver('good')), SECURITY);

  expect(applied).toMatchObject({ applied: true, warnings: [] });
  expect(world.host.given).toContain('acme: good');
});

test('a policy that is stored and no good is applied, and what that means is said', async () => {
  const world = await begunWith(START);
  const policy = { sha256: world.store.deliver('hostile') };

  const { applied, warnings } = await apply(
    world,
    documentOf([writtenTenant('acme', 1, { policy }), writtenTenant('globex', 2)], [SCRIBE]),
    SECURITY,
  );

  expect(applied).toBe(true);
  expect(warnings).toEqual(['tenant acme: its policy was refused (archive_refused), so no AI hears it']);
  expect(world.inForce.conditions).toEqual(['policy_invalid:acme']);
});

test('who compared with an older document is told so, by number or by a race that he lost', async () => {
  const world = await begunWith(START);
  await apply(world, MOVED);

  await expect(apply(world, START, OPS, { base_revision: 1 })).rejects.toMatchObject({ code: 'CONFLICT' });
  const add = world.store.add.bind(world.store);
  world.store.add = (row, after) => {
    world.store.put(documentOf([writtenTenant('acme', 7)]));
    return add(row, after);
  };
  const racing = apply(world, START);
  await expect(racing).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(world.inForce.revision?.revision).toBe(2);
});

test('what the ledger does not take is stored and in force nowhere, until it can be recorded', async () => {
  const world = await begunWith(START);
  const stop = world.inForce.watch();
  world.set({ ledgerFails: true });

  await expect(apply(world, MOVED)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  world.clock.advance(3000);
  await settle();
  const meanwhile = world.inForce.revision?.revision;
  world.set({ ledgerFails: false });
  world.clock.advance(3000);
  await settle();
  stop();

  expect(meanwhile).toBe(1);
  expect(world.inForce.revision?.revision).toBe(2);
  expect(ofKind(world, 'config.revision').at(-1)).toMatchObject({
    revision: 2,
    author: OPS?.token,
    reason: 'taken up: because',
  });
});

test('without its database nothing is applied, and that is said without a word of why', async () => {
  const world = await begunWith(START);
  world.store.isDown = true;

  await expect(apply(world, MOVED)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

test('whoever has some tenants changes those and sees nothing of the others', async () => {
  const world = await begunWith(START);
  const scoped = principal(['ops', 'security'], ['globex', 'own']);
  const part = documentOf([writtenTenant('globex', 2, { ...CONSENTING, processors: ['scribe'] })]);

  const { applied, changes } = await apply(world, part, scoped);

  expect(applied).toBe(true);
  expect(changes.map(({ tenant }) => tenant)).toEqual(['globex', 'globex', 'globex', 'globex']);
  expect(world.inForce.revision?.tenants.map(({ id, processors }) => [id, processors])).toEqual([
    ['acme', []],
    ['globex', ['scribe']],
  ]);
});

test.each([
  ['another tenant', documentOf([writtenTenant('acme', 1)]), 'may not change tenant acme'],
  ['processors', documentOf([], [writtenProcessor('own')]), 'may not change processors'],
  ['the calls of others', documentOf([writtenTenant('globex', 1)]), 'may not change which calls'],
  [
    'whose calls come from a part of the network of another',
    documentOf([writtenTenant('globex', 2, { match: { sources: ['10.2.0.0/16', '10.1.7.0/24'], trusted: true } })]),
    'may not change which calls',
  ],
  [
    'where its calls come in, beside those of another',
    documentOf([writtenTenant('globex', 2, { route: { ingress: 'b', egress: 'b', next: ['sip:127.0.0.1:5070'] } })]),
    'may not change which calls',
  ],
  [
    'whether its peers are believed',
    documentOf([writtenTenant('globex', 2, { match: { sources: ['10.2.0.0/16'], trusted: false } })]),
    'may not change which calls',
  ],
  [
    'processors that nobody has',
    documentOf([writtenTenant('globex', 2, { processors: ['ghost'] })]),
    'names no processor',
  ],
  ['a tenant of its own', documentOf([writtenTenant('own', 3)]), 'may not change tenants'],
])('whoever has some tenants may not change %s', async (_what, part, refusal) => {
  const world = await begunWith(START);

  const outcome = await apply(world, part, principal(['ops', 'security'], ['globex', 'own'])).catch(String);

  expect(outcome).toContain(refusal);
  expect(world.store.rows).toHaveLength(1);
});

test('whoever has some tenants can neither bring one back that was taken away nor its former calls', async () => {
  const world = await begunWith(START);
  await apply(world, documentOf([writtenTenant('acme', 1), writtenTenant('globex', 3)], [SCRIBE]));
  const rollBack = rollBackOf(depsOf(world));
  const scoped = principal(['ops', 'security'], ['globex']);
  const body = { revision: 1, reason: 'undo', dry_run: false };

  await expect(rollBack(scoped, body)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  await apply(world, documentOf([writtenTenant('acme', 1)], [SCRIBE]), ADMIN);
  await expect(rollBack(principal(['admin'], ['globex']), body)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  const again = documentOf([writtenTenant('globex', 2)]);
  await expect(apply(world, again, principal(['admin'], ['globex']))).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect(world.store.rows).toHaveLength(3);
});

test.each([
  ['a reason that ends within a character', `${'x'.repeat(117)}\u{1f4de}`],
  ['half a character', 'because \ud83d'],
  ['what no text of a database holds, and what would write to a terminal', 'be\u0000cause\u001b[2J'],
])('%s keeps no revision from being recorded, here or on another node', async (_what, reason) => {
  const world = await begunWith(START);

  await apply(world, MOVED, OPS, { reason });
  const row = world.store.put(START, { reason: world.store.rows.at(-1)?.reason ?? '' });
  await world.inForce.exclusively(() => world.inForce.putInForce(row, 'taken up'));

  const stored = world.store.rows.at(-1)?.reason ?? '';
  const recorded = ofKind(world, 'config.revision').map((entry) => entry.reason);
  for (const text of [stored, ...recorded]) expect(text).not.toMatch(/\p{Surrogate}|\p{Cc}/u);
});

test('rolling back is a new revision like any other, and takes the same roles', async () => {
  const world = await begunWith(START);
  await apply(world, MOVED);
  const rollBack = rollBackOf(depsOf(world));
  const body = { revision: 1, reason: 'undo', dry_run: false };

  await expect(rollBack(SECURITY ?? principal([]), body)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  await expect(rollBack(OPS ?? principal([]), { ...body, revision: 9 })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const result = await rollBack(OPS ?? principal([]), body);

  expect(result).toMatchObject({ revision: 3, applied: true, changes: [{ path: 'tenants.globex.route.next' }] });
  expect(world.store.rows.map(({ digest }) => digest)[2]).toBe(world.store.rows[0]?.digest);
});

test('revisions are listed newest first, page by page, and each look is recorded before it is had', async () => {
  const world = await begunWith(START);
  await apply(world, MOVED);
  await apply(world, START);
  const list = listRevisionsOf(depsOf(world));
  const reader = AUDITOR ?? principal([]);

  const first = await list(reader, { limit: 2 });
  const second = await list(reader, { limit: 2, cursor: first.next });

  expect([first, second].map(({ items }) => items.map(({ revision }) => revision))).toEqual([[3, 2], [1]]);
  expect(first.items.map(({ in_force }) => in_force)).toEqual([true, false]);
  expect(second.next).toBeUndefined();
  expect(ofKind(world, 'read')).toHaveLength(2);
  await expect(list(reader, { limit: 2, cursor: 'x' })).rejects.toMatchObject({ code: 'INVALID' });
  await expect(list(ADMIN ?? reader, { limit: 2 })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  world.set({ ledgerFails: true });
  await expect(list(reader, { limit: 2 })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

test('a revision is shown in the language it is applied in, and in part to whoever has a part', async () => {
  const world = await begunWith(START);
  const describe = describeRevisionOf(depsOf(world));

  const whole = await describe(AUDITOR ?? principal([]), 'current');
  const part = await describe(principal(['auditor'], ['globex']), 1);

  expect(await apply(world, whole.document)).toMatchObject({ changes: [] });
  expect(part.document).toMatchObject({ processors: [], tenants: [{ id: 'globex' }] });
  expect(JSON.stringify(part.document)).not.toContain('acme');
  await expect(describe(AUDITOR ?? principal([]), 7)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
