/** What a database could not answer, said to the one who asked: come again, and nothing of why. */

import { StoreError } from '../../store/error.ts';
import { AskError } from './administration.ts';

/** The answer of `question`; a StoreError becomes UNAVAILABLE with its cause kept for the log. */
export async function askDatabase<Answer>(question: Promise<Answer>): Promise<Answer> {
  try {
    return await question;
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    throw new AskError('UNAVAILABLE', 'the database cannot be asked now', { cause });
  }
}
