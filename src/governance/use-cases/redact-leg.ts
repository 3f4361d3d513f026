/** Begins the redaction of a leg, and brings it in line with whoever reads the leg now: detection once, a rendering each. */

import type { LegId } from '../../base/ids.ts';
import { currentReaders, type LiveCall, type LiveStream } from './live-calls.ts';
import type { Deps } from './ports.ts';
import { partialsFor, plansFor, previewPlanOf } from './text-plans.ts';

/**
 * Takes up the leg's readers as they are. Words that nobody heard before may have begun what is said now; detection that
 * runs already goes on as it is, and what settles from now on is rendered for them.
 */
export function redactLeg(deps: Deps, call: LiveCall, stream: LiveStream, { isBehind = false } = {}): void {
  const { leg } = stream;
  const grants = currentReaders(call, leg);
  const { redaction: settings, id: tenant } = call.tenant;
  const plans = plansFor(settings, grants, { isKept: isKept(deps, call) });
  if (Object.keys(plans).length === 0 && !settings.pci.enabled) return;
  const partials = partialsFor(plans, previewPlanOf(grants));
  if (call.redaction.has(leg) && !isBehind) {
    deps.redaction.replan(call.call, leg, plans, partials);
    return;
  }
  const resumed = call.isResumed || stream.feeds.size > 0 || isBehind;
  deps.redaction.open(call.call, leg, { tenant, settings, plans, partials, resumed });
  call.redaction.set(leg, { previewedUs: -Infinity, waiting: undefined });
}

/** Whether anything becomes of what the leg says; if not it is not even redacted. */
export function isHeeded(deps: Deps, call: LiveCall, leg: LegId): boolean {
  const isRead = currentReaders(call, leg).length > 0 || call.askedAnew.has(leg);
  return isRead || isKept(deps, call) || call.tenant.redaction.pci.enabled;
}

export function isKept(deps: Deps, call: LiveCall): boolean {
  return deps.transcripts?.keeps(call.call) === true;
}
