/** What one reader gets to read of a leg: of a tenant's settings and what policy obliges to, whichever tells less. Pure. */

import { stricterAction, type RedactionAction } from './redaction-action.ts';
import type { RedactionSettings } from './redaction-settings.ts';
import type { RedactionPlan } from './transcript.ts';

/** Types that only one of them names are as it says; types that neither names are as the tenant's default says. */
export function planFor(
  { actions, defaultAction }: Pick<RedactionSettings, 'actions' | 'defaultAction'>,
  obliged: Readonly<Record<string, RedactionAction>> | undefined,
): RedactionPlan {
  const merged = new Map(Object.entries(actions));
  for (const [type, action] of Object.entries(obliged ?? {})) {
    merged.set(type, stricterAction(action, merged.get(type) ?? action));
  }
  return { actions: Object.fromEntries(merged), defaultAction };
}
