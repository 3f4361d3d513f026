/** Under which plans a leg is rendered: one for each way it is read, one for what is kept, one for what is shown early. */

import { createHash } from 'node:crypto';
import { canonicalJson } from '../../base/canonical-json.ts';
import type { Grant, TextGrant } from '../../model/grant.ts';
import { stricterAction } from '../../model/redaction-action.ts';
import { planFor } from '../../model/redaction-plan.ts';
import { stricterPartials, type PartialsMode, type RedactionSettings } from '../../model/redaction-settings.ts';
import type { RedactionPlan } from '../../model/transcript.ts';
import type { Plans } from '../redaction/leg-redactor.ts';

/** The rendering that is kept. */
export const KEPT_PLAN = 'kept';

/** What is shown of results that may still change, and how much of them. */
export interface PreviewPlan {
  readonly plan: RedactionPlan;
  readonly planName: string;
  readonly mode: Exclude<PartialsMode, 'off'>;
}

/** The grant, with how its reader is to be given text by the wishes of policy and tenant. */
export function textGrantOf(settings: RedactionSettings, grant: Grant): TextGrant {
  const { redact, partials } = grant.decision.obligations;
  const plan = planFor(settings, redact);
  return { ...grant, plan, planName: nameOf(plan), partials: stricterPartials(settings.partials, partials ?? 'off') };
}

/** Every rendering that is wanted of a leg, by name. */
export function plansFor(
  settings: RedactionSettings,
  grants: readonly TextGrant[],
  { isKept }: { readonly isKept: boolean },
): Record<string, RedactionPlan> {
  const preview = previewPlanOf(grants);
  return {
    ...Object.fromEntries(grants.map(({ planName, plan }) => [planName, plan])),
    ...(preview === undefined ? {} : { [preview.planName]: preview.plan }),
    ...(isKept
      ? { [KEPT_PLAN]: strictestPlan([planFor(settings, undefined), ...grants.map(({ plan }) => plan)]) }
      : {}),
  };
}

/** Of all the renderings partial results are shown under one alone. */
export function partialsFor(plans: Plans, preview: PreviewPlan | undefined): Record<string, PartialsMode> {
  const modes = Object.keys(plans).map((name) => [name, name === preview?.planName ? preview.mode : 'off'] as const);
  return Object.fromEntries(modes);
}

/** The strictest of the plans and modes of those who are given partial results; undefined where nobody is. */
export function previewPlanOf(grants: readonly TextGrant[]): PreviewPlan | undefined {
  const early = grants.flatMap(({ plan, partials }) => (partials === 'off' ? [] : [{ plan, mode: partials }]));
  if (early.length === 0) return undefined;
  const plan = strictestPlan(early.map((one) => one.plan));
  const mode = early.some((one) => one.mode === 'masked') ? 'masked' : 'numbers-masked';
  return { plan, planName: nameOf(plan), mode };
}

/** One plan that tells nobody more than his own would: for each type whatever tells least. */
function strictestPlan([first, ...others]: readonly RedactionPlan[]): RedactionPlan {
  return others.reduce(strictestOfTwo, first ?? { actions: {}, defaultAction: 'mask' });
}

function strictestOfTwo(a: RedactionPlan, b: RedactionPlan): RedactionPlan {
  const types = new Set([...Object.keys(a.actions), ...Object.keys(b.actions)]);
  const actions = [...types].map((type) => [type, stricterAction(wishOf(a, type), wishOf(b, type))] as const);
  return { actions: Object.fromEntries(actions), defaultAction: stricterAction(a.defaultAction, b.defaultAction) };
}

function wishOf({ actions, defaultAction }: RedactionPlan, type: string): RedactionPlan['defaultAction'] {
  return (Object.hasOwn(actions, type) ? actions[type] : undefined) ?? defaultAction;
}

function nameOf({ actions, defaultAction }: RedactionPlan): string {
  const digest = createHash('sha256').update(canonicalJson({ actions, defaultAction }));
  return digest.digest('hex').slice(0, 16);
}
