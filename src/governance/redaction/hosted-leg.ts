/** What the redaction host knows of one leg: what its worker must still be told, and what was withheld and not yet said. */

import type { CallId, LegId } from '../../base/ids.ts';
import type { RedactionSettings } from '../../model/redaction-settings.ts';
import type { MsRange } from '../../model/transcript.ts';
import type { Plans } from './leg-redactor.ts';
import type { Opening, Preface } from './messages.ts';
import type { LegOptions, PartialsOf } from './redaction.ts';

/** Of what the rest of an opening is made. */
export interface PrefaceParts {
  /** When the job was made. */
  readonly generation: number;
  readonly used: Opening['used'];
  readonly linkKey: () => Opening['linkKey'];
}

export class HostedLeg {
  readonly settings: RedactionSettings;
  #plans: Plans;
  #partials: PartialsOf;
  #resumed: boolean;
  /** Whether the worker holds a redactor for it that has missed nothing, and under which plans. */
  #isOpen = false;
  #hasNewPlans = false;
  #missed: MsRange | undefined;
  /** How far speech was heard, on the stream's timeline. */
  #heardMs = 0;
  #generation = 0;

  constructor({ settings, plans, partials, resumed }: Omit<LegOptions, 'tenant'>) {
    this.settings = settings;
    this.#plans = plans;
    this.#partials = partials;
    this.#resumed = resumed;
  }

  get plans(): Plans {
    return this.#plans;
  }

  /** Grows with every break: an answer from before one is not used. */
  get generation(): number {
    return this.#generation;
  }

  /** Whether anything comes of partial results: somebody is shown them, or they are listened to for card data. */
  get isPreviewed(): boolean {
    const { partials, pci } = this.settings;
    const isShown = partials !== 'off' && Object.values(this.#partials).some((mode) => mode !== 'off');
    return isShown || pci.enabled;
  }

  replan(plans: Plans, partials: PartialsOf): void {
    this.#plans = plans;
    this.#partials = partials;
    this.#hasNewPlans = true;
  }

  /**
   * What the worker must be told before its next job, asked for as that job goes out: whatever is lost while it waits
   * leaves nothing behind. A job from before a break opens nothing, as nobody will use what comes of it.
   */
  prefaceFor(call: CallId, leg: LegId, how: PrefaceParts): readonly Preface[] {
    if (how.generation !== this.#generation) return [];
    const { plans, settings } = this;
    const partials = this.#partials;
    const hadNewPlans = this.#hasNewPlans;
    this.#hasNewPlans = false;
    if (this.#isOpen) return hadNewPlans ? [{ kind: 'replan', call, leg, plans, partials }] : [];
    this.#isOpen = true;
    const opening = { kind: 'open', call, leg, plans, partials, settings, resumed: this.#resumed } as const;
    return [{ ...opening, used: { ...how.used }, linkKey: how.linkKey() }];
  }

  /** Notes how far speech is heard, and answers what was withheld before: whoever takes it says it. */
  hear(span: MsRange | undefined): MsRange | undefined {
    const missed = this.#missed;
    this.#missed = undefined;
    this.#heardMs = span?.endMs ?? this.#heardMs;
    return missed;
  }

  /** The worker's state is lost, or worth nothing: what comes next begins anew, as after speech that was not heard. */
  break(...missed: readonly (MsRange | undefined)[]): void {
    this.#isOpen = false;
    this.#resumed = true;
    this.#generation += 1;
    const all = [this.#missed, ...missed].reduce(widen);
    this.#missed = all ?? { startMs: this.#heardMs, endMs: this.#heardMs };
  }

  /** The same, where there was something to lose. */
  breakIfOpen(): void {
    if (this.#isOpen) this.break();
  }
}

function widen(a: MsRange | undefined, b: MsRange | undefined): MsRange | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return { startMs: Math.min(a.startMs, b.startMs), endMs: Math.max(a.endMs, b.endMs) };
}
