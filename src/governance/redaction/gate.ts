/**
 * Holds one leg's words back until they are let go: those held, a little of what has left and still explains, and what is
 * hidden of them. Places are indices into `tokens`; what has left comes out with its findings, and never changes again.
 */

import { assert } from '../../base/assert.ts';
import type { EntityType } from '../../model/transcript.ts';
import type { Values } from './call-values.ts';
import { MAX_LEFT, type Finding } from './detect/detector.ts';
import { Masks } from './masks.ts';
import { Naming } from './naming.ts';
import type { Settled, SettledFinding } from './settled.ts';
import type { Token } from './speech/token.ts';
import { StickyMasks } from './sticky-masks.ts';

export class Gate {
  /** Those that have left, then those held. */
  readonly tokens: Token[] = [];
  /** How many of them have left. */
  left = 0;
  /** Position of the first of them in the leg. */
  #first = 0;
  #masks = new Masks();
  #sticky = new StickyMasks();
  #naming: Naming;
  #settledTokens: Token[] = [];
  #settledFindings: SettledFinding[] = [];

  constructor(values: Values) {
    this.#naming = new Naming(values);
  }

  /** One that goes on from here by itself, with values of its own. */
  copy(values: Values): Gate {
    const copy = new Gate(values);
    for (const token of this.tokens) copy.tokens.push(token);
    copy.left = this.left;
    copy.#first = this.#first;
    copy.#masks = this.#masks.copy();
    copy.#sticky = this.#sticky.copy();
    copy.#naming = this.#naming.copy(values);
    return copy;
  }

  get held(): readonly Token[] {
    return this.tokens.slice(this.left);
  }

  /** Takes the next token; answers what it is hidden as because a partial result showed its time hidden. */
  add(token: Token): EntityType | undefined {
    this.tokens.push(token);
    return this.#sticky.isIdle ? undefined : this.#sticky.mark(token, this.#first + this.tokens.length - 1);
  }

  /** What has left already can no longer be hidden. */
  hide(finding: Finding): void {
    assert(finding.start >= 0 && finding.end <= this.tokens.length, 'a finding lies within its window');
    const isRest = finding.start < this.left;
    const start = this.#first + Math.max(finding.start, this.left);
    const end = this.#first + finding.end;
    if (start >= end) return;
    const { type, confidence, rule, value } = finding;
    this.#masks.add({ start, end, type, confidence, rule, value: isRest ? undefined : value, isRest });
  }

  isHidden(at: number): boolean {
    return this.#masks.covers(this.#first + at);
  }

  /** Where the words begin that are held back whatever they are. A word is all that stands without a space. */
  lastWords(count: number): number {
    let words = count;
    let at = this.tokens.length;
    while (words > 0 && at > this.left) {
      at -= 1;
      if (this.tokens[at]?.lead === ' ') words -= 1;
    }
    return at;
  }

  /** Lets go of what stands before `at`, but of nothing that is hidden together with what stands there. */
  letGoUncut(at: number): void {
    this.letGo(this.#masks.uncut(this.#first + Math.max(this.left, at)) - this.#first);
  }

  /** Lets go of what stands before `to`. */
  letGo(to: number): void {
    if (to <= this.left) return;
    const from = this.left;
    const at = this.#settledTokens.length;
    for (const mask of this.#masks.takeUntil(this.#first + to)) {
      const start = mask.start - this.#first;
      const end = mask.end - this.#first;
      const value = this.#naming.name(mask, this.tokens.slice(start, end));
      const { confidence, rule } = mask;
      const type = value?.type ?? mask.type;
      this.#settledFindings.push({ start: start - from + at, end: end - from + at, type, confidence, rule, value });
    }
    for (let index = from; index < to; index += 1) {
      const token = this.tokens[index];
      if (token) this.#settledTokens.push(token);
    }
    if (!this.#sticky.isIdle) {
      this.#sticky.addTo(this.#settledFindings, { position: this.#first + from, count: to - from, at });
    }
    this.left = to;
    const surplus = this.left - MAX_LEFT;
    if (surplus <= 0) return;
    this.tokens.splice(0, surplus);
    this.#first += surplus;
    this.left = MAX_LEFT;
  }

  /** Answers what was let go since it was last asked. */
  take(): Settled {
    const settled = { tokens: this.#settledTokens, findings: this.#settledFindings };
    this.#settledTokens = [];
    this.#settledFindings = [];
    return settled;
  }

  /** What `ahead`, a copy that heard more, found in what it let go and in what it holds stays hidden at its time. */
  stick(ahead: Gate, { tokens, findings }: Settled): void {
    for (const finding of findings) this.#sticky.note(finding, tokens.slice(finding.start, finding.end));
    for (const mask of ahead.#masks.all) {
      this.#sticky.note(mask, ahead.tokens.slice(mask.start - ahead.#first, mask.end - ahead.#first));
    }
    if (this.#sticky.isIdle) return;
    for (let at = this.left; at < this.tokens.length; at += 1) {
      const token = this.tokens[at];
      if (token) this.#sticky.mark(token, this.#first + at);
    }
  }

  /** What was said until then can no longer be revised. */
  unstick(untilMs: number): void {
    this.#sticky.forgetUntil(untilMs);
  }
}
