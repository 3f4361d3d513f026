/** What becomes of each type of entity on the command line: a file of a few words, or the default of hiding it all. */

import { z } from 'zod';
import { readText } from '../../config/read-text.ts';
import { isRemembered } from '../../model/entity-types.ts';
import { REDACTION_ACTIONS } from '../../model/redaction-action.ts';
import type { RedactionPlan } from '../../model/transcript.ts';
import { readJsonOrYaml } from '../json-or-yaml.ts';

const MAX_PLAN_BYTES = 64 * 1024;

const planFile = z
  .record(
    z.string().regex(/^(default|[A-Z][A-Z_]{0,31})$/, 'must be "default" or a type such as CARD'),
    z.enum(REDACTION_ACTIONS),
  )
  .superRefine((plan, context) => {
    for (const [type, action] of Object.entries(plan)) {
      if (isRemembered(type) || action === 'mask') continue;
      context.addIssue({ code: 'custom', path: [type], message: `${type} is always masked: cannot ${action} it` });
    }
  });

export const DEFAULT_PLAN: RedactionPlan = { actions: {}, defaultAction: 'mask' };

/** `{ default: mask, PHONE: pseudonym, ORG: allow }`. Throws ConfigError. */
export function readPlan(file: string): RedactionPlan {
  const { default: fallback, ...actions } = readJsonOrYaml(file, readText(file, MAX_PLAN_BYTES), planFile);
  return { actions, defaultAction: fallback ?? DEFAULT_PLAN.defaultAction };
}
