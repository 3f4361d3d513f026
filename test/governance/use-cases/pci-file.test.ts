import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId, systemRandom } from '../../../src/base/ids.ts';
import { silentLog } from '../../../src/base/log.ts';
import { windowFileIn, type KeptWindow } from '../../../src/governance/use-cases/pci-file.ts';

let folder: string;
const raised = new Set<string>();
const conditions = {
  set(name: string, isRaised: boolean) {
    if (isRaised) raised.add(name);
    else raised.delete(name);
  },
};
const open = (dir = folder) => windowFileIn(dir, { log: silentLog, conditions });
const window: KeptWindow = {
  call: newId('call', systemRandom),
  trigger: 'digits',
  spared: [newId('leg', systemRandom)],
  added: [],
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'earshot-pci-'));
});

afterAll(() => rm(folder, { recursive: true }));

test('what is stored last is what the next life finds', async () => {
  const file = open();
  const first = file.find(window.call);
  await Promise.all([
    file.keep([]),
    file.keep([window, { ...window, call: newId('call', systemRandom) }]),
    file.keep([window]),
  ]);

  const next = open();

  expect(first).toBeUndefined();
  expect(next.find(window.call)).toEqual(window);
  expect(next.find(newId('call', systemRandom))).toBeUndefined();
  expect(JSON.parse(await readFile(join(folder, 'pci-windows.json'), 'utf8'))).toMatchObject({ windows: [window] });
});

test('a file that cannot be believed leaves nobody sure of any call', async () => {
  await writeFile(join(folder, 'pci-windows.json'), '{"version":1,"windows":[{"call":"c_1"}]}');

  expect(open().find(window.call)).toBe('unknown');
  expect([...raised]).toEqual(['pci_windows.unreadable']);
  raised.clear();
});

test('one that cannot be written is said', async () => {
  await open(join(folder, 'nowhere')).keep([window]);

  expect([...raised]).toEqual(['pci_windows.not_stored']);
});
