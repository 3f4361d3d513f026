/** What is not as it should be, by name: there while it lasts, and published when it begins and when it ends. */

import type { EarshotEvent } from '../insights/events.ts';
import { ProcessorHealth } from './processor-health.ts';

export class Conditions {
  readonly #publish: (event: EarshotEvent) => void;
  readonly health = new ProcessorHealth();
  readonly #raised = new Set<string>();

  constructor(publish: (event: EarshotEvent) => void) {
    this.#publish = publish;
  }

  get raised(): readonly string[] {
    return [...this.#raised];
  }

  /** Names are ours and the configuration's, so there are few. */
  set(name: string, isRaised: boolean): void {
    if (this.#raised.has(name) === isRaised) return;
    if (isRaised) this.#raised.add(name);
    else this.#raised.delete(name);
    this.#publish({ kind: 'condition', name, state: isRaised ? 'raised' : 'cleared' });
  }
}

/** The name under which a processor that cannot be reached is shown. */
export function unavailable(processor: string): string {
  return `processor.unavailable:${processor}`;
}
