import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { PlaneProcess } from '../../src/supervisor/plane-process.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-plane-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a system that can start no process is asked again, at first at once and then ever more slowly', () => {
  const clock = new ManualClock();
  const ends: string[] = [];
  const plane = new PlaneProcess({
    plane: 'call',
    // No system takes such a name: the call itself fails, as it does when memory has run out.
    file: 'a\0b',
    runtimeFile: join(folder, 'call.json'),
    pidFile: join(folder, 'call.pid'),
    scheduling: false,
    withheldEnv: [],
    clock,
    log: silentLog,
    isUrgent: true,
    onExit: (reason) => ends.push(reason),
  });

  plane.start({ config: {} } as Parameters<PlaneProcess['start']>[0]);

  expect(ends).toEqual(['cannot_start', 'cannot_start']);
  clock.advance(60_000);
  expect(ends.length).toBeGreaterThan(10);
  expect(ends.length).toBeLessThan(20);
  expect(plane.pid).toBeUndefined();
});
