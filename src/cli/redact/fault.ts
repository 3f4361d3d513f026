/** What stops `earshot redact`: said with a place and a reason, never with anything of the text. */

import { CodedError } from '../../base/error.ts';

export type FaultCode = 'UNREADABLE' | 'TOO_LONG' | 'NOT_A_ROW' | 'FAILED';

/** No cause is kept: what a parser or a detector throws may quote what it was given. */
export class RedactFault extends CodedError<FaultCode> {}

/** Where input comes from, as messages name it. */
export function faultAt(code: FaultCode, source: string, line: number, reason: string): RedactFault {
  return new RedactFault(code, `${source}: line ${line}: ${reason}`);
}
