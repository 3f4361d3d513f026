/** What the use cases need of the world, each as narrow as its use. `app.ts` builds the real ones once. */

import type { Clock } from '../../base/clock.ts';
import type { CallId, LeaseId, LegId, RandomBytes, StreamId, TapId, TenantId } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { Metrics } from '../../base/metrics.ts';
import type { FromGovernance } from '../../link/messages.ts';
import type { LeaseCloseReason, LeaseWindow } from '../../model/audio.ts';
import type { PayloadFact } from '../../model/call.ts';
import type { Processor } from '../../model/tenant.ts';
import type { Release } from '../../model/transcript.ts';
import type { TextProcessor } from '../../processors/processor.ts';
import type { EarshotEvent } from '../insights/events.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Policy } from '../policy/policy.ts';
import type { Redaction } from '../redaction/redaction.ts';
import type { Conditions } from './conditions.ts';
import type { LiveCall, LiveCalls } from './live-calls.ts';
import type { KeptWindow } from './pci-file.ts';

/** The audio workers. */
export interface AudioPort {
  /** Says what the frames of a tap are, before the tap is opened and when it changes. False: nobody could read it now. */
  expectStream(stream: {
    readonly tap: TapId;
    readonly call: CallId;
    readonly leg: LegId;
    readonly stream: StreamId;
    readonly worker: number;
    readonly payloads: readonly PayloadFact[];
  }): boolean;
  forgetStream(tap: TapId): void;
  /** Lets one processor hear under a lease that is already durable. False: no worker took it and nothing was sent. */
  openFeed(feed: { readonly tap: TapId; readonly window: LeaseWindow; readonly processor: Processor }): boolean;
  extendFeed(extension: { readonly lease: LeaseId; readonly throughMs: number; readonly maxBytes: number }): void;
  /** False when no worker knows the lease: no account will follow. */
  closeFeed(closing: { readonly lease: LeaseId; readonly reason: LeaseCloseReason }): boolean;
}

/** The control connection to the call plane; messages said while it is away are not kept, it resynchronises. */
export interface CallPlanePort {
  send(message: FromGovernance): boolean;
}

/** Keeps redacted turns, where tenant and policy want it. */
export interface TranscriptPort {
  /** Asks, once a call, whether it may be kept. Never rejects. */
  begin(deps: Deps, call: LiveCall): Promise<void>;
  keeps(call: CallId): boolean;
  /** Takes a turn as readers get it; does nothing for a call that is not kept, and never waits. */
  keep(call: LiveCall, release: Release): void;
  /** The call is over: resolves when its end is sealed, or could not be within some seconds. Never rejects. */
  finish(call: LiveCall): Promise<void>;
  /** We end and the call goes on. Never rejects. */
  leave(call: LiveCall): Promise<void>;
}

export interface WindowsPort {
  find(call: CallId): KeptWindow | 'unknown' | undefined;
  keep(windows: readonly KeptWindow[]): Promise<void>;
}

export interface Deps {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly ledger: Ledger;
  readonly policy: Policy;
  readonly redaction: Redaction;
  readonly audio: AudioPort;
  readonly callPlane: CallPlanePort;
  readonly calls: LiveCalls;
  readonly conditions: Conditions;
  /** Remembers over a restart in which calls card data is being taken. Absent: nothing does. */
  readonly windows?: WindowsPort | undefined;
  /** Absent: nothing is kept. */
  readonly transcripts?: TranscriptPort | undefined;
  publish(event: EarshotEvent): void;
  /** The processor's client for that tenant alone. */
  textProcessor(processor: Processor, tenant: TenantId): TextProcessor;
}
