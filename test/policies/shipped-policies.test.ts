/** The shipped bundles as built: the same WebAssembly that decides about calls, asked what a use case would ask. */

import { beforeAll, describe, expect, test } from 'vitest';
import { canonicalJson } from '../../src/base/canonical-json.ts';
import { ManualClock } from '../../src/base/clock.ts';
import { packageRoot } from '../../src/base/package-root.ts';
import { readBundle } from '../../src/governance/policy/bundle.ts';
import { GOLDEN_INPUTS } from '../../src/governance/policy/golden-inputs.ts';
import { mergeAnswers, type Verdict } from '../../src/governance/policy/merge.ts';
import { shippedBundle } from '../../src/governance/policy/shipped.ts';
import { Evaluator } from '../../src/governance/policy/worker/evaluator.ts';
import type { Entrypoint, PolicyInput } from '../../src/model/decision.ts';

const evaluator = new Evaluator(new ManualClock());

beforeAll(async () => {
  for (const name of ['default', 'guardrail'] as const) {
    const { wasm, data } = await readBundle(shippedBundle(packageRoot, name));
    evaluator.load({ bundle: name, wasm, data });
  }
});

function decide(entrypoint: Entrypoint, input: PolicyInput): Verdict {
  const question = { entrypoint, input: canonicalJson(input) };
  return mergeAnswers(
    evaluator.evaluate({ ...question, bundle: 'default' }),
    evaluator.evaluate({ ...question, bundle: 'guardrail' }),
  );
}

function rules(verdict: Verdict): string[] {
  return verdict.reasons.map((reason) => reason.rule);
}

const { processor: assistant } = GOLDEN_INPUTS.stream;
const text = { ...GOLDEN_INPUTS.stream, processor: { ...assistant!, id: 'helper' } };
const audio = {
  ...text,
  stream: { codec: 'G722', secure: true, modality: 'audio' },
  processor: { ...assistant!, kind: 'transcriber', hears: 'raw_audio', protocol: 'vosk' },
} as const satisfies PolicyInput;
const terms = assistant!.terms;

describe('the shipped policies together', () => {
  test('a transcriber that keeps nothing may hear a consented call', () => {
    expect(decide('stream', audio)).toEqual({
      allow: true,
      code: 'allowed',
      reasons: [{ rule: 'raw_audio_to_transcriber', clause: 'a transcriber that keeps nothing may have raw audio' }],
      obligations: { max_window_ms: 30_000, mute_on: ['pci'], keep_class: 'audio' },
    });
  });

  test('a text processor may have text, redacted by plan and never in part', () => {
    expect(decide('stream', text)).toMatchObject({
      allow: true,
      obligations: {
        max_window_ms: 30_000,
        partials: 'off',
        redact: { CARD: 'mask', CVV: 'mask', PIN: 'mask', SSN: 'mask', PHONE: 'pseudonym', EMAIL: 'pseudonym' },
      },
    });
  });

  test.each<[string, PolicyInput, string]>([
    ['consent is unknown', { ...audio, consent: { ...audio.consent!, state: 'unknown' } }, 'consent_missing'],
    ['an untrusted peer claims consent', { ...audio, consent: { ...audio.consent!, source: 'sip' } }, 'consent_missing'],
    ['nobody was told', { ...audio, disclosure: { played: false, source: 'config' } }, 'disclosure_missing'],
    [
      'the terms ran out this millisecond',
      { ...audio, processor: { ...audio.processor, terms: { ...terms, expires_at_ms: audio.now_ms } } },
      'terms_expired',
    ],
    [
      'the processor trains',
      { ...audio, processor: { ...audio.processor, terms: { ...terms, training: true } } },
      'training',
    ],
    [
      'the processor keeps what it hears',
      { ...audio, processor: { ...audio.processor, terms: { ...terms, retention_days: 1 } } },
      'not_permitted',
    ],
    ['the processor is elsewhere', { ...audio, processor: { ...audio.processor, region: 'us-east' } }, 'region'],
    ['the jurisdiction is unknown', { ...audio, call: { ...audio.call, jurisdictions: [] } }, 'jurisdiction_unknown'],
    ['card data is being taken', { ...audio, window: { pci: true } }, 'pci_window'],
    ['digits are wanted', { ...text, stream: { codec: 'PCMU', secure: true, modality: 'dtmf' } }, 'dtmf'],
  ])('a stream is denied where %s', (_, input, rule) => {
    const verdict = decide('stream', input);

    expect(verdict).toMatchObject({ allow: false, code: 'policy_denied', obligations: {} });
    expect(rules(verdict)).toContain(rule);
  });

  test.each(['consent', 'disclosure', 'processor', 'stream', 'leg', 'window'] as const)(
    'a stream question without its %s is never an allow that needed it',
    (part) => {
      const asked = Object.fromEntries(Object.entries(audio).filter(([name]) => name !== part));

      const verdict = decide('stream', asked as unknown as PolicyInput);

      expect(verdict.allow).toBe(part === 'leg' || part === 'window');
    },
  );

  test('a redacted turn is released, and one that held a CVV is dropped', () => {
    const release = GOLDEN_INPUTS.release;
    const withCvv = { ...release, release: { ...release.release!, entities: { CVV: 1 } } };

    expect(decide('release', release)).toMatchObject({ allow: true, obligations: {} });
    expect(decide('release', withCvv)).toMatchObject({ allow: true, obligations: { tighten: 'drop' } });
  });

  test('consent withdrawn stops releases and insights', () => {
    const consent = { state: 'denied', method: 'said', parties: 'all', source: 'config' };

    expect(decide('release', { ...GOLDEN_INPUTS.release, consent }).allow).toBe(false);
    expect(decide('emit', { ...GOLDEN_INPUTS.emit, consent }).allow).toBe(false);
  });

  test('an insight goes to a local subscriber and to nobody else', () => {
    expect(decide('emit', GOLDEN_INPUTS.emit).allow).toBe(true);
    expect(decide('emit', { ...GOLDEN_INPUTS.emit, subscriber: { id: 'x', kind: 'webhook' } }).allow).toBe(false);
  });

  test('what is kept has a class and an end', () => {
    expect(decide('retain', { ...GOLDEN_INPUTS.retain, retain: { kind: 'audio' } })).toMatchObject({
      allow: true,
      obligations: { keep_class: 'audio', max_window_ms: 30 * 86_400_000 },
    });
  });
});
