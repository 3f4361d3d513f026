import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { problem, startScriptedNode, type Answer, type ScriptedNode } from './scripted-node.ts';
import { runCommand } from './scripted-terminal.ts';

const BUNDLE = Buffer.from('not really a bundle, but the node is the judge of that');
const SHA256 = createHash('sha256').update(BUNDLE).digest('hex');
const CHANGE = { aspect: 'routing', action: 'change', tenant: 'acme', path: 'tenants.acme.route.next' };
const CHANGES = [{ ...CHANGE, before: '["sip:a"]', after: '["sip:b"]' }];

let folder: string;
let document: string;
let node: ScriptedNode;
let current: Answer;
let changes: readonly unknown[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-apply-'));
  document = join(folder, 'tenants.yaml');
  writeFileSync(join(folder, 'acme.tar.gz'), BUNDLE);
  writeFileSync(join(folder, 'token'), `ear_0123456789ab_${'S'.repeat(43)}`);
  chmodSync(join(folder, 'token'), 0o600);
  vi.stubEnv('EARSHOT_TOKEN_FILE', join(folder, 'token'));
  current = { body: revision('0'.repeat(64)) };
  changes = CHANGES;
  node = await startScriptedNode(({ method, url, body }) => {
    if (url === '/v1/config/revisions/current') return current;
    if (method === 'PUT') return { body: { sha256: SHA256, size_bytes: BUNDLE.length, isNew: true } };
    const { dry_run: isDry } = JSON.parse(body.toString()) as { dry_run: boolean };
    const [now, applied] = isDry || changes.length === 0 ? [4, false] : [5, true];
    return { body: { revision: now, digest: 'ab'.repeat(32), applied, changes, warnings: ['mind\u001b the gap'] } };
  });
  vi.stubEnv('EARSHOT_URL', node.url);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await node.stop();
  rmSync(folder, { recursive: true, force: true });
});

function revision(sha256: string): unknown {
  const document = { version: 1, tenants: [{ id: 'acme', policy: { sha256 } }] };
  return { revision: 4, digest: 'cd'.repeat(32), author: 'a', reason: 'b', at_ms: 1, in_force: true, document };
}

function withPolicy(sha256: string): string {
  return `version: 1\ntenants:\n  - id: acme # ours\n    policy: { bundle: ./acme.tar.gz, sha256: "${sha256}" }\n`;
}

function asked(): string[] {
  return node.seen.map(({ method, url }) => `${method} ${url}`);
}

function applied(): Record<string, unknown>[] {
  return node.seen
    .filter(({ url }) => url === '/v1/config/apply')
    .map(({ body }) => JSON.parse(body.toString()) as Record<string, unknown>);
}

test('the text is sent as it was written, compared first, and applied to what it was compared with', async () => {
  const text = 'version: 1 # as it stands\ntenants: []\n';
  writeFileSync(document, text);

  const { out, notes, questions, thrown } = await runCommand(['apply', '-f', document]);

  expect(thrown).toBeUndefined();
  expect(applied()).toEqual([
    { document: text, reason: 'applied tenants.yaml', dry_run: true },
    { document: text, reason: 'applied tenants.yaml', dry_run: false, base_revision: 4 },
  ]);
  expect(out).toBe(
    '~ tenants.acme.route.next\n    - ["sip:a"]\n    + ["sip:b"]\n0 added, 0 removed, 1 changed\nrevision 5 is in force\n',
  );
  expect(notes).toEqual(['warning: mind? the gap']);
  expect(questions).toEqual([]);
});

test('where somebody sits he is asked, and a no changes nothing', async () => {
  writeFileSync(document, 'version: 1\n');

  const no = await runCommand(['apply', '-f', document], { says: false });
  const yes = await runCommand(['apply', '-f', document], { says: true });
  const unasked = await runCommand(['apply', '-f', document, '--yes'], { says: false });

  expect(no).toMatchObject({ questions: ['apply?'], notes: ['nothing was changed'], code: 1 });
  expect(yes).toMatchObject({ questions: ['apply?'], code: 0 });
  expect(unasked).toMatchObject({ questions: [], code: 0 });
  expect(applied().map(({ dry_run }) => dry_run)).toEqual([true, true, false, true, false]);
});

test('a dry run shows the same and changes nothing', async () => {
  writeFileSync(document, withPolicy(SHA256));

  const { out } = await runCommand(['apply', '-f', document, '--dry-run', '--json']);

  expect(JSON.parse(out)).toMatchObject({ applied: false, revision: 4 });
  expect(asked()).toEqual(['POST /v1/config/apply']);
});

test('what changes nothing is not applied', async () => {
  changes = [];
  writeFileSync(document, 'version: 1\n');

  const { out } = await runCommand(['apply', '-f', document], { says: true });

  expect(out).toBe('nothing changes: revision 4 stands\n');
  expect(applied()).toHaveLength(1);
});

test('a base that was named is kept for both', async () => {
  writeFileSync(document, 'version: 1\n');

  await runCommand(['apply', '-f', document, '--base', '3', '--reason', 'because']);

  expect(applied().map(({ base_revision, reason }) => [base_revision, reason])).toEqual([
    [3, 'because'],
    [3, 'because'],
  ]);
});

test('a bundle that is new is delivered before the document that names it', async () => {
  writeFileSync(document, withPolicy(SHA256));

  const { notes } = await runCommand(['apply', '-f', document]);

  expect(asked().slice(0, 3)).toEqual([
    'GET /v1/config/revisions/current',
    `PUT /v1/bundles/${SHA256}`,
    'POST /v1/config/apply',
  ]);
  expect(node.seen[1]).toMatchObject({ type: 'application/octet-stream', body: BUNDLE });
  expect(notes[0]).toBe(`delivered the policy of acme, ${SHA256.slice(0, 12)}`);
});

test('a bundle in force already is not delivered again: who changes a route needs no right to policy', async () => {
  current = { body: revision(SHA256) };
  writeFileSync(document, withPolicy(SHA256));

  await runCommand(['apply', '-f', document]);

  expect(asked()).toEqual(['GET /v1/config/revisions/current', 'POST /v1/config/apply', 'POST /v1/config/apply']);
});

test.each([403, 404])('where the revision in force is answered %i, every bundle is delivered', async (status) => {
  current = problem(status);
  writeFileSync(document, withPolicy(SHA256));

  await runCommand(['apply', '-f', document]);

  expect(asked()).toContain(`PUT /v1/bundles/${SHA256}`);
});

test('a digest that is not that of the file is refused before anything is sent, and the right one said', async () => {
  writeFileSync(document, withPolicy('0'.repeat(64)));

  const { thrown } = await runCommand(['apply', '-f', document]);

  expect(String(thrown)).toContain(
    `${document}: tenants[0].policy.sha256: is not that of ./acme.tar.gz, which is ${SHA256}`,
  );
  expect(asked()).toEqual([]);
});

test('a digest that is missing is said, to be written down', async () => {
  writeFileSync(document, 'version: 1\ntenants: [{ id: acme, policy: { bundle: acme.tar.gz } }]\n');

  const { thrown } = await runCommand(['apply', '-f', document]);

  expect(String(thrown)).toContain(`tenants[0].policy.sha256: is missing; of acme.tar.gz it is ${SHA256}`);
});

test('a bundle that cannot be read is said by its path', async () => {
  writeFileSync(document, withPolicy(SHA256).replace('./acme.tar.gz', './none.tar.gz'));

  const { thrown } = await runCommand(['apply', '-f', document]);

  expect(String(thrown)).toContain(`${join(folder, 'none.tar.gz')}: cannot be read (ENOENT)`);
});

test('broken YAML is said by line and column, and a missing file by its name', async () => {
  writeFileSync(document, 'version: 1\ntenants: [\n');

  const broken = await runCommand(['apply', '-f', document]);
  const missing = await runCommand(['apply', '-f', join(folder, 'none.yaml')]);

  expect(String(broken.thrown)).toMatch(/tenants\.yaml:\d+:\d+: /);
  expect(String(missing.thrown)).toContain('none.yaml: does not exist');
  expect(asked()).toEqual([]);
});

test('places the node found are places in the file of the user', async () => {
  const refusing = await startScriptedNode(() =>
    problem(422, { problems: [{ key: 'tenants[0].route', message: 'is missing', line: 3, column: 5 }] }),
  );
  vi.stubEnv('EARSHOT_URL', refusing.url);
  writeFileSync(document, 'version: 1\ntenants:\n  - id: acme\n');

  const { thrown } = await runCommand(['apply', '-f', document]);

  await refusing.stop();
  expect(thrown).toMatchObject({ message: `${document}:3:5: tenants[0].route: is missing` });
});

test('a rollback is shown and asked like any change', async () => {
  const { out, questions, notes } = await runCommand(['config', 'rollback', '2'], { says: true });

  const bodies = node.seen.map(({ body }) => JSON.parse(body.toString()) as unknown);
  expect(asked()).toEqual(['POST /v1/config/rollback', 'POST /v1/config/rollback']);
  expect(bodies).toEqual([
    { revision: 2, reason: 'back to revision 2', dry_run: true },
    { revision: 2, reason: 'back to revision 2', dry_run: false },
  ]);
  expect(questions).toEqual(['apply?']);
  expect(out).toContain('revision 5 is in force');
  expect(notes).toHaveLength(1);
});

test('a dry run that fails for want of a bundle says how it gets there', async () => {
  const refusing = await startScriptedNode(() =>
    problem(422, {
      code: 'DOCUMENT_INVALID',
      problems: [
        { key: 'tenants[0].policy.sha256', message: 'names a bundle that is not stored', line: 4, column: 44 },
      ],
    }),
  );
  vi.stubEnv('EARSHOT_URL', refusing.url);
  writeFileSync(document, withPolicy(SHA256));

  const { thrown, notes } = await runCommand(['apply', '-f', document, '--dry-run']);

  await refusing.stop();
  expect(String(thrown)).toContain(`${document}:4:44: tenants[0].policy.sha256: names a bundle`);
  expect(notes[0]).toContain('earshot policy deliver FILE');
});
