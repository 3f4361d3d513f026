/** `earshot redact --jsonl`: a row of JSON in, a row of JSON out, each a leg of its own. */

import type { Topic } from '../../governance/redaction/speech/token.ts';
import { plainJson } from '../terminal/plain.ts';
import { Leg, type Fragment, type LegOptions } from './leg.ts';
import { isTopic, TOPIC_WORDS } from './topics.ts';

export interface RowOptions extends Omit<LegOptions, 'asked'> {
  readonly isStreamed: boolean;
  readonly isExplained: boolean;
}

export type Refusal = { readonly kind: 'refused'; readonly reason: string };

interface Row {
  readonly id: string | number | undefined;
  readonly text: string;
  readonly asked: Topic | undefined;
}

/** The line of a row's answer; a refusal quotes nothing of the row. */
export function redactRow(line: string, options: RowOptions): string | Refusal {
  const row = readRow(line);
  if ('kind' in row) return row;
  const leg = new Leg({ ...options, asked: row.asked });
  const fragments: Fragment[] = [];
  for (const step of leg.say(row.text)) fragments.push(...step.fragments);
  fragments.push(...leg.end().fragments);
  const hidden = fragments.filter(isHidden);
  const answer = {
    id: row.id,
    text: fragments.map(({ text }) => text).join(''),
    spans: hidden.map(({ s, e, found }) => ({ s, e, t: found?.type })),
    ...(options.isStreamed ? { released: fragments.map(({ text, heldMs }) => ({ text, held_ms: heldMs })) } : {}),
    ...(options.isExplained ? { explain: fragments.flatMap(explain), delay_ms: delayOf(fragments) } : {}),
  };
  return `${plainJson(answer)}\n`;
}

export function isHidden({ found }: Fragment): boolean {
  return found !== undefined && found.action !== 'allow';
}

function readRow(line: string): Row | Refusal {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return refuse('is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse('is no JSON object');
  const { id, text, asked } = value as { readonly id?: unknown; readonly text?: unknown; readonly asked?: unknown };
  if (text === undefined) return refuse('has no "text"');
  if (typeof text !== 'string') return refuse('"text" is not a string');
  if (id !== undefined && typeof id !== 'string' && typeof id !== 'number') {
    return refuse('"id" is neither a string nor a number');
  }
  if (asked === undefined || asked === null) return { id, text, asked: undefined };
  return isTopic(asked) ? { id, text, asked } : refuse(`"asked" is none of ${TOPIC_WORDS.join(', ')}`);
}

function refuse(reason: string): Refusal {
  return { kind: 'refused', reason };
}

function explain({ s, e, heldMs, found }: Fragment): object[] {
  if (found === undefined) return [];
  const { type, rule, confidence, action } = found;
  return [{ s, e, t: type, rule, confidence, action, held_ms: heldMs }];
}

/** Of the words that stay. */
function delayOf(fragments: readonly Fragment[]): { readonly mean: number; readonly max: number } {
  const delays = fragments.filter((fragment) => !isHidden(fragment)).map(({ heldMs }) => heldMs);
  const total = delays.reduce((sum, delay) => sum + delay, 0);
  return { mean: delays.length === 0 ? 0 : Math.round(total / delays.length), max: Math.max(0, ...delays) };
}
