/** Rows that came together, answered one after the other until one cannot be. Runs in any thread. */

import { errorCode } from '../../base/error.ts';
import { faultAt, type FaultCode, type RedactFault } from './fault.ts';
import type { LineBatch } from './lines.ts';
import { redactRow, type RowOptions } from './rows.ts';

/** Plain values: it may have to cross to another thread. */
export interface BatchAnswer {
  readonly text: string;
  readonly fault: { readonly code: FaultCode; readonly line: number; readonly reason: string } | undefined;
}

/** Never throws: what a detector throws may quote the row, and only its code goes on. */
export function answerBatch({ first, lines }: LineBatch, options: RowOptions): BatchAnswer {
  let text = '';
  for (const [at, row] of lines.entries()) {
    if (row.trim() === '') continue;
    const line = first + at;
    try {
      const answer = redactRow(row, options);
      if (typeof answer !== 'string') return { text, fault: { code: 'NOT_A_ROW', line, reason: answer.reason } };
      text += answer;
    } catch (thrown) {
      return { text, fault: { code: 'FAILED', line, reason: `could not be redacted (${errorCode(thrown)})` } };
    }
  }
  return { text, fault: undefined };
}

export function toFault(source: string, { code, line, reason }: NonNullable<BatchAnswer['fault']>): RedactFault {
  return faultAt(code, source, line, reason);
}
