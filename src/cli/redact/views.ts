/** How `earshot redact` shows a text as it is let go: the text itself, with what was found below each line, or timed. */

import type { Fragment, Step } from './leg.ts';
import { isHidden } from './rows.ts';
import { WORD_MS } from './spoken-words.ts';

/** Turns steps into what is printed. Nothing it says holds what was hidden. */
export interface View {
  show(step: Step): string;
  finish(): string;
}

export function createView({ isStreamed, isExplained }: { isStreamed: boolean; isExplained: boolean }): View {
  if (isStreamed) return new TimedView(isExplained);
  return isExplained ? new ExplainedView() : { show: ({ fragments }) => textOf(fragments), finish: () => '' };
}

function textOf(fragments: readonly Fragment[]): string {
  return fragments.map(({ text }) => text).join('');
}

/** The text, and below each line what was found in it. */
class ExplainedView implements View {
  readonly #delays = new DelayTally();
  #below: string[] = [];
  #isAtStart = true;

  show({ fragments }: Step): string {
    return fragments.map((fragment) => this.#add(fragment)).join('');
  }

  finish(): string {
    return this.#write('') + (this.#isAtStart ? '' : '\n') + this.#takeBelow() + this.#delays.say();
  }

  #add(fragment: Fragment): string {
    const { text } = fragment;
    this.#delays.note(fragment);
    const lineEnd = text.indexOf('\n') + 1;
    const before = lineEnd === 0 ? '' : this.#write(text.slice(0, lineEnd)) + this.#takeBelow();
    this.#below.push(...explained(fragment));
    return before + this.#write(text.slice(lineEnd));
  }

  #write(text: string): string {
    if (text !== '') this.#isAtStart = text.endsWith('\n');
    return text;
  }

  #takeBelow(): string {
    const below = this.#below.join('');
    this.#below = [];
    return below;
  }
}

/** A line for every word said: when, how many words are held, and what was let go after which time. */
class TimedView implements View {
  readonly #delays = new DelayTally();
  readonly #isExplained: boolean;
  #hasHeading = false;

  constructor(isExplained: boolean) {
    this.#isExplained = isExplained;
  }

  show({ atMs, fragments, heldWords }: Step): string {
    const heading = this.#hasHeading ? '' : `${column('AT')}  ${column('HELD')}  RELEASED (after)\n`;
    this.#hasHeading = true;
    for (const fragment of fragments) this.#delays.note(fragment);
    const shown = fragments.filter(({ text }) => text.trim() !== '');
    const released = shown
      .map(({ text, heldMs }) => `  ${text.trim().replaceAll(/\s+/g, ' ')} (${seconds(heldMs)})`)
      .join('');
    const below = this.#isExplained ? fragments.flatMap(explained).join('') : '';
    return `${heading}${column(seconds(atMs))}  ${column(String(heldWords))}${released}\n${below}`;
  }

  finish(): string {
    return this.#delays.say();
  }
}

const COLUMN = 8;

function column(text: string): string {
  return text.padStart(COLUMN);
}

function explained({ text, s, e, heldMs, found }: Fragment): string[] {
  if (found === undefined) return [];
  const { type, rule, confidence, action } = found;
  const shown = action === 'allow' ? 'shown as it is' : text.trim();
  const row = [shown.padEnd(14), type.padEnd(11), rule.padEnd(18), confidence.toFixed(2), `${s}-${e}`.padEnd(11)];
  return [`    ${row.join('  ')}  held ${seconds(heldMs)}\n`];
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

/** Longer than anything is held. */
const MAX_STEPS = 256;

/** How long the words that stay were held, counted in words, so that a long text takes no more memory than a short one. */
class DelayTally {
  readonly #counts = new Array<number>(MAX_STEPS).fill(0);
  #words = 0;
  #totalMs = 0;

  note(fragment: Fragment): void {
    if (isHidden(fragment) || fragment.text.trim() === '') return;
    const step = Math.min(Math.round(fragment.heldMs / WORD_MS), MAX_STEPS - 1);
    this.#counts[step] = (this.#counts[step] ?? 0) + 1;
    this.#words += 1;
    this.#totalMs += fragment.heldMs;
  }

  say(): string {
    if (this.#words === 0) return 'no word was shown\n';
    const mean = seconds(this.#totalMs / this.#words);
    const [p95, p99] = [this.#percentile(0.95), this.#percentile(0.99)];
    return `${this.#words} words shown, held ${mean} in the mean, p95 ${p95}, p99 ${p99}, at ${WORD_MS} ms a word\n`;
  }

  #percentile(share: number): string {
    let below = 0;
    const step = this.#counts.findIndex((count) => (below += count) > share * this.#words);
    return seconds(Math.max(step, 0) * WORD_MS);
  }
}
