/** What becomes of each type for one reader: of what the tenant wants and policy obliges to, whatever tells less. */

import { stricterAction, type RedactionAction } from './redaction-action.ts';
import type { RedactionSettings } from './redaction-settings.ts';
import type { EntityType, RedactionPlan } from './transcript.ts';

export function planFor(
  settings: Pick<RedactionSettings, 'actions' | 'defaultAction'>,
  redact: Readonly<Record<EntityType, RedactionAction>> | undefined,
): RedactionPlan {
  const actions = new Map(Object.entries(settings.actions));
  for (const [type, action] of Object.entries(redact ?? {})) {
    const wish = actions.get(type);
    actions.set(type, wish === undefined ? action : stricterAction(wish, action));
  }
  return { actions: Object.fromEntries(actions), defaultAction: settings.defaultAction };
}
