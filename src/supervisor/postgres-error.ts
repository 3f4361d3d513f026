/** What can go wrong with the embedded Postgres, in words a person can act on. Messages name files, never secrets. */

import { CodedError } from '../base/error.ts';

export class EmbeddedPostgresError extends CodedError<
  'PLATFORM' | 'USER' | 'UNREACHABLE' | 'SOCKET_DIR' | 'VERSION' | 'INIT_FAILED' | 'START_FAILED' | 'STOP_FAILED'
> {}
