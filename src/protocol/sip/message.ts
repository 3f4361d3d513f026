/** A SIP message as a proxy needs to see it. The bytes stay the truth: these fields were read from them, once. */

import type { FrameFailure, Malformed } from './frame.ts';
import type { Head } from './head-index.ts';
import type { ListValue } from './list-values.ts';
import type { Via } from './via.ts';

interface Common {
  readonly head: Head;
  /** At least one. `vias[0]` is who sent this hop. */
  readonly vias: readonly ListValue[];
  readonly topVia: Via;
  /** The second Via, when there is one that can be read. */
  readonly nextVia: Via | undefined;
  /** Empty when absent. */
  readonly fromTag: string;
  readonly toTag: string;
  readonly callId: string;
  readonly cseq: { readonly number: number; readonly method: string };
  readonly body: Buffer;
  /** Lower-case `type/subtype` without parameters; undefined without a body or a Content-Type. */
  readonly contentType: string | undefined;
}

export interface SipRequest extends Common {
  readonly kind: 'request';
  readonly method: string;
  /** As written, and where it stands. */
  readonly uri: string;
  readonly uriStart: number;
  readonly uriEnd: number;
  readonly maxForwards: number | undefined;
}

export interface SipResponse extends Common {
  readonly kind: 'response';
  readonly status: number;
}

export type ReadFailure =
  | 'request_line'
  | 'request_uri'
  | 'version'
  | 'status'
  | 'missing_header'
  | 'repeated_header'
  | 'via'
  | 'from'
  | 'to'
  | 'call_id'
  | 'cseq'
  | 'cseq_method'
  | 'max_forwards'
  /** Too long to be shown to the second reader. */
  | 'too_long'
  | 'disagreement';

export type MalformedMessage = Malformed<FrameFailure | ReadFailure>;
export type SipMessage = SipRequest | SipResponse;
