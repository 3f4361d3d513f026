/** Everything the demo's parts refuse on purpose, as one closed list of codes. No message quotes what a peer said. */

import { CodedError } from '../base/error.ts';

export type DemoErrorCode =
  'WAV_INVALID' | 'CALL_REFUSED' | 'CALL_ENDED' | 'SDP_UNUSABLE' | 'DEADLINE' | 'STOPPED' | 'RECOGNISER_FAILED';

export class DemoError extends CodedError<DemoErrorCode> {}
