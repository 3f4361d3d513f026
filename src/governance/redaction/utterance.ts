/**
 * What one leg has said in this turn and may not be read yet, because all of it is dropped if something is found in it.
 * Bounded: a long turn is judged part by part, each as long as any other however results were cut; once a part was
 * dropped, so is the rest of the turn.
 */

import type { MsRange, Piece, RedactionPlan } from '../../model/transcript.ts';
import type { Settled, SettledFinding } from './engine.ts';
import { hiddenRanges } from './hidden-ranges.ts';
import { actionFor, renderPiece, spanOf } from './renderer.ts';
import type { Token } from './speech/token.ts';

/** UTF-16 units that are kept back before they are judged without what follows. */
const MAX_CHARS = 8 * 1024;

export const UTTERANCE = 'UTTERANCE';

/** Whether the plan drops what is said together with a value of any type. */
export function dropsUtterances({ actions, defaultAction }: RedactionPlan): boolean {
  return defaultAction === 'drop_utterance' || Object.values(actions).includes('drop_utterance');
}

export class Utterance {
  #tokens: Token[] = [];
  #findings: SettledFinding[] = [];
  #atMs: number | undefined;
  #chars = 0;
  #isDropped = false;

  add({ tokens, findings, atMs }: Settled): void {
    const base = this.#tokens.length;
    for (const token of tokens) {
      this.#tokens.push(token);
      this.#chars += lengthOf(token);
    }
    for (const one of findings) this.#findings.push({ ...one, start: one.start + base, end: one.end + base });
    this.#atMs = atMs;
  }

  /** The parts of it that are as long as a part may be. */
  takeFull(): readonly Settled[] {
    const parts: Settled[] = [];
    while (this.#chars > MAX_CHARS) parts.push(this.#take(this.#fullLength()));
    return parts;
  }

  takeAll(): readonly Settled[] {
    return this.#tokens.length > 0 ? [this.#take(this.#tokens.length)] : [];
  }

  /** What is read in its place if the plan drops it. */
  drop(part: Settled, plan: RedactionPlan): Piece | undefined {
    this.#isDropped ||= part.findings.some(({ type }) => actionFor(type, plan) === 'drop_utterance');
    if (!this.#isDropped) return undefined;
    const whole = renderPiece({ ...part, findings: [] }, plan);
    if (!whole) return undefined;
    const lead = part.tokens[0]?.lead ?? '';
    const text = `${lead}[${UTTERANCE}]`;
    const shown = { start: lead.length, end: text.length };
    const found = part.findings.filter(({ type }) => actionFor(type, plan) !== 'allow');
    const entities = found.map((finding) => spanOf(finding, part, shown));
    const piece = { ...whole, text, entities };
    return part.atMs === undefined ? piece : { ...piece, hidden: [wholeRange(part.tokens)] };
  }

  /** The turn is over. */
  end(): void {
    this.#isDropped = false;
  }

  #take(count: number): Settled {
    const tokens = this.#tokens.splice(0, count);
    const findings = this.#findings.filter(({ start }) => start < count);
    this.#findings = this.#findings
      .slice(findings.length)
      .map((one) => ({ ...one, start: one.start - count, end: one.end - count }));
    for (const token of tokens) this.#chars -= lengthOf(token);
    return { tokens, findings, atMs: this.#atMs };
  }

  /** No part ends inside of a finding. */
  #fullLength(): number {
    let chars = 0;
    let count = 0;
    while (chars < MAX_CHARS) {
      const token = this.#tokens[count];
      if (!token) break;
      chars += lengthOf(token);
      count += 1;
    }
    return this.#findings.find(({ start, end }) => start < count && end > count)?.end ?? count;
  }
}

/** Pauses included. */
function wholeRange(tokens: readonly Token[]): MsRange {
  const ranges = hiddenRanges(tokens);
  return { startMs: ranges[0]?.startMs ?? 0, endMs: ranges.at(-1)?.endMs ?? 0 };
}

function lengthOf({ lead, text }: Token): number {
  return lead.length + text.length;
}
