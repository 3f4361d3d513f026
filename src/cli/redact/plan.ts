/** What becomes of each type of entity on the command line: a file of a few words, or the default of hiding it all. */

import { z } from 'zod';
import { readText } from '../../config/read-text.ts';
import { readJsonOrYaml } from '../json-or-yaml.ts';

/** `mask` writes `[CARD]`, `pseudonym` `[CARD_1]`, and `allow` the words as they are. */
export type CommandAction = 'mask' | 'pseudonym' | 'allow';

export interface CommandPlan {
  readonly default: CommandAction;
  readonly actions: ReadonlyMap<string, CommandAction>;
}

const MAX_PLAN_BYTES = 64 * 1024;

/** Sensitive authentication data (PCI DSS 3.3.1): no plan lets it through. */
const NEVER_ALLOWED = ['CVV', 'PIN'];

const action = z.enum(['mask', 'pseudonym', 'allow']);
const planFile = z
  .record(z.string().regex(/^(default|[A-Z][A-Z_]{0,31})$/, 'must be "default" or a type such as CARD'), action)
  .refine((plan) => NEVER_ALLOWED.every((type) => plan[type] !== 'allow'), {
    error: `cannot allow ${NEVER_ALLOWED.join(' or ')}`,
  });

/** Talk of health is found and said, and hidden only where somebody asks for it. */
export const DEFAULT_PLAN: CommandPlan = { default: 'mask', actions: new Map([['HEALTH', 'allow']]) };

/** `{ default: mask, PHONE: pseudonym, ORG: allow }`. Throws ConfigError. */
export function readPlan(file: string): CommandPlan {
  const { default: fallback, ...actions } = readJsonOrYaml(file, readText(file, MAX_PLAN_BYTES), planFile);
  return {
    default: fallback ?? DEFAULT_PLAN.default,
    actions: new Map([...DEFAULT_PLAN.actions, ...Object.entries(actions)]),
  };
}

export function actionFor(plan: CommandPlan, type: string): CommandAction {
  const action = plan.actions.get(type) ?? plan.default;
  return action === 'allow' && NEVER_ALLOWED.includes(type) ? 'mask' : action;
}
