/** Why a node could not be asked, or would not answer. Messages are for people and never hold a token. */

import { CodedError } from '../../base/error.ts';

export type ApiErrorCode =
  /** The place or the token is not what it should be: nothing was sent. */
  | 'MISCONFIGURED'
  /** Nobody answers there. */
  | 'NOT_RUNNING'
  /** The node answered with a problem. */
  | 'REFUSED'
  /** The answer broke off, or is not what this version reads. */
  | 'BROKEN';

export class ApiError extends CodedError<ApiErrorCode> {
  /** HTTP status, where the node answered. */
  readonly status: number | undefined;
  /** The node's own code for the problem, such as NOT_FOUND. */
  readonly problem: string | undefined;

  constructor(
    code: ApiErrorCode,
    message: string,
    options: {
      readonly cause?: unknown;
      readonly status?: number | undefined;
      readonly problem?: string | undefined;
    } = {},
  ) {
    super(code, message, { cause: options.cause });
    this.status = options.status;
    this.problem = options.problem;
  }
}
