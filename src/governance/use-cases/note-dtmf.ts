/** A key was pressed in a call. Which one never came here: what is shown is when, on the stream's timeline, and how long. */

import type { FromCallPlane } from '../../link/messages.ts';
import type { Deps } from './ports.ts';

export function noteDtmf(
  deps: Deps,
  { call, stream, atUs, durationMs }: Extract<FromCallPlane, { kind: 'stream.dtmf' }>,
): void {
  const live = deps.calls.get(call);
  const startedUs = live?.streams.get(stream)?.fact.startedUs;
  if (live === undefined || startedUs === undefined) return;
  const atMs = Math.max(0, Math.floor((atUs - startedUs) / 1000));
  deps.metrics.counter('earshot_dtmf_events_total').add();
  deps.publish({ kind: 'dtmf', call, tenant: live.tenant.id, stream, atMs, durationMs });
}
