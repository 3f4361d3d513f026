/** What a softphone is told when it is made, and when it dials. */

import type { Clock } from '../../base/clock.ts';
import type { RandomBytes } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { CodecName } from './codec.ts';
import type { Security } from './session-description.ts';
import type { BindUdp, Endpoint } from './udp-port.ts';

export interface SoftphoneOptions {
  readonly bind: { readonly address: string; readonly sipPort: number };
  /** User part of its URI. */
  readonly user: string;
  readonly media: {
    readonly codec: CodecName;
    readonly security: Security;
    /** How much of each call is kept in `recording`; 0, the default, keeps nothing. */
    readonly keepMs?: number | undefined;
    /** Pause between RTCP reports, 5 s by default; 0 sends none. */
    readonly rtcpIntervalMs?: number | undefined;
    /** Pause before the first RTP packet once the call stands; none by default. */
    readonly firstPacketAfterMs?: number | undefined;
  };
  /** What to do when called: answer after ringing that long, at once by default, or be busy. */
  readonly incoming?: { readonly answerAfterMs: number } | 'busy' | undefined;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
  /** Sockets other than the real ones, for tests. */
  readonly udp?: BindUdp | undefined;
}

export interface DialOptions {
  /** Request-URI of the callee. */
  readonly to: string;
  /** Where the INVITE is sent. */
  readonly via: Endpoint;
  /** How long it may ring; then it is cancelled. */
  readonly deadlineMs: number;
  /** Gives the call up when aborted. */
  readonly signal?: AbortSignal | undefined;
  /** More headers as `Name: value`. */
  readonly headers?: readonly string[] | undefined;
}
