/**
 * What becomes of each type of entity on the command line: a file of a few words, or all that a tenant's document says of
 * redaction, or the default of hiding it all.
 */

import { z } from 'zod';
import { readText } from '../../config/read-text.ts';
import { readRootKey } from '../../config/root-key.ts';
import { checkedRedactionSection, isActionFor, toRedactionSettings } from '../../config/redaction-section.ts';
import type { LinkKey } from '../../governance/redaction/linkable-token.ts';
import { REDACTION_ACTIONS } from '../../model/redaction-action.ts';
import { planFor } from '../../model/redaction-plan.ts';
import { DEFAULT_REDACTION, type RedactionSettings } from '../../model/redaction-settings.ts';
import type { RedactionPlan } from '../../model/transcript.ts';
import { readJsonOrYaml } from '../json-or-yaml.ts';

const MAX_PLAN_BYTES = 64 * 1024;
/** The version of a key that stands alone. */
const KID = 'k1';

export interface PlanFile {
  readonly plan: RedactionPlan;
  readonly settings: RedactionSettings;
}

const fewWords = z
  .record(
    z.string().regex(/^(default|[A-Z][A-Z_]{0,31})$/, 'must be "default" or a type such as CARD'),
    z.enum(REDACTION_ACTIONS),
  )
  .superRefine((plan, context) => {
    for (const [type, action] of Object.entries(plan)) {
      if (isActionFor(type, action)) continue;
      context.addIssue({ code: 'custom', path: [type], message: `${type} is always masked: cannot ${action} it` });
    }
  });

export const DEFAULT_PLAN: RedactionPlan = { actions: {}, defaultAction: 'mask' };

/** `{ default: mask, PHONE: pseudonym, ORG: allow }`, or what stands below a tenant's `redaction:`. Throws ConfigError. */
export function readPlan(file: string): PlanFile {
  const text = readText(file, MAX_PLAN_BYTES);
  if (isSection(readJsonOrYaml(file, text, z.unknown()))) {
    const settings = toRedactionSettings(readJsonOrYaml(file, text, checkedRedactionSection));
    return { plan: planFor(settings, undefined), settings };
  }
  const { default: fallback, ...actions } = readJsonOrYaml(file, text, fewWords);
  return {
    plan: { actions, defaultAction: fallback ?? DEFAULT_PLAN.defaultAction },
    settings: DEFAULT_REDACTION,
  };
}

/** 32 bytes in hex, in a file that nobody else can read. Throws ConfigError. */
export function readLinkKey(file: string): LinkKey {
  return { kid: KID, key: readRootKey({ file }, { key: '--link-key', file }) };
}

/** Types are in capitals, and a section's own words are not. */
function isSection(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.keys(value).some((key) => key !== 'default' && Object.hasOwn(checkedRedactionSection.shape, key));
}
