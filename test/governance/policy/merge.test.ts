import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readAnswer, type Answer } from '../../../src/governance/policy/answer.ts';
import { mergeAnswers } from '../../../src/governance/policy/merge.ts';
import type { Obligations } from '../../../src/model/decision.ts';
import { REDACTION_ACTIONS } from '../../../src/model/redaction-action.ts';
import { PARTIALS_MODES } from '../../../src/model/redaction-settings.ts';

function heard(allow: boolean, obligations: Obligations = {}, rule = 'r'): Answer {
  return { kind: 'heard', allow, reasons: [{ rule }], obligations };
}

const obligations = fc.record<Obligations>(
  {
    max_window_ms: fc.nat(),
    max_bytes: fc.nat(),
    mute_on: fc.constantFrom([], ['pci'] as const),
    redact: fc.dictionary(fc.constantFrom('CARD', 'EMAIL', 'PHONE'), fc.constantFrom(...REDACTION_ACTIONS)),
    partials: fc.constantFrom(...PARTIALS_MODES),
    restore: fc.subarray(['CARD', 'NAME']),
    keep_class: fc.constantFrom('a', 'b'),
    tighten: fc.constantFrom('drop', 'mask_all'),
  },
  { requiredKeys: [] },
);

const answer: fc.Arbitrary<Answer> = fc.oneof(
  fc.tuple(fc.boolean(), obligations).map(([allow, conditions]) => heard(allow, conditions)),
  fc
    .constantFrom('policy_undefined', 'policy_deadline', 'policy_error')
    .map((code) => ({ kind: 'unheard', code }) as const),
);

describe('merging the answers of a tenant and the guardrail', () => {
  test('it is allowed if, and only if, both were heard to allow', () => {
    fc.assert(
      fc.property(answer, answer, (tenant, guardrail) => {
        const verdict = mergeAnswers(tenant, guardrail);

        const bothAllow = [tenant, guardrail].every((one) => one.kind === 'heard' && one.allow);
        expect(verdict.allow).toBe(bothAllow);
        expect(verdict.code === 'allowed').toBe(bothAllow);
        if (!bothAllow) expect(verdict.obligations).toEqual({});
      }),
    );
  });

  test('no obligation of either is ever loosened', () => {
    fc.assert(
      fc.property(obligations, obligations, (ours, theirs) => {
        const merged = mergeAnswers(heard(true, ours), heard(true, theirs)).obligations;

        for (const one of [ours, theirs]) {
          expect(merged.max_window_ms ?? Infinity).toBeLessThanOrEqual(one.max_window_ms ?? Infinity);
          expect(merged.max_bytes ?? Infinity).toBeLessThanOrEqual(one.max_bytes ?? Infinity);
          expect(merged.mute_on ?? []).toEqual(expect.arrayContaining([...(one.mute_on ?? [])]));
          const fewest = PARTIALS_MODES.indexOf(one.partials ?? 'numbers-masked');
          expect(PARTIALS_MODES.indexOf(merged.partials ?? 'off')).toBeLessThanOrEqual(fewest);
          if (one.restore) expect(one.restore).toEqual(expect.arrayContaining([...(merged.restore ?? [])]));
          if (one.tighten === 'drop') expect(merged.tighten).toBe('drop');
          if (one.tighten === 'mask_all') expect(merged.tighten).toBeDefined();
          for (const [type, action] of Object.entries(one.redact ?? {})) {
            const kept = REDACTION_ACTIONS.indexOf(merged.redact?.[type] ?? 'allow');
            expect(kept).toBeGreaterThanOrEqual(REDACTION_ACTIONS.indexOf(action));
          }
        }
      }),
    );
  });

  test('what is merged would itself be heard, so it can be recorded', () => {
    fc.assert(
      fc.property(obligations, obligations, (ours, theirs) => {
        const [mine, yours] = [ours, theirs].map((one) => ({ ...one, tighten: undefined, restore: undefined }));

        const merged = mergeAnswers(heard(true, mine), heard(true, yours));

        const again = readAnswer('stream', [{ result: { allow: true, reasons: [], obligations: merged.obligations } }]);
        expect(again.kind).toBe('heard');
        expect(Object.values(merged.obligations)).not.toContain(undefined);
      }),
    );
  });

  test('the class to keep under is the guardrail’s where it has one, else the tenant’s', () => {
    const tenant = heard(true, { keep_class: 'long' });

    expect(mergeAnswers(tenant, heard(true, { keep_class: 'short' })).obligations.keep_class).toBe('short');
    expect(mergeAnswers(tenant, heard(true)).obligations.keep_class).toBe('long');
  });

  test('two regions at once cannot be honoured, so it is denied', () => {
    const verdict = mergeAnswers(heard(true, { region: 'us' }), heard(true, { region: 'eu' }));

    expect(verdict).toMatchObject({ allow: false, code: 'policy_denied', reasons: [{ rule: 'region_conflict' }] });
    expect(mergeAnswers(heard(true, { region: 'eu' }), heard(true, { region: 'eu' })).allow).toBe(true);
  });

  test('a denial gives the reasons of those who denied, the guardrail’s first', () => {
    const names = (one: Answer, other: Answer): string[] =>
      mergeAnswers(one, other).reasons.map((reason) => reason.rule);

    expect(names(heard(false, {}, 't'), heard(false, {}, 'g'))).toEqual(['g', 't']);
    expect(names(heard(false, {}, 't'), heard(true, {}, 'g'))).toEqual(['t']);
    expect(names(heard(true, {}, 't'), heard(false, {}, 'g'))).toEqual(['g']);
  });

  test('an answer that was not heard denies with its own code, whatever the other said', () => {
    const late: Answer = { kind: 'unheard', code: 'policy_deadline' };

    expect(mergeAnswers(late, heard(true)).code).toBe('policy_deadline');
    expect(mergeAnswers(heard(true), late).code).toBe('policy_deadline');
    expect(mergeAnswers(late, heard(false)).code).toBe('policy_deadline');
  });

  test('no more reasons come out than an entry takes', () => {
    const many: Answer = {
      kind: 'heard',
      allow: true,
      reasons: Array(8).fill({ rule: 'r' }) as { rule: string }[],
      obligations: {},
    };

    expect(mergeAnswers(many, many).reasons).toHaveLength(8);
  });
});
