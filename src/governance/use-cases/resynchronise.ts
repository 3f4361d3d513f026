/**
 * The call plane tells all it has: calls we did not know are taken up mid-way, calls it no longer has are ended, and
 * chain heads it was once shown must still be in the database.
 */

import type { ChainHead, FromCallPlane } from '../../link/messages.ts';
import type { Revision } from '../../model/tenant.ts';
import { endCall } from './end-call.ts';
import { attendCall, noteCall } from './follow-call.ts';
import type { LiveCall } from './live-calls.ts';
import type { Deps } from './ports.ts';
import { silenceStream } from './silence-stream.ts';

export type Snapshot = Extract<FromCallPlane, { kind: 'snapshot' }>;

export interface HeadCheck {
  /** Whether the database still holds that entry; undefined when it cannot say now. */
  holdsHead(head: ChainHead): Promise<boolean | undefined>;
  /** Called for a log whose tail is missing: AI stays off for it until somebody acknowledged. */
  onTailLost(head: ChainHead): void;
}

export interface Resynchronisation extends HeadCheck {
  readonly revision: Revision;
}

export async function resynchronise(deps: Deps, snapshot: Snapshot, how: Resynchronisation): Promise<void> {
  const living = new Set(snapshot.calls.map(({ call }) => call));
  for (const call of deps.calls.all()) {
    if (!living.has(call.call)) void endCall(deps, call.call, 'restart');
  }
  // Taps of an earlier life of either side lapse by themselves; ours are opened afresh.
  for (const call of deps.calls.all()) forgetTaps(deps, call);
  // Before anything is waited for: what follows the snapshot, an end above all, must find its call.
  const calls = snapshot.calls.flatMap((fact) => noteCall(deps, how.revision, fact, { isResumed: true }) ?? []);
  await checkHeads(snapshot.heads, how);
  await Promise.all(calls.map((call) => attendCall(deps, call)));
}

/** Stops what is decided on a log whose tail the database has lost. */
export async function checkHeads(heads: readonly ChainHead[], how: HeadCheck): Promise<void> {
  for (const head of heads) {
    if ((await how.holdsHead(head)) === false) how.onTailLost(head);
  }
}

function forgetTaps(deps: Deps, call: LiveCall): void {
  for (const stream of call.streams.values()) {
    if (stream.tap !== undefined) silenceStream(deps, call, stream, 'tap_lapsed');
  }
}
