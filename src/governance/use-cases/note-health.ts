/** A processor answered, or could not be reached: remembered for policy and people, and shown as a condition while it lasts. */

import type { ProcessorId } from '../../base/ids.ts';
import { unavailable } from './conditions.ts';
import type { Deps } from './ports.ts';
import type { Health } from './processor-health.ts';

export function noteHealth(deps: Deps, processor: ProcessorId, isUp: boolean): void {
  deps.conditions.health.note(processor, isUp, deps.clock.monoUs());
  deps.conditions.set(unavailable(processor), !isUp);
}

export function healthOf(deps: Pick<Deps, 'clock' | 'conditions'>, processor: ProcessorId): Health {
  return deps.conditions.health.of(processor, deps.clock.monoUs());
}
