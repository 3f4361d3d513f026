/** The answering side of `child.ts`: one function per question, and an end when the asking process goes. */

import type { Question, Questions, Reply } from './child.ts';

type Answers<Asked extends Questions<Asked>> = {
  readonly [Name in keyof Asked]: (ask: Asked[Name]['ask']) => Asked[Name]['answer'] | Promise<Asked[Name]['answer']>;
};

/** Answers until the asking process is gone; then puts everything away with `stop` and ends this process. */
export function answerParent<Asked extends Questions<Asked>>(
  answers: Answers<Asked>,
  stop: () => void | Promise<void>,
): void {
  process.on('message', (question: Question) => {
    void reply(answers, question).then((said) => process.send?.(said));
  });
  process.once('disconnect', () => {
    void Promise.resolve(stop()).finally(() => process.exit());
  });
  // Ctrl-C reaches the whole group; the asking process decides when it is over.
  process.on('SIGINT', () => undefined);
  process.send?.({ answer: 'listening' } satisfies Reply);
}

async function reply(answers: object, { name, ask }: Question): Promise<Reply> {
  try {
    const answer = (answers as Readonly<Record<string, (ask: unknown) => unknown>>)[name];
    return { answer: await answer?.(ask) };
  } catch (thrown) {
    return { fault: String(thrown) };
  }
}
