/** Why the reader opens nothing, in the words that cross its door. Messages name nothing that was kept. */

import { CodedError } from '../base/error.ts';
import type { ReaderCode } from '../link/reader-door.ts';

export class ReaderError extends CodedError<ReaderCode> {}
