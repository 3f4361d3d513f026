import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { asTenantId, newId, systemRandom, type TokenId } from '../../src/base/ids.ts';
import { silentLog } from '../../src/base/log.ts';
import { makeToken } from '../../src/governance/access/token.ts';
import { listTranscriptsOf } from '../../src/governance/use-cases/list-transcripts.ts';
import { TranscriptOpener } from '../../src/governance/use-cases/open-transcript.ts';
import type { AccessRole, Principal } from '../../src/model/access.ts';
import { openedTranscript } from '../../src/model/api/transcripts.ts';
import type { EntryBody, Entry } from '../../src/model/evidence.ts';
import { addRevocation, addToken } from '../../src/store/access-tokens.ts';
import { openDatabase, type Database } from '../../src/store/database.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/supervisor/embedded-postgres.ts';
import type { Supervisor } from '../../src/supervisor/supervisor.ts';
import { buildStage, ofKind, until, type Stage } from './support/stage.ts';

const CARD = 'four one one one one one one one one one one one one one one one';
const DAY_MS = 86_400_000;

interface Holder {
  readonly bearer: string;
  readonly principal: Principal;
}

let stage: Stage;
let connections: EmbeddedPostgres['connections'];
let app: Database;
let call: string;
let opener: TranscriptOpener;
let auditor: Holder;

beforeAll(async () => {
  stage = await buildStage(
    [
      { text: 'hello i would like to pay', startMs: 200, endMs: 1000 },
      { text: `my card number is ${CARD} thank you`, startMs: 1200, endMs: 2600 },
    ],
    { retention: { transcripts: { keep: true, days: 30 } } },
  );
  ({ connections } = await startEmbeddedPostgres({ stateDir: stage.node.stateDir, log: silentLog }));
  app = openDatabase({ connection: connections.app, poolSize: 1 });
  opener = new TranscriptOpener({ socketPath: join(runDir(), 'reader.sock'), clock: systemClock });
  auditor = await makeHolder(['auditor']);
  const { out, incoming } = await stage.dial();
  await until('both streams were heard for three seconds', () => {
    const heard = stage.recogniser.connections.map(({ bytesReceived }) => bytesReceived);
    return heard.length === 2 && heard.every((bytes) => bytes > 32 * 3000);
  });
  out.fallSilent();
  incoming.fallSilent();
  await out.hangUp();
  await until(
    'the call was closed',
    () => stage.events.some(({ kind, state }) => kind === 'call' && state === 'ended'),
    30_000,
  );
  call = String(stage.events.find(({ kind }) => kind === 'call')?.['call']);
});

afterAll(async () => {
  await app.close();
  await stage.stop();
});

test('the reader was started for a key that was missing, and that key was recorded before anything was kept', async () => {
  const entries = await stage.entries();
  const kinds = entries.filter(({ log }) => log === 'acme').map(({ kind }) => kind);

  expect(ofKind(entries, 'key.made')).toMatchObject([{ log: 'acme', node: 'demo.reader', version: 1 }]);
  expect(ofKind(entries, 'retention.open')).toMatchObject([{ call, class: 'transcript', key_version: 1 }]);
  expect(ofKind(entries, 'retention.close')).toMatchObject([{ call, complete: true }]);
  expect(kinds.filter((kind) => kind === 'key.made')).toHaveLength(1);
  expect(readerOf(stage.node.supervisor)).toMatchObject({ state: 'running', failures: 0 });
});

test('an auditor is given what was said, in turns, with the card number gone', async () => {
  const opened = await opener.open(auditor.principal, auditor.bearer, call);
  const said = opened.turns.map(({ text }) => text).join('\n');

  expect(opened).toMatchObject({ call, tenant: 'acme', complete: true });
  expect(new Set(opened.turns.map(({ role }) => role))).toEqual(new Set(['customer', 'agent']));
  expect(said).toContain('hello i would like to pay');
  expect(said).toContain('[CARD');
  expect(said).not.toMatch(/four one|one one/);
});

test('nobody else is: not ops, security or admin, not an auditor of another tenant, nor one whose time is over', async () => {
  const others = {
    ops: await makeHolder(['ops']),
    security: await makeHolder(['security']),
    admin: await makeHolder(['admin']),
    foreign: await makeHolder(['auditor'], { tenants: ['globex'] }),
    expired: await makeHolder(['auditor'], { issuedMs: Date.now() - 2 * DAY_MS, expiresMs: Date.now() - DAY_MS }),
    revoked: await makeHolder(['auditor'], { isRevoked: true }),
    unknown: { ...auditor, bearer: makeToken(systemRandom).bearer },
  };

  const answers: Record<string, string> = {};
  for (const [name, holder] of Object.entries(others)) answers[name] = await refusalOf(holder);

  expect(answers).toEqual({
    ops: 'FORBIDDEN',
    security: 'FORBIDDEN',
    admin: 'FORBIDDEN',
    foreign: 'NOT_FOUND',
    expired: 'FORBIDDEN',
    revoked: 'FORBIDDEN',
    unknown: 'FORBIDDEN',
  });
});

test('every opening is in the tenant’s log, by whom, on a chain of the reader’s own, and the whole ledger verifies', async () => {
  await until('a heartbeat covered the reader’s chain', async () => {
    const entries = (await stage.entries()).filter(({ node }) => node === 'demo.reader');
    return ofKind(entries, 'read.done').length > 0;
  });
  await until('every entry is covered', async () => (await stage.verify()).verdicts.completeness === 'pass');
  const entries = (await stage.entries()).filter(({ node }) => node === 'demo.reader');
  const report = await stage.verify();

  expect(ofKind(entries, 'read')).toMatchObject([{ log: 'acme', call, actor: auditor.principal.token }]);
  expect(ofKind(entries, 'read.done')).toMatchObject([{ log: 'acme', outcome: 'complete' }]);
  expect(ofKind(entries, 'access.denied').map(({ code }) => code)).toEqual(['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN']);
  expect(JSON.stringify(entries)).not.toContain('hello');
  expect(report.findings).toEqual([]);
  expect(report.verified).toBe(true);
});

test('nothing on this node’s disk holds a word of it: not the database, not its log of changes, no file of ours', () => {
  // The seed is ours to know; the words of the call must be nowhere.
  const holding = filesBelow(stage.node.stateDir).filter((file) => {
    const bytes = readFileSync(file);
    return ['would like to pay', 'thank you', '[CARD', CARD].some((words) => bytes.includes(words));
  });

  expect(holding).toEqual([]);
});

test('the governance process knows neither root-read nor the reader’s way into the database', () => {
  const { pid } = planesOf(stage.node.supervisor).governance;
  const runtime = readFileSync(join(runDir(), 'governance.json'), 'utf8');
  const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
  const open = readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`));
  const root = readFileSync(join(stage.node.stateDir, 'keys', 'root-read.key'), 'utf8').trim();

  for (const text of [runtime, environment]) {
    expect(text).not.toContain('root-read');
    expect(text).not.toContain(root);
    expect(text).not.toContain(connections.reader.password);
  }
  expect(open.filter((path) => path.includes(join(stage.node.stateDir, 'keys')))).toEqual([]);
});

test('no role that runs may change or remove what is kept, and only the reader’s may fetch it', async () => {
  const attempts: Record<string, string> = {};
  const see = `set earshot.logs = 'acme'`;
  for (const role of ['app', 'reader', 'query', 'writer'] as const) {
    for (const statement of [
      `update earshot.sealed_chunks set n = n`,
      `delete from earshot.sealed_objects`,
      `truncate earshot.tenant_keys cascade`,
      `select bytes from earshot.sealed_chunks`,
      `select wrap from earshot.sealed_objects`,
      `select sealed_private from earshot.tenant_keys`,
    ]) {
      attempts[`${role}: ${statement}`] = await ask(role, see, statement);
    }
  }

  const allowed = Object.keys(attempts).filter((name) => attempts[name] !== '42501');
  expect(allowed).toEqual([
    'reader: select bytes from earshot.sealed_chunks',
    'reader: select wrap from earshot.sealed_objects',
    'reader: select sealed_private from earshot.tenant_keys',
  ]);
  expect(await ask('reader', `select bytes from earshot.sealed_chunks`)).toBe('0 rows');
  expect(await ask('reader', `set earshot.logs = 'globex'`, `select bytes from earshot.sealed_chunks`)).toBe('0 rows');
  expect(await ask('reader', see, `insert into earshot.sealed_objects default values`)).toBe('42501');
  expect(await ask('reader', see, `select raw from earshot.entries where kind = 'lease.open'`)).toBe('0 rows');
});

test('the list shows what there is by size, to those who may know, and says that they looked', async () => {
  const noted: EntryBody[] = [];
  const logs: string[] = [];
  const list = listTranscriptsOf({
    database: app,
    clock: systemClock,
    random: systemRandom,
    ledger: {
      isAvailable: true,
      append: (log, body) => {
        logs.push(log);
        noted.push(body);
        return Promise.resolve({ log: '', epoch: '', seq: 0, leaf: '' });
      },
      note: (log, body) => {
        logs.push(log);
        noted.push(body);
      },
    },
  });
  const foreign: Principal = { ...auditor.principal, tenants: [asTenantId('globex')] };
  const ops: Principal = { ...auditor.principal, roles: ['ops'] };

  const page = await list(auditor.principal, { limit: 10 });

  expect(page).toMatchObject({ items: [{ call, tenant: 'acme', class: 'transcript' }] });
  expect(page.items[0]?.chunks).toBeGreaterThan(2);
  expect(page.items[0]?.size_bytes).toBeGreaterThan(100);
  expect(noted.map(({ kind }) => kind)).toEqual(['read', 'read.done']);
  expect(await list(auditor.principal, { limit: 10, call: newId('call') })).toEqual({ items: [] });
  expect(await list(foreign, { limit: 10 })).toEqual({ items: [] });
  expect(await list(foreign, { limit: 10, tenant: ['acme'] })).toEqual({ items: [] });
  expect(await list(ops, { limit: 10 })).toEqual({ items: [] });
  logs.length = 0;
  expect(await list(auditor.principal, { limit: 10, tenant: ['nobody', 'never-was'] })).toEqual({ items: [] });
  // A name that nobody has gets no log by being asked about.
  expect(new Set(logs)).toEqual(new Set(['system']));
});

test('a chunk that an administrator of the database changed is refused, and is an incident in the tenant’s log', async () => {
  const change = `update earshot.sealed_chunks set bytes = set_byte(bytes, 20, get_byte(bytes, 20) # 1) where n = 1`;
  await asOwner(change);
  const refused = await refusalOf(auditor);
  await asOwner(change);

  expect(refused).toBe('CONFLICT');
  await until('the incident is recorded', async () => incidents(await stage.entries()).length > 0);
  expect(incidents(await stage.entries())).toEqual(['acme sealed_chunk']);
  expect((await opener.open(auditor.principal, auditor.bearer, call)).complete).toBe(true);
});

test('a reader that is told to end does so in order, is not taken for crashed, and leaves no password behind', async () => {
  const { pid, starts } = readerOf(stage.node.supervisor);

  process.kill(Number(pid), 'SIGTERM');
  await until('the reader is gone', () => readerOf(stage.node.supervisor).state === 'idle');

  expect(readerOf(stage.node.supervisor)).toEqual({ state: 'idle', pid: null, starts, failures: 0 });
  expect(readdirSync(runDir()).filter((name) => /^reader\.(json|pid)$/.test(name))).toEqual([]);
});

test('asked by the API it is started again, for those who may, and answers within the time of one question', async () => {
  const { starts } = readerOf(stage.node.supervisor);
  const ops = await stage.access.issue('olga', ['ops']);
  const question = { method: 'GET', path: `/v1/transcripts/${call}`, answer: openedTranscript } as const;

  await expect(ops.request(question)).rejects.toMatchObject({ status: 403 });
  expect(readerOf(stage.node.supervisor).starts).toBe(starts);
  const opened = await stage.access.auditor.request(question);

  expect(opened.turns.map(({ text }) => text).join('\n')).toContain('hello i would like to pay');
  expect(readerOf(stage.node.supervisor)).toMatchObject({ state: 'running', starts: starts + 1, failures: 0 });
});

async function makeHolder(
  roles: readonly AccessRole[],
  how: {
    readonly tenants?: readonly string[];
    readonly issuedMs?: number;
    readonly expiresMs?: number;
    readonly isRevoked?: boolean;
  } = {},
): Promise<Holder> {
  const { token, bearer, secretHash } = makeToken(systemRandom);
  const issued_ms = how.issuedMs ?? Date.now();
  const issued_by: TokenId = newId('token');
  const tenants = how.tenants ?? null;
  const expires_ms = how.expiresMs ?? issued_ms + DAY_MS;
  await addToken(app, {
    token,
    secret_hash: secretHash,
    holder: 'ada',
    roles,
    tenants,
    issued_by,
    issued_ms,
    expires_ms,
  });
  if (how.isRevoked === true) await addRevocation(app, { token, revoked_by: issued_by, at_ms: issued_ms });
  return { bearer, principal: { token, holder: 'ada', roles, tenants: 'all' } };
}

/** Asked as governance would on behalf of somebody it took for an auditor: the reader does not take its word for it. */
function refusalOf({ bearer }: Holder): Promise<string> {
  return opener.open(auditor.principal, bearer, call).then(
    () => 'opened',
    (thrown: unknown) => (thrown as { readonly code: string }).code,
  );
}

/** SQLSTATE of the refusal, or how many rows were given. */
async function ask(role: keyof typeof connections, ...statements: readonly string[]): Promise<string> {
  const client = new pg.Client({ ...connections[role] });
  await client.connect();
  try {
    let rows = 0;
    for (const statement of statements) rows = (await client.query(statement)).rows.length;
    return `${rows} rows`;
  } catch (thrown) {
    return (thrown as { readonly code: string }).code;
  } finally {
    await client.end();
  }
}

/** Whoever owns the tables can lift their row security, and do what he likes. */
async function asOwner(statement: string): Promise<void> {
  const lifted = `alter table earshot.sealed_chunks no force row level security`;
  const forced = `alter table earshot.sealed_chunks force row level security`;
  expect(await ask('owner', lifted, statement, forced)).toBe('0 rows');
}

function incidents(entries: readonly Entry[]): string[] {
  return ofKind(entries, 'incident').map(({ log, code }) => `${log} ${code}`);
}

function runDir(): string {
  return join(stage.node.stateDir, 'run');
}

interface Status {
  readonly planes: Readonly<Record<'governance', { readonly pid: number }>>;
  readonly reader: {
    readonly state: string;
    readonly pid: number | null;
    readonly starts: number;
    readonly failures: number;
  };
}

function planesOf(supervisor: Supervisor): Status['planes'] {
  return (supervisor.status() as Status).planes;
}

function readerOf(supervisor: Supervisor): Status['reader'] {
  return (supervisor.status() as Status).reader;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((found) => found.isFile() && !found.parentPath.includes('program-'))
    .map((found) => join(found.parentPath, found.name));
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
