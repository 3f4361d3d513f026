/** Work on several things at once: taken no faster than it is done, answered in the order it came. */

type Read<Given> =
  | { readonly kind: 'given'; readonly given: Given }
  | { readonly kind: 'ended' }
  | { readonly kind: 'failed'; readonly thrown: unknown };

interface Answered<Answer> {
  readonly kind: 'answered';
  readonly answer: Answer;
}

/**
 * No answer waits for what is given after it. A source that fails is said after the answers to what it gave; work that
 * fails ends it at once. `atOnce` is asked again each time.
 */
export async function* inOrder<Given, Answer>(
  source: AsyncIterable<Given>,
  work: (given: Given) => Promise<Answer>,
  atOnce: () => number,
): AsyncGenerator<Answer> {
  const iterator = source[Symbol.asyncIterator]();
  const answers: Promise<Answered<Answer>>[] = [];
  let reading: Promise<Read<Given>> | undefined;
  let last: Read<Given> | undefined;
  try {
    for (;;) {
      if (last === undefined && answers.length < atOnce()) reading ??= read(iterator);
      const oldest = answers[0];
      if (oldest === undefined && reading === undefined) break;
      const next = await Promise.race([oldest, reading].filter((one) => one !== undefined));
      if (next.kind === 'answered') {
        void answers.shift();
        yield next.answer;
        continue;
      }
      reading = undefined;
      if (next.kind === 'given') answers.push(begin(work, next.given));
      else last = next;
    }
  } finally {
    // Not waited for: whoever gives may be in the middle of waiting for more.
    iterator.return?.().catch(() => undefined);
  }
  if (last?.kind === 'failed') throw last.thrown;
}

async function read<Given>(iterator: AsyncIterator<Given>): Promise<Read<Given>> {
  try {
    const result = await iterator.next();
    return result.done === true ? { kind: 'ended' } : { kind: 'given', given: result.value };
  } catch (thrown) {
    return { kind: 'failed', thrown };
  }
}

/** One that fails while an older is waited for has not been lost: it is waited for in its turn. */
function begin<Given, Answer>(work: (given: Given) => Promise<Answer>, given: Given): Promise<Answered<Answer>> {
  const answered = work(given).then((answer): Answered<Answer> => ({ kind: 'answered', answer }));
  answered.catch(() => undefined);
  return answered;
}
