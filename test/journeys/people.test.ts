/** The work of admin, security, ops and auditor on one node, by the commands they have for it. */

import type { ChildProcess } from 'node:child_process';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fixtureBundle } from '../governance/policy/fixtures.ts';
import { finished, readStatus, startCli, writeNodeFiles, type Finished, type NodeFiles } from './support/cli.ts';
import { until } from './support/stage.ts';

const BUNDLE = fixtureBundle('brief');
const CALL = `c_${'0'.repeat(32)}`;

let files: NodeFiles;
let node: ChildProcess;
let url: string;
let document: string;

beforeAll(async () => {
  files = await writeNodeFiles('seed: ./tenants.yaml');
  url = `http://127.0.0.1:${files.apiPort}`;
  document = join(files.folder, 'tenants.yaml');
  writeFileSync(document, documentOf({ hop: 5070, policy: '' }));
  node = startCli(['start', '-c', files.config]);
  node.stdout?.resume();
  node.stderr?.resume();
  await until(
    'the node is ready',
    async () => (await readStatus(files.httpPort))?.planes.governance.ready === true,
    40_000,
  );
}, 60_000);

afterAll(async () => {
  node.kill('SIGTERM');
  await finished(node);
  files.remove();
});

/** Runs a command as the holder of a token; `nobody` has none. */
function as(holder: string, ...args: readonly string[]): Promise<Finished> {
  const where = holder === 'nobody' ? ['-c', files.config] : ['--url', url, '--token-file', tokenOf(holder)];
  return finished(startCli([...args, ...where], { XDG_CONFIG_HOME: files.folder }));
}

function tokenOf(holder: string): string {
  return join(files.folder, `${holder}.token`);
}

function documentOf({ hop, policy }: { readonly hop: number; readonly policy: string }): string {
  return [
    'version: 1',
    'tenants:',
    '  - id: acme',
    '    match: { sources: [127.0.0.0/8] }',
    `    route: { ingress: local, egress: local, next: ["sip:127.0.0.1:${hop}"] }`,
    ...(policy === '' ? [] : [`    ${policy}`]),
    '',
  ].join('\n');
}

test('the first token is made once, into a file of its own, and admits to nothing but tokens and tenants', async () => {
  const first = await as('nobody', 'access', 'bootstrap', '--for', 'ann', '--out', tokenOf('ann'));
  const second = await as('nobody', 'access', 'bootstrap', '--for', 'eve', '--out', tokenOf('eve'));
  const calls = await as('ann', 'calls');

  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(statSync(tokenOf('ann')).mode & 0o777).toBe(0o600);
  expect(first.stdout).not.toContain(readFileSync(tokenOf('ann'), 'utf8').trim());
  expect(second.code).toBe(1);
  expect(second.stderr).toContain('the first token was made already');
  expect(calls.code).toBe(1);
});

test('an admin issues tokens for others, and none for herself', async () => {
  const issue = (holder: string, role: string): Promise<Finished> =>
    as('ann', 'tokens', 'issue', '--for', holder, '--role', role, '--out', tokenOf(holder));

  const issued = [await issue('sue', 'security'), await issue('bob', 'auditor'), await issue('oz', 'ops')];
  const own = await as('ann', 'tokens', 'issue', '--for', 'ann', '--role', 'ops', '--out', tokenOf('own'));
  const list = await as('ann', 'tokens', '--json');

  expect(issued.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(own.code).toBe(1);
  const holders = list.stdout
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { holder: string }).holder);
  expect(holders).toEqual(['oz', 'bob', 'sue', 'ann']);
});

test('a policy comes into force with the document that names it, for whoever may', async () => {
  const text = documentOf({ hop: 5070, policy: `policy: { bundle: ${BUNDLE.path}, sha256: "${BUNDLE.sha256}" }` });
  writeFileSync(document, text);

  const dry = await as('sue', 'apply', '-f', document, '--dry-run');
  const ops = await as('oz', 'apply', '-f', document);
  const applied = await as('sue', 'apply', '-f', document, '--reason', 'six seconds at a time');
  const tenants = await as('bob', 'tenants', '--json');

  expect(dry.stderr).toContain(`earshot: ${document}:6:`);
  expect(ops.code).toBe(1);
  expect(applied).toMatchObject({ code: 0 });
  expect(applied.stdout).toContain('+ tenants.acme.policy\n');
  expect(applied.stdout).toContain('revision 2 is in force\n');
  expect(JSON.parse(tenants.stdout)).toMatchObject({ policy: { state: 'active', bundle: BUNDLE.sha256 } });
});

test('a route is changed by ops alone, said in a diff, and taken back', async () => {
  const policy = `policy: { sha256: "${BUNDLE.sha256}" }`;
  writeFileSync(document, documentOf({ hop: 5071, policy }));

  const security = await as('sue', 'apply', '-f', document);
  const applied = await as('oz', 'apply', '-f', document);
  const diff = await as('bob', 'config', 'diff', '2', '3');
  const back = await as('oz', 'config', 'rollback', '2');

  expect(security.code).toBe(1);
  expect(security.stderr).toContain('tenants.acme.route.next');
  expect(applied.stdout).toContain('revision 3 is in force\n');
  expect(diff.stdout).toBe(
    '~ tenants.acme.route.next\n    - ["sip:127.0.0.1:5070"]\n    + ["sip:127.0.0.1:5071"]\n0 added, 0 removed, 1 changed\n',
  );
  expect(back.stdout).toContain('revision 4 is in force\n');
});

test('a bad document is refused at its line and column, and nothing changes', async () => {
  const bad = join(files.folder, 'bad.yaml');
  writeFileSync(bad, documentOf({ hop: 5070, policy: 'colour: red' }));

  const { code, stderr } = await as('oz', 'apply', '-f', bad);

  expect(code).toBe(1);
  expect(stderr).toBe(`earshot: ${bad}:6:5: tenants[0].colour: is not a known key\n`);
});

test('the kill switch takes no token on the node itself; lifting it takes one of ops', async () => {
  const silenced = await as('nobody', 'revoke', '--tenant', 'acme', '--reason', 'a test', '--json');
  const { revocation } = JSON.parse(silenced.stdout) as { revocation: string };
  const security = await as('sue', 'revoke', 'lift', revocation);
  const ops = await as('oz', 'revoke', 'lift', revocation);
  const list = await as('nobody', 'revoke', 'list', '--json');

  expect(silenced.code).toBe(0);
  expect(security.code).toBe(1);
  expect(ops.code).toBe(0);
  expect(list.stdout).toBe('');
});

test('an auditor finds all of it in the ledger, takes it away and verifies it there', async () => {
  const file = join(files.folder, 'ledger.jsonl');

  const changes = await as('bob', 'ledger', 'query', '--system', '--kind', 'config.revision', '--json', '--all');
  const denied = await as('bob', 'ledger', 'query', '--system', '--kind', 'access.denied', '--json', '--all');
  const ops = await as('oz', 'ledger', 'query');
  const nobody = await as('bob', 'calls', 'show', CALL);
  const taken = await as('bob', 'ledger', 'export', '--out', file);
  const verified = await finished(startCli(['ledger', 'verify', '--file', file, '--json']));

  const revisions = changes.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { entry: { revision: number } });
  expect(revisions.map(({ entry }) => entry.revision)).toEqual([1, 2, 3, 4]);
  expect(denied.stdout).not.toBe('');
  expect(ops.code).toBe(1);
  expect(nobody.stderr).toContain('there is nothing of that name that you may see');
  expect(taken.code).toBe(0);
  expect(JSON.parse(verified.stdout)).toMatchObject({ findings: [], scope: 'all' });
});

test('a token that others may read, or that was revoked, admits nobody', async () => {
  const [sue = ''] = (await as('sue', 'access', 'whoami', '--json')).stdout.match(/k_[0-9a-f]{32}/) ?? [];
  chmodSync(tokenOf('oz'), 0o644);
  const open = await as('oz', 'calls');

  const revoked = await as('ann', 'tokens', 'revoke', sue);
  const after = await as('sue', 'calls');

  expect(open.stderr).toContain(`chmod 600 ${tokenOf('oz')}`);
  expect(revoked.code).toBe(0);
  expect(after.stderr).toContain('this token is not valid here');
});
