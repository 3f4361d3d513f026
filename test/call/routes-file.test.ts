import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { RoutesFile } from '../../src/call/routes-file.ts';
import type { RoutingSnapshot } from '../../src/model/routing.ts';
import { ROUTES } from './signaling/stage.ts';

let folder: string;
let path: string;
let file: RoutesFile;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-routes-'));
  path = join(folder, 'routes.json');
  file = new RoutesFile(path, silentLog);
});

afterEach(() => rmSync(folder, { recursive: true }));

test('of snapshots stored in quick succession the newest is read, whole, and nothing else is left', async () => {
  const long = { ...ROUTES, digest: 'x'.repeat(200) };
  const snapshots = [long, ROUTES, long, { ...ROUTES, revision: 7 }];

  await Promise.all(snapshots.map((snapshot) => file.store(snapshot)));

  expect(file.read()?.revision).toBe(7);
  expect(readdirSync(folder)).toEqual(['routes.json']);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("a failure to store is not the next one's", async () => {
  rmSync(folder, { recursive: true });
  await file.store(ROUTES);
  folder = mkdtempSync(join(tmpdir(), 'earshot-routes-'));
  const other = new RoutesFile(join(folder, 'routes.json'), silentLog);

  await other.store(ROUTES);

  expect(file.read()).toBeNull();
  expect(other.read()).toEqual(ROUTES);
});

test('what is cut short, no JSON, of another shape or names no port is not believed, and nothing is thrown', () => {
  const whole = JSON.stringify(ROUTES);
  const strange: RoutingSnapshot[] = [
    { ...ROUTES, tenants: [{ ...ROUTES.tenants[0]!, nextHops: [] }] },
    { ...ROUTES, tenants: [{ ...ROUTES.tenants[0]!, nextHops: [{ host: 'x', port: 0, transport: 'udp' }] }] },
  ];
  const texts = [
    '',
    whole.slice(0, -9),
    '\0',
    '[]',
    '['.repeat(100_000),
    ...strange.map((each) => JSON.stringify(each)),
  ];

  const read = texts.map((text) => {
    writeFileSync(path, text);
    return file.read();
  });

  expect(read).toEqual(texts.map(() => null));
});
