import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { problem, startScriptedNode, type Answer, type ScriptedNode, type SeenRequest } from './scripted-node.ts';
import { NOW_MS, runCommand } from './scripted-terminal.ts';

const SECRET = `ear_0123456789ab_${'S'.repeat(43)}`;
const CALL = `c_${'1'.repeat(32)}`;
const TOKEN = `k_${'2'.repeat(32)}`;
const REVOCATION = `v_${'3'.repeat(32)}`;

let folder: string;
let tokenFile: string;
let node: ScriptedNode;
let answers: Map<string, Answer>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-command-'));
  tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, SECRET);
  chmodSync(tokenFile, 0o600);
  answers = new Map();
  node = await startScriptedNode(
    ({ method, url }) => answers.get(`${method} ${url.split('?')[0] ?? ''}`) ?? problem(404),
  );
  vi.stubEnv('EARSHOT_URL', node.url);
  vi.stubEnv('EARSHOT_TOKEN_FILE', tokenFile);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await node.stop();
  rmSync(folder, { recursive: true, force: true });
});

function sent(): SeenRequest {
  return node.seen.at(-1) ?? expect.fail('nothing was asked');
}

function queryOf({ url }: SeenRequest): Record<string, string[]> {
  const { searchParams } = new URL(url, 'http://x');
  return Object.fromEntries([...new Set(searchParams.keys())].map((key) => [key, searchParams.getAll(key)]));
}

const issued = {
  token: TOKEN,
  holder: 'ann',
  roles: ['auditor'],
  issued_by: 'bob',
  issued_ms: 0,
  expires_ms: NOW_MS,
  state: 'active',
  secret: SECRET,
};

const revoked = {
  revocation: REVOCATION,
  target: { scope: 'tenant', tenant: 'acme' },
  reason: 'why',
  actor: 'local',
  acted_ms: NOW_MS,
  silenced: 2,
  recorded: false,
};

test('the options of a question become its query, spans as moments before now', async () => {
  answers.set('GET /v1/ledger/entries', { body: { items: [] } });

  const { notes } = await runCommand(
    `ledger query --call ${CALL} --processor scribe --denied --reason training --entity CARD --kind refusal --kind gap
     --tenant acme --tenant beta --since 2h --until 2026-11-22T11:00:00Z --newest --limit 7`.split(/\s+/),
  );

  expect(queryOf(sent())).toEqual({
    tenant: ['acme', 'beta'],
    call: [CALL],
    processor: ['scribe'],
    reason: ['training'],
    since_ms: [String(NOW_MS - 7_200_000)],
    until_ms: [String(NOW_MS - 3_600_000)],
    order: ['desc'],
    allow: ['false'],
    entity: ['CARD'],
    kind: ['refusal', 'gap'],
    limit: ['7'],
  });
  expect(sent().authorization).toBe(`Bearer ${SECRET}`);
  expect(notes).toEqual(['no entries']);
});

test.each([
  ['calls --live --tenant acme', '/v1/calls', { state: ['live'], tenant: ['acme'], limit: ['100'] }],
  ['calls list --past --limit 3', '/v1/calls', { state: ['past'], limit: ['3'] }],
  ['calls --all', '/v1/calls', { limit: ['500'] }],
  ['decisions --allow --entrypoint emit', '/v1/decisions', { allow: ['true'], entrypoint: ['emit'], limit: ['100'] }],
  ['ledger denied --tenant acme', '/v1/decisions', { allow: ['false'], tenant: ['acme'], limit: ['100'] }],
  ['ledger gaps', '/v1/ledger/entries', { kind: ['gap'], limit: ['100'] }],
  ['ledger query --system', '/v1/ledger/entries', { system: ['true'], limit: ['100'] }],
  ['ledger query --entity card', '/v1/ledger/entries', { entity: ['CARD'], limit: ['100'] }],
  ['transcripts --tenant acme', '/v1/transcripts', { tenant: ['acme'], limit: ['100'] }],
  ['tokens', '/v1/tokens', { limit: ['100'] }],
  ['config list', '/v1/config/revisions', { limit: ['100'] }],
  ['tenants', '/v1/tenants', {}],
  ['processors', '/v1/processors', {}],
  ['revoke list', '/v1/revocations', {}],
])('%s asks %s', async (line, path, query) => {
  answers.set(`GET ${path}`, { body: { items: [] } });

  const { thrown, out, notes } = await runCommand(line.split(' '));

  expect(thrown).toBeUndefined();
  expect(queryOf(sent())).toEqual(query);
  expect(out).toBe('');
  expect(notes[0]).toMatch(/^no/);
});

test('a list for programs is one object a line, an empty one nothing at all', async () => {
  const token = { ...issued, secret: undefined };
  answers.set('GET /v1/tokens', { body: { items: [token, token] } });
  const two = await runCommand(['tokens', '--json']);
  answers.set('GET /v1/tokens', { body: { items: [] } });
  const none = await runCommand(['tokens', 'list', '--json']);

  expect(
    two.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toHaveLength(2);
  expect({ out: none.out, notes: none.notes }).toEqual({ out: '', notes: [] });
});

test('a list that was cut says so', async () => {
  answers.set('GET /v1/tokens', { body: { items: [{ ...issued, secret: undefined }], next: 'more' } });

  const { notes } = await runCommand(['tokens', '--limit', '1']);

  expect(notes).toEqual(['there are more: --limit N or --all shows them']);
});

test('the first token goes to a new file of mode 0600 and nowhere else, and no token is sent for it', async () => {
  answers.set('POST /v1/access/bootstrap', { status: 201, body: issued });
  const out = join(folder, 'first');

  const result = await runCommand(['access', 'bootstrap', '--for', 'ann', '--out', out]);

  expect(JSON.parse(sent().body.toString())).toEqual({ holder: 'ann' });
  expect(sent().authorization).toBeUndefined();
  expect(readFileSync(out, 'utf8')).toBe(`${SECRET}\n`);
  expect(statSync(out).mode & 0o777).toBe(0o600);
  expect(result.out).toContain(out);
  expect(result.out + result.notes.join('')).not.toContain(SECRET);
});

test('where its file exists already the first token is not asked for: it would be lost', async () => {
  vi.stubEnv('EARSHOT_TOKEN_FILE', '');
  vi.stubEnv('XDG_CONFIG_HOME', folder);
  answers.set('POST /v1/access/bootstrap', { status: 201, body: issued });
  const first = await runCommand(['access', 'bootstrap', '--for', 'ann']);

  const second = await runCommand(['access', 'bootstrap', '--for', 'ann']);

  expect(first.thrown).toBeUndefined();
  expect(readFileSync(join(folder, 'earshot', 'token'), 'utf8')).toBe(`${SECRET}\n`);
  expect(String(second.thrown)).toContain('exists already');
  expect(node.seen).toHaveLength(1);
});

test('a token that was refused leaves no file behind', async () => {
  answers.set('POST /v1/tokens', problem(403));
  const out = join(folder, 'refused');

  const { thrown } = await runCommand(['tokens', 'issue', '--for', 'ann', '--role', 'auditor', '--out', out]);

  expect(thrown).toMatchObject({ status: 403 });
  expect(existsSync(out)).toBe(false);
});

test('issuing says roles, tenants and seconds; only --print prints the secret, and nothing else on stdout', async () => {
  answers.set('POST /v1/tokens', { status: 201, body: issued });

  const result = await runCommand(
    'tokens issue --for ann --role auditor --role ops --tenant acme --expires 12h --print'.split(' '),
  );

  expect(JSON.parse(sent().body.toString())).toEqual({
    holder: 'ann',
    roles: ['auditor', 'ops'],
    tenants: ['acme'],
    expires_in_s: 43_200,
  });
  expect(result.out).toBe(`${SECRET}\n`);
  expect(result.notes.join('\n')).toContain(TOKEN);
});

test('a program that asks for JSON gets the token without its secret', async () => {
  answers.set('POST /v1/tokens', { status: 201, body: issued });
  const out = join(folder, 'json');

  const result = await runCommand(['tokens', 'issue', '--for', 'ann', '--role', 'auditor', '--out', out, '--json']);

  expect(JSON.parse(result.out)).toEqual({ ...issued, secret: undefined, file: out });
  expect(result.out).not.toContain('SSSS');
});

test('a token is revoked by its id', async () => {
  answers.set(`DELETE /v1/tokens/${TOKEN}`, { body: { ...issued, secret: undefined, state: 'revoked' } });

  const { out } = await runCommand(['tokens', 'revoke', TOKEN]);

  expect(out).toBe(`revoked ${TOKEN} of ann\n`);
});

test.each([
  [['--call', CALL], { scope: 'call', call: CALL }],
  [['--processor', 'scribe'], { scope: 'processor', processor: 'scribe' }],
  [['--processor', 'scribe', '--tenant', 'acme'], { scope: 'processor', processor: 'scribe', tenant: 'acme' }],
  [['--tenant', 'acme'], { scope: 'tenant', tenant: 'acme' }],
])('revoke %j silences just that', async (options, target) => {
  answers.set('POST /v1/revocations', { status: 201, body: { ...revoked, target } });

  const { out } = await runCommand(['revoke', ...options, '--reason', 'a leak']);

  expect(JSON.parse(sent().body.toString())).toEqual({ target, reason: 'a leak' });
  expect(out).toContain('2 listeners cut off, not recorded yet');
  expect(out).toContain(`earshot revoke lift ${REVOCATION}`);
});

test('at the own socket of the node the kill switch waits for no token that nobody named', async () => {
  const socketPath = join(folder, 'api.sock');
  const local = await startScriptedNode(() => ({ status: 201, body: revoked }), socketPath);
  vi.stubEnv('EARSHOT_URL', `unix:${socketPath}`);
  vi.stubEnv('EARSHOT_TOKEN_FILE', '');
  vi.stubEnv('XDG_CONFIG_HOME', join(folder, 'config'));

  await runCommand(['revoke', '--tenant', 'acme', '--reason', 'why']);
  await runCommand(['revoke', '--tenant', 'acme', '--reason', 'why', '--token-file', tokenFile]);

  await local.stop();
  expect(local.seen.map(({ authorization }) => authorization)).toEqual([undefined, `Bearer ${SECRET}`]);
});

test.each([
  ['open', 'POST', 'open: nobody hears 1 stream of call'],
  ['close', 'DELETE', 'closed: the customer of call'],
])('calls pci %s asks just that', async (state, method, said) => {
  const streams = [{ stream: 's', window: 'w', opened_ms: 1200 }];
  const view = { call: CALL, state: state === 'open' ? 'open' : 'closed', trigger: 'api', streams };
  answers.set(`${method} /v1/calls/${CALL}/pci-window`, { status: 200, body: view });

  const { out } = await runCommand(['calls', 'pci', CALL, state]);

  expect(sent().body).toHaveLength(0);
  expect(out).toContain(said);
});

test('where nobody answers, revoke says that taps lapse by themselves', async () => {
  await node.stop();

  const { thrown } = await runCommand(['revoke', '--tenant', 'acme', '--reason', 'why']);

  expect(String(thrown)).toContain('taps lapse by themselves within 5 s');
});

test('who heard a call is the part of it that says so', async () => {
  const processors = [
    {
      processor: 'scribe',
      hears: ['raw_audio'],
      terms: ['ab'.repeat(32)],
      leases: 2,
      audio_ms: 41_300,
      bytes: 660_800,
      bytes_unknown_max: 0,
      releases: 0,
      chars: 0,
    },
  ];
  const detail = {
    call: CALL,
    tenant: 'acme',
    state: 'past',
    direction: 'inbound',
    ingress: 'outside',
    media: 'anchored',
    started_ms: NOW_MS,
    config_revision: 1,
    heard_by: [],
    processors,
    refusals: [],
    gaps: [],
    pci: { windows: 0, exposed_ms: 0, exposed_bytes: 0, unknown: 0, first: [] },
    entries: 12,
  };
  answers.set(`GET /v1/calls/${CALL}`, { body: detail });

  const table = await runCommand(['ledger', 'heard', CALL]);
  const json = await runCommand(['ledger', 'heard', CALL, '--json']);

  expect(table.out).toBe(
    'PROCESSOR  HEARS      AUDIO   BYTES   LEASES  RELEASES  CHARS  TERMS\n' +
      'scribe     raw_audio  41.3 s  660800  2       0         0      abababababab\n',
  );
  expect(JSON.parse(json.out)).toEqual(processors[0]);
});

test('events are followed line by line, with what they are about in front', async () => {
  const events = [
    { kind: 'call', call: CALL, tenant: 'acme', state: 'started', seq: 1, atMs: NOW_MS },
    { kind: 'condition', name: 'ledger_unavailable', state: 'raised', seq: 2, atMs: NOW_MS },
  ];
  answers.set('GET /v1/events', { body: events.map((event) => `${JSON.stringify(event)}\n`).join('') });

  const { out } = await runCommand(['events', '--since', '5']);

  const [first = '', second = ''] = out.split('\n');
  expect(queryOf(sent())).toEqual({ since: ['5'] });
  expect(first).toContain(`${CALL}  call       started, tenant acme`);
  expect(second).toContain('condition  ledger_unavailable raised');
});

test('an export is a new file of mode 0600, line by line as it came', async () => {
  answers.set('GET /v1/ledger/raw', { body: '{"a":1}\n{"b":2}\n' });
  const file = join(folder, 'ledger.jsonl');

  await runCommand(['ledger', 'export', '--out', file, '--tenant', 'acme']);
  const again = await runCommand(['ledger', 'export', '--out', file]);

  expect(readFileSync(file, 'utf8')).toBe('{"a":1}\n{"b":2}\n');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(String(again.thrown)).toContain('exists already');
});

test('an export that breaks off leaves nothing that looks like one', async () => {
  answers.set('GET /v1/ledger/raw', { body: '{"a":1}\n{"b"', breaksOff: true });
  const file = join(folder, 'ledger.jsonl');

  const { thrown } = await runCommand(['ledger', 'export', '--out', file]);

  expect(thrown).toMatchObject({ code: 'BROKEN' });
  expect(existsSync(file)).toBe(false);
});

test.each([
  ['calls --live --past', /exclude each other/],
  ['ledger query --allow --denied', /exclude each other/],
  ['revoke --reason x', /--call, --processor or --tenant/],
  ['revoke --tenant acme', /--reason is missing/],
  ['tokens issue --for ann', /--role is missing/],
  [`revoke --call ${CALL} --tenant acme --reason x`, /--call stands alone/],
])('%s is a usage error, and nothing is sent', async (line, why) => {
  const { thrown } = await runCommand(line.split(' '));

  expect(thrown).toMatchObject({ code: 'USAGE', message: expect.stringMatching(why) as string });
  expect(node.seen).toEqual([]);
});

test.each([
  ['calls show c_1', /must be the id of a call/],
  ['calls --tenant Acme', /must be the name of a tenant/],
  ['calls --since yesterday', /must be a span/],
  ['calls --limit 0', /at least 1/],
  ['tokens issue --for a --role king', /Allowed choices are admin, security, auditor, ops/],
  ['ledger query --kind secret', /Allowed choices are/],
  ['revok', /Did you mean revoke/],
  ['calls --liv', /Did you mean --live/],
])('%s is told apart before anything is sent', async (line, why) => {
  const { notes, thrown } = await runCommand(line.split(' '));

  expect(notes.join('\n')).toMatch(why);
  expect(thrown).toMatchObject({ name: expect.stringMatching(/Commander|InvalidArgument/) as string });
  expect(node.seen).toEqual([]);
});

test('a token file that others may read stops a command before it asks', async () => {
  chmodSync(tokenFile, 0o644);

  const { thrown } = await runCommand(['calls']);

  expect(String(thrown)).toContain(`chmod 600 ${tokenFile}`);
  expect(node.seen).toEqual([]);
});

test('a token file that was named must be there', async () => {
  const { thrown } = await runCommand(['calls', '--token-file', join(folder, 'none')]);

  expect(String(thrown)).toContain('does not exist');
  expect(node.seen).toEqual([]);
});

test('a file that is no export is refused with its name, and verified is only what verifies', async () => {
  const junk = join(folder, 'junk.jsonl');
  writeFileSync(junk, 'junk\n');
  const none = await runCommand(['ledger', 'verify', '--file', join(folder, 'none')]);

  const refused = await runCommand(['ledger', 'verify', '--file', junk]);
  writeFileSync(junk, '');
  const empty = await runCommand(['ledger', 'verify', '--file', junk]);

  expect(String(none.thrown)).toContain('cannot be read (ENOENT)');
  expect(String(refused.thrown)).toContain(`${junk}: line 1 is not an exported ledger entry`);
  expect(empty).toMatchObject({ code: 1, out: expect.stringMatching(/^NOT VERIFIED/) as string });
});
