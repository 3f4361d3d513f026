/** Answers a question whose asking is an entry first: recorded, then asked, then its end noted with the rows given. */

import type { RandomBytes } from '../../base/ids.ts';
import type { Principal } from '../../model/access.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { StoredEntryError } from '../ledger/stored-entry.ts';
import { AskError } from './administration.ts';
import { askDatabase } from './ask-database.ts';
import { recordRead } from './record-read.ts';

/**
 * Rejects before anything is asked when the read cannot be recorded; with UNAVAILABLE when the database cannot answer, or
 * what it holds is no entry: an answer that left it out would hide it.
 */
export async function answerRecorded<Answer>(
  deps: { readonly ledger: Ledger; readonly random: RandomBytes },
  principal: Principal,
  asked: Parameters<typeof recordRead>[2],
  question: { answer(): Promise<Answer>; rowsOf(answer: Answer): number },
): Promise<Answer> {
  const read = await recordRead(deps, principal, asked);
  try {
    const answer = await askDatabase(question.answer());
    read.done(question.rowsOf(answer));
    return answer;
  } catch (error) {
    read.done(0, 'broken');
    if (!(error instanceof StoredEntryError)) throw error;
    throw new AskError('UNAVAILABLE', 'the ledger holds something else than what was written: verify it', {
      cause: error,
    });
  }
}
