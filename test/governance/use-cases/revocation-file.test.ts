import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync, mkdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../../../src/base/clock.ts';
import { asTenantId, newId } from '../../../src/base/ids.ts';
import { silentLog } from '../../../src/base/log.ts';
import { followCall } from '../../../src/governance/use-cases/follow-call.ts';
import { killSwitchOf } from '../../../src/governance/use-cases/revocation-verbs.ts';
import { RevocationFile } from '../../../src/governance/use-cases/revocation-file.ts';
import type { Revocation } from '../../../src/governance/use-cases/revocation-list.ts';
import { BY_SCRIBE, BY_TENANT, local, principal } from './switchboard.ts';
import { callFact, makeWorld, ofKind, revision, type World } from './world.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-revocations-'));
  path = join(folder, 'revocations.json');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const stored: Revocation = {
  revocation: newId('revocation'),
  target: { scope: 'tenant', tenant: 'acme' },
  tenant: asTenantId('acme'),
  reason: 'incident 7',
  actor: 'local',
  actedMs: 1_800_000_000_000,
  silenced: 2,
  logs: [asTenantId('acme')],
  unrecorded: [asTenantId('acme')],
  isOver: false,
};

test('what is stored is read again, in a file that only its owner may read', async () => {
  const file = fileAt(path);

  await file.store([stored]);

  expect(fileAt(path).read()).toEqual([stored]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('of many changes at once the newest is what stands there', async () => {
  const file = fileAt(path);

  await Promise.all([file.store([stored]), file.store([]), file.store([{ ...stored, silenced: 5 }])]);

  expect(fileAt(path).read()).toMatchObject([{ silenced: 5 }]);
});

test('no file is an empty list; a file that is not one is never taken for it', () => {
  const none = fileAt(path).read();
  const unreadable = ['', '{}', '{"version":2,"revocations":[]}', '{"version":1,"revocations":[{}]}'].map((text) => {
    writeFileSync(path, text);
    return fileAt(path).read();
  });

  expect(none).toEqual([]);
  expect(unreadable).toEqual(['unreadable', 'unreadable', 'unreadable', 'unreadable']);
});

test('a write that fails is tried again until it succeeds', async () => {
  const clock = new ManualClock();
  const outcomes: boolean[] = [];
  let succeed: () => void = () => undefined;
  const success = new Promise<void>((resolve) => (succeed = resolve));
  const onOutcome = (isStored: boolean): void => {
    outcomes.push(isStored);
    if (isStored) succeed();
  };
  mkdirSync(`${path}.new`);

  await new RevocationFile({ path, clock, log: silentLog, onOutcome }).store([stored]);
  rmdirSync(`${path}.new`);
  clock.advance(1000);
  await success;

  expect(outcomes).toEqual([false, true]);
  expect(fileAt(path).read()).toEqual([stored]);
});

test('a switch that could not be kept acts all the same, and that is shown', async () => {
  mkdirSync(`${path}.new`);
  const world = makeWorld();
  await followCall(world.deps, revision, callFact(), { isResumed: false });

  await switchOf(world).silence(local, BY_TENANT);

  expect(world.openFeeds.size).toBe(0);
  expect(world.deps.conditions.raised).toEqual(['revocations.not_stored']);
});

test('a switch that was pulled is on disk when whoever pulled it is answered, and holds in the next life', async () => {
  const world = makeWorld();
  await switchOf(world).silence(local, BY_TENANT);
  const onDisk = readFileSync(path, 'utf8');

  const next = makeWorld();
  const heir = switchOf(next);
  await followCall(next.deps, revision, callFact(), { isResumed: true });

  expect(onDisk).toContain('"tenant":"acme"');
  expect(ofKind(next, 'lease.open')).toEqual([]);
  expect(await heir.listRevocations(local)).toMatchObject({
    items: [{ target: BY_TENANT.target, reason: 'incident 7' }],
  });
});

test('a list that cannot be believed silences everything, is left as it is, and is shown', async () => {
  writeFileSync(path, 'half a li');
  const world = makeWorld();

  const kill = switchOf(world);
  await followCall(world.deps, revision, callFact(), { isResumed: false });
  await kill.silence(local, BY_SCRIBE);

  expect(ofKind(world, 'lease.open')).toEqual([]);
  expect(world.deps.conditions.raised).toContain('revocations.unreadable');
  expect(readFileSync(path, 'utf8')).toBe('half a li');
});

test('a token sees what concerns its tenants, and nothing of a switch for all of them', async () => {
  const kill = switchOf(makeWorld());
  await kill.silence(local, BY_TENANT);
  await kill.silence(local, BY_SCRIBE);

  const seen = await Promise.all(
    [principal('ops'), principal('ops', ['acme']), principal('security', ['beta'])].map(async (who) => {
      const { items } = await kill.listRevocations(who);
      return items.map(({ target }) => target.scope);
    }),
  );

  expect(seen).toEqual([['tenant', 'processor'], ['tenant'], []]);
  await expect(kill.listRevocations(principal('admin'))).rejects.toMatchObject({ code: 'FORBIDDEN' });
});

function fileAt(at: string): RevocationFile {
  return new RevocationFile({ path: at, clock: new ManualClock(), log: silentLog, onOutcome: () => undefined });
}

function switchOf(world: World): ReturnType<typeof killSwitchOf> {
  return killSwitchOf(world.deps, { path, ledger: world.deps.ledger, revision: () => revision });
}
