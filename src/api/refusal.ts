/** What the API itself refuses with, before any verb is asked. */

import { CodedError } from '../base/error.ts';

export type RefusalCode =
  | 'TOKEN_MISSING'
  | 'TOKEN_REFUSED'
  | 'FORBIDDEN'
  | 'LOCAL_ONLY'
  | 'NOT_FOUND'
  | 'NO_SUCH_ROUTE'
  | 'METHOD_NOT_ALLOWED'
  | 'MALFORMED'
  | 'TOO_MANY_REQUESTS'
  | 'TOO_MANY_STREAMS';

/** The message is a sentence for the one who asked. */
export class Refusal extends CodedError<RefusalCode> {
  /** Seconds after which it may go better. */
  readonly retryAfterS: number | undefined;
  /** What the ledger is told it was, where the one who asked is told less. */
  readonly notedAs: string;

  constructor(
    code: RefusalCode,
    message: string,
    options: { readonly retryAfterS?: number; readonly notedAs?: string } = {},
  ) {
    super(code, message);
    this.retryAfterS = options.retryAfterS;
    this.notedAs = options.notedAs ?? code;
  }
}
