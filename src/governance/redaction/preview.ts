/**
 * Writes what may be shown of a partial result under one plan until the next result comes: what would leave at once, with
 * "…" for the rest of it; or all of it with every number hidden. Never the words as they came.
 */

import type { PartialsMode } from '../../model/redaction-settings.ts';
import type { Piece, RedactionPlan } from '../../model/transcript.ts';
import type { LookAhead } from './engine.ts';
import { actionFor, renderPiece } from './renderer.ts';
import type { Settled, SettledFinding } from './settled.ts';
import { isSpelling } from './speech/open-run.ts';
import type { Token } from './speech/token.ts';
import { dropsUtterances } from './utterance.ts';

/** One character, whatever it stands for: how long the rest is says something of it. */
const OPEN_TAIL = '…';
const NUMBER: Pick<SettledFinding, 'type' | 'confidence' | 'rule' | 'value'> = {
  type: 'NUMBER',
  confidence: 0.1,
  rule: 'partial.number',
  value: undefined,
};

/** Undefined when nothing was said, or nothing of it is to be shown. */
export function renderPreview(ahead: LookAhead, plan: RedactionPlan, mode: PartialsMode): Piece | undefined {
  if (mode === 'off') return undefined;
  // What comes later in the turn may have all of it withheld.
  if (dropsUtterances(plan)) return withTail(undefined, [...ahead.settled.tokens, ...ahead.held], true);
  if (mode === 'masked') {
    return withTail(renderPiece(ahead.settled, plan), ahead.held, ahead.held.length > 0 || ahead.isCut);
  }
  const hidden = hideNumbers(ahead.judge(), plan);
  return withTail(renderPiece(hidden, masking(plan)), [], ahead.isCut);
}

function withTail(piece: Piece | undefined, tail: readonly Token[], isOpen: boolean): Piece | undefined {
  const last = tail.at(-1);
  if (!isOpen || (!piece && !last)) return piece;
  const lead = tail[0]?.lead ?? ' ';
  const startMs = piece?.startMs ?? tail[0]?.startMs ?? 0;
  const endMs = Math.max(piece?.endMs ?? startMs, last?.endMs ?? startMs);
  return { entities: [], ...piece, text: (piece?.text ?? '') + lead + OPEN_TAIL, startMs, endMs };
}

/** As far as numbers go a plan has no say here. */
function masking(plan: RedactionPlan): RedactionPlan {
  return { ...plan, actions: { ...plan.actions, NUMBER: 'mask' } };
}

/** Hides every word that a digit, a month or a spelled letter is part of, on top of what was found. */
function hideNumbers({ tokens, findings }: Settled, plan: RedactionPlan): Settled {
  const isNumber = numbersAmong(tokens);
  const all: SettledFinding[] = [];
  let at = 0;
  for (const finding of findings) {
    hideRuns(all, { tokens, isNumber, from: at, to: finding.start });
    all.push(withoutNumbers(finding, isNumber, plan));
    at = finding.end;
  }
  hideRuns(all, { tokens, isNumber, from: at, to: tokens.length });
  return { tokens, findings: all };
}

/** What is shown of a finding that holds numbers: not them, not the last four of them, and no name that stands for them. */
function withoutNumbers(finding: SettledFinding, isNumber: readonly boolean[], plan: RedactionPlan): SettledFinding {
  if (!isNumber.slice(finding.start, finding.end).includes(true)) return finding;
  return { ...finding, ...(actionFor(finding.type, plan) === 'allow' ? NUMBER : { value: undefined }) };
}

interface Stretch {
  readonly tokens: readonly Token[];
  readonly isNumber: readonly boolean[];
  readonly from: number;
  readonly to: number;
}

/** Adds what hides the numbers of a stretch in which nothing was found. */
function hideRuns(findings: SettledFinding[], { tokens, isNumber, from, to }: Stretch): void {
  for (let start = from; start < to; start += 1) {
    if (isNumber[start] !== true) continue;
    let end = start + 1;
    while (end < to && isNumber[end] === true) end += 1;
    // The rest of a word is hidden with its beginning: the "th" of "4th".
    const before = tokens[start]?.lead === '' && findings.at(-1)?.end === start ? findings.pop() : undefined;
    findings.push(before ? { ...before, end } : { ...NUMBER, start, end });
    start = end;
  }
}

/** Whole words: what is written in one piece with a digit goes with it. */
function numbersAmong(tokens: readonly Token[]): readonly boolean[] {
  const isNumber = tokens.map((_, at) => isNumeric(tokens, at));
  for (let start = 0; start < tokens.length;) {
    let end = start + 1;
    while (end < tokens.length && tokens[end]?.lead === '') end += 1;
    const isPart = isNumber.slice(start, end).includes(true);
    for (let at = start; at < end; at += 1) isNumber[at] = isPart;
    start = end;
  }
  const isSure = [...isNumber];
  for (const [at, token] of tokens.entries()) {
    // "Two for four": what sounds like a digit is one beside others.
    const isBeside = isSure[at - 1] === true || isSure[at + 1] === true;
    if (isBeside && token.symbol?.kind === 'homophone') isNumber[at] = true;
  }
  return isNumber;
}

function isNumeric(tokens: readonly Token[], at: number): boolean {
  const symbol = tokens[at]?.symbol;
  if (symbol?.kind === 'ordinal' || symbol?.kind === 'month') return true;
  return isSpelling(tokens, at) || (symbol?.kind === 'letter' && symbol.isWord);
}
