/** `earshot redact`: reads, redacts and prints in step with whoever reads; what fails says where, and quotes nothing. */

import { errorCode } from '../../base/error.ts';
import type { Topic } from '../../governance/redaction/speech/token.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { faultAt } from './fault.ts';
import { inOrder } from './in-order.ts';
import { Leg, type LegOptions } from './leg.ts';
import { readLines, type Source } from './lines.ts';
import { toFault, type BatchAnswer } from './row-batch.ts';
import { RowCrew } from './row-crew.ts';
import { createView } from './views.ts';

export interface RedactOptions extends Pick<LegOptions, 'plan' | 'settings' | 'linkKey' | 'resumed' | 'detectors'> {
  readonly isStreamed: boolean;
  readonly isExplained: boolean;
}

/** Printed in portions of about this size, or when nothing more has come yet. */
const PORTION_CHARS = 64 * 1024;

/** Rows know nothing of each other: many are answered at once, in their order. */
export async function redactRows(terminal: Terminal, source: Source, options: RedactOptions): Promise<void> {
  const crew = new RowCrew(source.name, { ...options, isByWord: isByWord(options) });
  try {
    const answers = inOrder(
      readLines(source),
      (batch) => crew.answer(batch),
      () => crew.width,
    );
    await printAll(terminal, textsOf(answers, source));
  } finally {
    // It may still wait for more, which nobody wants after a row that cannot be answered.
    source.chunks.destroy();
    await crew.dismiss();
  }
}

async function* textsOf(answers: AsyncIterable<BatchAnswer>, { name }: Source): AsyncGenerator<string | undefined> {
  for await (const { text, fault } of answers) {
    yield text;
    if (fault !== undefined) throw toFault(name, fault);
    yield undefined;
  }
}

/** The whole text is one leg; a line is no end, for a number may go on in the next, and an empty line is a pause. */
export async function redactText(
  terminal: Terminal,
  source: Source,
  options: RedactOptions & { readonly asked: Topic | undefined },
): Promise<void> {
  const leg = new Leg({ ...options, isByWord: isByWord(options) });
  const view = createView(options);
  try {
    await printAll(terminal, readThrough(source, say, end));
  } finally {
    source.chunks.destroy();
  }

  function* say(line: string): Generator<string> {
    for (const step of leg.say(line)) yield view.show(step);
    if (line.trim() === '') yield view.show(leg.pause());
  }

  function end(): string[] {
    return [view.show(leg.end()), view.finish()];
  }
}

/** Only one word after the other do words have a delay. */
function isByWord({ isStreamed, isExplained }: RedactOptions): boolean {
  return isStreamed || isExplained;
}

/** The texts that come of each line, and undefined where the next line may take a while to come. */
async function* readThrough(
  source: Source,
  each: (line: string) => Iterable<string>,
  end: () => Iterable<string>,
): AsyncGenerator<string | undefined> {
  let number = 0;
  for await (const { first, lines } of readLines(source)) {
    for (const [at, line] of lines.entries()) {
      number = first + at;
      yield* withoutQuotes(() => each(line), source.name, number);
    }
    yield undefined;
  }
  yield* withoutQuotes(end, source.name, number);
}

/** Whatever a detector throws may quote what it was given: only its code goes on. */
function* withoutQuotes(work: () => Iterable<string>, source: string, line: number): Generator<string> {
  try {
    yield* work();
  } catch (thrown) {
    throw faultAt('FAILED', source, line, `could not be redacted (${errorCode(thrown)})`);
  }
}

/** Ends quietly when nobody reads any more. What was done before a failure is printed before it is said. */
async function printAll(terminal: Terminal, texts: AsyncIterable<string | undefined>): Promise<void> {
  let portion = '';
  try {
    for await (const text of texts) {
      portion += text ?? '';
      const isDue = portion.length > PORTION_CHARS || text === undefined;
      if (!isDue || portion === '') continue;
      const isTaken = await terminal.print(portion);
      portion = '';
      if (!isTaken) return;
    }
  } finally {
    if (portion !== '') await terminal.print(portion);
  }
}
