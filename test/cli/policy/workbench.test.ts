import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { canonicalJson } from '../../../src/base/canonical-json.ts';
import { ManualClock } from '../../../src/base/clock.ts';
import { candidateOf, shipped } from '../../../src/cli/policy/candidates.ts';
import { renderEvaluation } from '../../../src/cli/policy/render-evaluation.ts';
import { Workbench, type Evaluation } from '../../../src/cli/policy/workbench.ts';
import { fixtureBundle, streamInput } from '../../governance/policy/fixtures.ts';
import { scriptedThreads } from '../../governance/policy/scripted-thread.ts';

const open: Workbench[] = [];

afterEach(async () => {
  for (const bench of open.splice(0)) await bench.close();
});

function bench(): Workbench {
  const made = new Workbench({ clock: new ManualClock(), startThread: scriptedThreads().startThread });
  open.push(made);
  return made;
}

function ask(behave: string): Promise<Evaluation> {
  return bench().evaluate({
    policy: candidateOf(fixtureBundle('wayward').path),
    guardrail: shipped('guardrail'),
    entrypoint: 'stream',
    input: canonicalJson(streamInput(behave)),
  });
}

test('the policy and the guardrail are both asked, and both must allow', async () => {
  const allowed = await ask('well');
  const denied = await ask('deny');

  expect(allowed.verdict).toMatchObject({ allow: true, code: 'allowed' });
  expect(allowed.asked.map(({ name }) => name)).toEqual([fixtureBundle('wayward').path, 'the guardrail']);
  expect(denied.verdict).toMatchObject({ allow: false, code: 'policy_denied' });
});

test('a bundle that a node would refuse is refused with what to do', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-bench-'));
  const file = join(folder, 'junk.tar.gz');
  writeFileSync(file, 'junk');
  const junk = candidateOf(file);
  rmSync(folder, { recursive: true, force: true });

  await expect(bench().admit(candidateOf(fixtureBundle('partial').path))).rejects.toThrow(
    /does not answer all four questions.*\(ENTRYPOINT_MISSING\)/,
  );
  await expect(bench().admit(junk)).rejects.toThrow(/cannot be read/);
});

test('an evaluation says the verdict, what it obliges to, who was asked, and each reason', () => {
  const policy = { bundle: 'ab'.repeat(32), data: 'cd'.repeat(32) };
  const verdict = {
    allow: false,
    code: 'policy_denied',
    reasons: [{ rule: 'training', clause: 'no training' }],
    obligations: {},
  } as const;
  const heard = { kind: 'heard', allow: false, reasons: verdict.reasons, obligations: {} } as const;
  const unheard = { kind: 'unheard', code: 'policy_undefined' } as const;

  const text = renderEvaluation('stream', {
    verdict,
    asked: [
      { name: 'my.tar.gz', policy, answer: heard, tookUs: 410 },
      { name: 'the guardrail', policy, answer: unheard, tookUs: 25_000 },
    ],
  });

  expect(text).toBe(
    [
      'denied: stream, policy_denied',
      '',
      'ASKED          ANSWER            TOOK                           SHA-256',
      'my.tar.gz      deny              0.41 ms                        abababababab',
      'the guardrail  policy_undefined  25.00 ms, too late for a call  abababababab',
      '',
      'SAYS  RULE      OF         CLAUSE',
      'deny  training  my.tar.gz  no training',
      '',
    ].join('\n'),
  );
});

test('obligations are said with the values they have', () => {
  const policy = { bundle: 'ab'.repeat(32), data: 'cd'.repeat(32) };
  const verdict = {
    allow: true,
    code: 'allowed',
    reasons: [],
    obligations: { max_window_ms: 30_000, mute_on: ['pci'] },
  } as const;
  const heard = { kind: 'heard', allow: true, reasons: [], obligations: {} } as const;
  const asked = { name: 'x', policy, answer: heard, tookUs: 1 };

  expect(renderEvaluation('stream', { verdict, asked: [asked, asked] })).toContain(
    'allowed: stream, allowed\n\nmax_window_ms  30000\nmute_on        ["pci"]\n\n',
  );
});
