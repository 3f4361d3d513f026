import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newId } from '../../../src/base/ids.ts';
import { plansFor, previewPlanOf, textGrantOf } from '../../../src/governance/use-cases/text-plans.ts';
import type { Obligations } from '../../../src/model/decision.ts';
import type { TextGrant } from '../../../src/model/grant.ts';
import { REDACTION_ACTIONS, stricterAction } from '../../../src/model/redaction-action.ts';
import { DEFAULT_REDACTION, PARTIALS_MODES } from '../../../src/model/redaction-settings.ts';
import type { RedactionPlan } from '../../../src/model/transcript.ts';
import { coach, tenant } from './world.ts';

const SETTINGS = { ...DEFAULT_REDACTION, partials: 'numbers-masked' } as const;

function grant(obligations: Obligations, settings = DEFAULT_REDACTION): TextGrant {
  const decision = { entrypoint: 'stream', allow: true, code: 'allowed', reasons: [], obligations } as const;
  const evidence = { inputCommitment: '0'.repeat(64), evaluationUs: 1 };
  const where = { tenant: tenant.id, call: newId('call'), leg: newId('leg'), stream: newId('stream') };
  return textGrantOf(settings, {
    ...where,
    processor: coach,
    modality: 'text',
    decision: { ...decision, ...evidence },
  });
}

function actionOf({ actions, defaultAction }: RedactionPlan, type: string): RedactionPlan['defaultAction'] {
  return actions[type] ?? defaultAction;
}

test('readers whose plans are equal share a rendering, whatever order they are said in', () => {
  const grants = [
    grant({ redact: { CARD: 'mask', NAME: 'allow' } }),
    grant({ redact: { NAME: 'allow', CARD: 'mask' } }),
    grant({}),
  ];

  const plans = plansFor(DEFAULT_REDACTION, grants, { isKept: false });

  expect(Object.keys(plans)).toHaveLength(2);
  expect(grants[0]?.planName).toBe(grants[1]?.planName);
});

test('what is kept tells no more of any type than any reader or the tenant itself may know', () => {
  const redact = fc.dictionary(fc.constantFrom('CARD', 'NAME', 'CITY'), fc.constantFrom(...REDACTION_ACTIONS));
  fc.assert(
    fc.property(fc.array(redact, { maxLength: 3 }), redact, (wishes, actions) => {
      const settings = { ...DEFAULT_REDACTION, actions };
      const grants = wishes.map((wish) => grant({ redact: wish }, settings));

      const { kept } = plansFor(settings, grants, { isKept: true });

      for (const type of ['CARD', 'NAME', 'CITY', 'ID']) {
        const action = actionOf(kept!, type);
        for (const { plan } of grants) expect(stricterAction(action, actionOf(plan, type))).toBe(action);
        expect(stricterAction(action, actions[type] ?? 'pseudonym')).toBe(action);
      }
    }),
  );
});

test('a reader is given of partial results what policy and tenant both allow, and nothing where policy is silent', () => {
  const modes = PARTIALS_MODES.map((partials) => grant({ partials }).partials);

  expect(modes).toEqual(['off', 'masked', 'masked']);
  expect(grant({}, SETTINGS).partials).toBe('off');
});

test('what is shown early is no more than the strictest of those may see who are given partial results', () => {
  const open = grant({ partials: 'numbers-masked', redact: { NAME: 'allow' } }, SETTINGS);
  const strict = grant({ partials: 'masked', redact: { CARD: 'mask' } }, SETTINGS);
  const strictest = grant({ redact: { CITY: 'mask' } }, SETTINGS);

  const preview = previewPlanOf([open, strict, strictest]);

  expect(preview).toMatchObject({ mode: 'masked', plan: { actions: { NAME: 'pseudonym', CARD: 'mask' } } });
  expect(preview?.plan.actions['CITY']).toBeUndefined();
  expect(Object.keys(plansFor(SETTINGS, [open, strict], { isKept: false }))).toContain(preview?.planName);
  expect(previewPlanOf([strictest])).toBeUndefined();
});
