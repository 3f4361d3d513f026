import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { finished, processesNaming, startCli } from './support/cli.ts';
import { until } from './support/stage.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-stage-'));
  // The embedded database runs as a user of its own, which must be able to pass through.
  chmodSync(folder, 0o711);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('the demo prints one object that says a governed call was played and its ledger verifies', async () => {
  const { code, stdout, stderr } = await finished(startCli(['demo', '--json'], { TMPDIR: folder }));

  expect(stderr).toContain('[CARD]');
  expect(
    stderr
      .split('\n')
      .filter((line) => line.startsWith('released'))
      .join('\n'),
  ).not.toMatch(/4111|one one one/);
  const summary = JSON.parse(stdout) as Record<string, unknown>;
  expect(stdout).toBe(`${JSON.stringify(summary)}\n`);
  const whole = expect.any(Number) as number;
  expect(summary).toEqual({
    calls: 1,
    streams: 2,
    decisions: { allow: whole, deny: whole },
    segments: whole,
    releases: whole,
    redactions: whole,
    entries: whole,
    verified: true,
    recogniser: expect.stringMatching(/^(pocketsphinx|scripted)$/) as string,
    rtp: { sent: whole, received: whole, lost: 0 },
  });
  expect(code).toBe(0);
  expect(readdirSync(folder)).toEqual([]);
  expect(processesNaming(folder)).toEqual([]);
});

test('a demo that is interrupted takes its whole stage along', async () => {
  const demo = startCli(['demo'], { TMPDIR: folder });
  let said = '';
  demo.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until('the call has started', () => said.includes('call       started'), 40_000);

  demo.kill('SIGINT');
  const { code, stderr } = await finished(demo);

  expect(code).toBe(1);
  expect(stderr).toBe('earshot: the demo was interrupted\n');
  expect(readdirSync(folder)).toEqual([]);
  expect(processesNaming(folder)).toEqual([]);
});
