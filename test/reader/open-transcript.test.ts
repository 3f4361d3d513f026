import { expect, test } from 'vitest';
import { ManualClock } from '../../src/base/clock.ts';
import { asTenantId, newId, systemRandom, type CallId } from '../../src/base/ids.ts';
import { silentLog } from '../../src/base/log.ts';
import { LedgerError, type Ledger, type Receipt } from '../../src/governance/ledger/ledger.ts';
import type { AccessRole, Principal } from '../../src/model/access.ts';
import { ENTRY_SCHEMA, type EntryBody } from '../../src/model/evidence.ts';
import { openTranscript, type OpenDeps } from '../../src/reader/open-transcript.ts';
import { deriveRoot } from '../../src/reader/read-root.ts';
import { makeTenantPair, openTenantPair } from '../../src/reader/tenant-pair.ts';
import type { TenantKeyRow } from '../../src/store/schema.ts';
import type { StoredObject } from '../../src/store/sealed.ts';
import { NOW_MS, sealTexts, turn } from '../governance/retention/sealed.ts';

const ACME = asTenantId('acme');
const BEARER = 'a token';
const TEXTS = ['hello', 'my card number is [CARD_1]'];
const HASH = '0'.repeat(64);

interface World {
  readonly deps: OpenDeps;
  readonly call: CallId;
  readonly noted: { readonly log: string; readonly body: EntryBody }[];
  /** What happened, in order. */
  readonly trace: string[];
  objects: StoredObject[];
  evidence: Buffer[];
  pairs: TenantKeyRow[];
  principal: Principal | undefined;
  ledgerFails: boolean;
}

function auditor(roles: readonly AccessRole[] = ['auditor'], tenants: Principal['tenants'] = 'all'): Principal {
  return { token: newId('token'), holder: 'ada', roles, tenants };
}

/** A call of acme as it was kept: sealed, recorded and closed. */
function makeWorld(): World {
  const root = deriveRoot(systemRandom(32));
  const row = makeTenantPair(root, { tenant: 'acme', version: 1, madeMs: 1, random: systemRandom });
  const opened = openTenantPair(root, row);
  if (opened.kind !== 'pair') throw new Error('no pair');
  const call = newId('call');
  const { object } = sealTexts(TEXTS, { pair: opened.pair, call });
  const noted: World['noted'] = [];
  const trace: string[] = [];
  const ledger: Ledger = {
    isAvailable: true,
    append(log, body) {
      if (world.ledgerFails) return Promise.reject(new LedgerError('UNAVAILABLE', 'down'));
      trace.push(`entry:${body.kind}`);
      noted.push({ log, body });
      return Promise.resolve({} as Receipt);
    },
    note(log, body) {
      trace.push(`entry:${body.kind}`);
      noted.push({ log, body });
    },
  };
  const deps: OpenDeps = {
    root,
    ledger,
    clock: new ManualClock({ wallMs: NOW_MS + 1000 }),
    random: systemRandom,
    log: silentLog,
    authenticate: (bearer) => Promise.resolve(bearer === BEARER ? world.principal : undefined),
    store: {
      tenants: () => Promise.resolve(['acme', 'globex']),
      tenantsOfCall: ({ tenants, call: asked }) =>
        Promise.resolve([
          ...new Set(world.objects.filter((o) => o.call === asked && tenants.includes(o.tenant)).map((o) => o.tenant)),
        ]),
      fetch: ({ tenant }) => {
        trace.push('fetch');
        const objects = world.objects.filter((one) => one.tenant === tenant);
        return Promise.resolve({ objects, evidence: world.evidence });
      },
      pairs: () => Promise.resolve(world.pairs),
    },
  };
  const world: World = {
    deps,
    call,
    noted,
    trace,
    objects: [object],
    evidence: [opening(object), closing(object, true)],
    pairs: [row],
    principal: auditor(),
    ledgerFails: false,
  };
  return world;
}

function rawEntry(body: EntryBody): Buffer {
  const frame = {
    schema: ENTRY_SCHEMA,
    log: 'acme',
    node: 'n',
    epoch: newId('epoch'),
    seq: 1,
    prev: HASH,
    at_ms: 1,
    mono_us: 1,
  };
  return Buffer.from(JSON.stringify({ ...frame, ...body }));
}

function opening(object: StoredObject): Buffer {
  const { call, sealed, key_version, key_commit } = object;
  return rawEntry({
    kind: 'retention.open',
    call,
    sealed,
    class: object.class,
    key_version,
    key_commit: key_commit.toString('hex'),
    decision: { entrypoint: 'retain', allow: true, code: 'allowed', rules: [], obligations: {}, input: HASH },
  });
}

function closing({ call, sealed, chunks }: StoredObject, complete: boolean): Buffer {
  return rawEntry({ kind: 'retention.close', call, sealed, chunks: chunks.length, bytes: 1, complete });
}

function open(world: World): ReturnType<typeof openTranscript> {
  return openTranscript(world.deps, BEARER, world.call);
}

function incidents({ noted }: World): unknown[] {
  return noted
    .filter(({ body }) => body.kind === 'incident')
    .map(({ log, body }) => [log, 'code' in body && body.code]);
}

test('an auditor is given the whole, and that he opens it is durable before it is even fetched', async () => {
  const world = makeWorld();

  const opened = await open(world);

  expect(opened).toEqual({ call: world.call, tenant: 'acme', complete: true, turns: TEXTS.map(turn) });
  expect(world.trace).toEqual(['entry:read', 'fetch', 'entry:read.done']);
  expect(world.noted[0]).toMatchObject({ log: ACME, body: { call: world.call, actor: world.principal?.token } });
  expect(world.noted[1]?.body).toMatchObject({ rows: 2, outcome: 'complete' });
});

test('no entry holds a word of what was opened', async () => {
  const world = makeWorld();

  await open(world);

  expect(JSON.stringify(world.noted)).not.toContain('hello');
});

test('when it cannot be recorded it is not opened', async () => {
  const world = makeWorld();
  world.ledgerFails = true;

  await expect(open(world)).rejects.toMatchObject({ code: 'unavailable' });
  expect(world.trace).not.toContain('fetch');
});

test('an unknown token, and every other role, is refused before anything is read; a role is told so, and recorded', async () => {
  const world = makeWorld();
  const others: (readonly AccessRole[])[] = [['ops'], ['security'], ['admin'], ['ops', 'security']];

  await expect(openTranscript(world.deps, 'another', world.call)).rejects.toMatchObject({ code: 'unauthenticated' });
  for (const roles of others) {
    world.principal = auditor(roles);
    await expect(open(world)).rejects.toMatchObject({ code: 'forbidden' });
  }

  expect(world.trace).not.toContain('fetch');
  expect(world.noted.map(({ log, body }) => [log, body.kind])).toEqual(others.map(() => ['system', 'access.denied']));
});

test('an auditor of another tenant is not told that there is such a call', async () => {
  const world = makeWorld();
  world.principal = auditor(['auditor'], [asTenantId('globex')]);

  await expect(open(world)).rejects.toMatchObject({ code: 'not_found' });
  expect(world.trace).toEqual([]);
});

test('an auditor of this tenant alone may open it', async () => {
  const world = makeWorld();
  world.principal = auditor(['auditor'], [ACME]);

  expect((await open(world)).turns).toHaveLength(2);
});

test('after its time is over nothing of it is opened', async () => {
  const world = makeWorld();
  world.objects = world.objects.map((object) => ({ ...object, keep_until_ms: NOW_MS }));

  await expect(open(world)).rejects.toMatchObject({ code: 'not_found' });
});

test('time that somebody added to it does not open it', async () => {
  const world = makeWorld();
  world.objects = world.objects.map((object) => ({ ...object, keep_until_ms: object.keep_until_ms * 2 }));

  await expect(open(world)).rejects.toMatchObject({ code: 'tampered' });
});

test('a chunk that was changed refuses the whole, is an incident, and the read says that it broke', async () => {
  const world = makeWorld();
  const [object] = world.objects as [StoredObject];
  const chunks = object.chunks.map((chunk) => ({ ...chunk, bytes: Buffer.from(chunk.bytes) }));
  chunks[1]!.bytes[5]! ^= 1;
  world.objects = [{ ...object, chunks }];

  await expect(open(world)).rejects.toMatchObject({ code: 'tampered' });
  expect(incidents(world)).toEqual([['acme', 'sealed_chunk']]);
  expect(world.noted.at(-1)?.body).toMatchObject({ kind: 'read.done', rows: 0, outcome: 'broken' });
});

test('an end cut off is a broken promise where the ledger says there was one', async () => {
  const world = makeWorld();
  const [object] = world.objects as [StoredObject];
  world.objects = [{ ...object, chunks: object.chunks.slice(0, -1) }];

  await expect(open(world)).rejects.toMatchObject({ code: 'tampered' });
  expect(incidents(world)).toEqual([['acme', 'sealed_truncated']]);
});

test('turns cut off behind a writer that left are noticed too', async () => {
  const world = makeWorld();
  const [object] = world.objects as [StoredObject];
  const left = { ...object, chunks: object.chunks.slice(0, 2) };
  world.evidence = [opening(left), closing(left, false)];
  world.objects = [{ ...left, chunks: left.chunks.slice(0, 1) }];

  await expect(open(world)).rejects.toMatchObject({ code: 'tampered' });
});

test('a transcript whose writer died is given as far as it goes, and not called complete', async () => {
  const world = makeWorld();
  const [object] = world.objects as [StoredObject];
  world.objects = [{ ...object, chunks: object.chunks.slice(0, 1) }];
  world.evidence = [opening(object)];

  expect(await open(world)).toMatchObject({ complete: false, turns: [turn('hello')] });
});

test('an object that was recorded and is not there makes the rest incomplete', async () => {
  const world = makeWorld();
  const [object] = world.objects as [StoredObject];
  world.evidence.push(opening({ ...object, sealed: newId('sealed') }));

  expect(await open(world)).toMatchObject({ complete: false });
});

test('what somebody else sealed to the tenant’s public key is refused: nobody recorded it', async () => {
  const world = makeWorld();
  const [row] = world.pairs as [TenantKeyRow];
  const publicOnly = { publicKey: Uint8Array.from(row.public_key), privateKey: systemRandom(32) };
  world.objects = [sealTexts(['i agree to everything'], { pair: publicOnly, call: world.call }).object];

  await expect(open(world)).rejects.toMatchObject({ code: 'tampered' });
  expect(incidents(world)).toEqual([['acme', 'sealed_unrecorded']]);
});

test('a key under another root-read is said to be that, and is no incident', async () => {
  const world = makeWorld();
  const deps = { ...world.deps, root: deriveRoot(systemRandom(32)) };

  await expect(openTranscript(deps, BEARER, world.call)).rejects.toMatchObject({ code: 'wrong_key' });
  expect(incidents(world)).toEqual([]);
});

test('a private half that was changed is an incident', async () => {
  const world = makeWorld();
  const [row] = world.pairs as [TenantKeyRow];
  const sealed_private = Buffer.from(row.sealed_private);
  sealed_private[sealed_private.length - 1]! ^= 1;
  world.pairs = [{ ...row, sealed_private }];

  await expect(open(world)).rejects.toMatchObject({ code: 'tampered' });
  expect(incidents(world)).toEqual([['acme', 'sealed_pair']]);
});

test('a call that two tenants are said to have had is opened for neither', async () => {
  const world = makeWorld();
  world.objects.push({ ...world.objects[0]!, tenant: 'globex' });

  await expect(open(world)).rejects.toMatchObject({ code: 'tampered' });
  expect(incidents(world).map(String)).toEqual(['acme,sealed_two_tenants', 'globex,sealed_two_tenants']);
});

test('two lives of governance make one transcript, in their order', async () => {
  const world = makeWorld();
  const [first] = world.objects as [StoredObject];
  const publicKey = Uint8Array.from(world.pairs[0]!.public_key);
  const second = sealTexts(['and then'], { pair: { publicKey, privateKey: publicKey }, call: world.call }).object;
  world.objects.push(second);
  world.evidence.push(opening(second), closing(second, true));

  const opened = await open(world);

  expect(opened.turns.map(({ text }) => text)).toEqual([...TEXTS, 'and then']);
  expect(opened.complete).toBe(first.chunks.length === 3);
});
