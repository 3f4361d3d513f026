/**
 * A key was pressed in a call. Which one never came here: what is shown is when, on the stream's timeline, and how long.
 * Several may be a card number.
 */

import type { FromCallPlane } from '../../link/messages.ts';
import { heedKey } from './pci-window.ts';
import type { Deps } from './ports.ts';

export function noteDtmf(
  deps: Deps,
  { call, stream, atUs, durationMs }: Extract<FromCallPlane, { kind: 'stream.dtmf' }>,
): void {
  const live = deps.calls.get(call);
  const pressed = live?.streams.get(stream);
  if (live === undefined || pressed === undefined) return;
  heedKey(deps, live, pressed, atUs);
  const { startedUs } = pressed.fact;
  if (startedUs === undefined) return;
  const atMs = Math.max(0, Math.floor((atUs - startedUs) / 1000));
  deps.metrics.counter('earshot_dtmf_events_total').add();
  deps.publish({ kind: 'dtmf', call, tenant: live.tenant.id, stream, atMs, durationMs });
}
