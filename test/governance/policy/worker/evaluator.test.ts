import { beforeAll, describe, expect, test } from 'vitest';
import { canonicalJson } from '../../../../src/base/canonical-json.ts';
import { ManualClock } from '../../../../src/base/clock.ts';
import { readBundle, type Bundle } from '../../../../src/governance/policy/bundle.ts';
import { Evaluator } from '../../../../src/governance/policy/worker/evaluator.ts';
import { fixtureBundle, streamInput } from '../fixtures.ts';

const evaluator = new Evaluator(new ManualClock());
let wayward: Bundle;

beforeAll(async () => {
  wayward = await readBundle(fixtureBundle('wayward'));
  evaluator.load({ ...wayward, bundle: 'wayward' });
});

function ask(behave: string, bundle = 'wayward') {
  return evaluator.evaluate({ bundle, entrypoint: 'stream', input: canonicalJson(streamInput(behave)) });
}

describe('evaluating a policy', () => {
  test('what it allows and denies is heard with its reasons', () => {
    expect(ask('well')).toEqual({ kind: 'heard', allow: true, reasons: [{ rule: 'wayward' }], obligations: {} });
    expect(ask('deny')).toEqual({ kind: 'heard', allow: false, reasons: [{ rule: 'refused' }], obligations: {} });
    expect(ask('limit')).toMatchObject({ allow: true, obligations: { max_bytes: 1000 } });
  });

  test.each([
    ['is undefined', 'nothing defined', 'policy_undefined'],
    ['answers in another shape', 'malformed', 'policy_malformed'],
    ['obliges us to sing', 'obligation', 'policy_obligation_unknown'],
    ['throws', 'throw', 'policy_error'],
    ['gathers more memory than it may', 'hoard', 'policy_error'],
  ])('one that %s is not heard', (_, behave, code) => {
    expect(ask(behave)).toEqual({ kind: 'unheard', code });
  });

  test('after it threw, it answers the next question as if nothing had been', () => {
    ask('throw');
    ask('hoard');

    expect(ask('well')).toMatchObject({ kind: 'heard', allow: true });
  });

  test('one that was never loaded is unavailable', () => {
    expect(ask('well', 'unknown')).toEqual({ kind: 'unheard', code: 'policy_unavailable' });
  });

  test('one that was unloaded is unavailable', () => {
    const other = new Evaluator(new ManualClock());
    other.load({ ...wayward, bundle: 'wayward' });

    const reply = other.handle({ kind: 'unload', bundle: 'wayward' });

    const input = canonicalJson(streamInput());
    expect(reply).toBeUndefined();
    expect(other.handle({ kind: 'evaluate', task: 7, bundle: 'wayward', entrypoint: 'emit', input })).toEqual({
      kind: 'evaluated',
      task: 7,
      answer: { kind: 'unheard', code: 'policy_unavailable' },
      tookUs: 0,
    });
  });

  test('one with no answer to an ordinary question is never used', async () => {
    const silent = await readBundle(fixtureBundle('silent'));

    const reply = evaluator.handle({ kind: 'load', task: 1, bundle: 'silent', wasm: silent.wasm, data: silent.data });

    expect(reply).toEqual({ kind: 'loaded', task: 1, refusal: 'GOLDEN_INPUT_FAILED' });
    expect(ask('well', 'silent')).toEqual({ kind: 'unheard', code: 'policy_unavailable' });
  });
});
