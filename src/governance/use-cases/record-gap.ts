/** Audio or text that did not get through: counted, shown, recorded. Never silence. */

import type { Gap } from '../../model/audio.ts';
import type { Withheld } from '../redaction/redaction-host.ts';
import type { LiveCall } from './live-calls.ts';
import type { Deps } from './ports.ts';

/** Records one gap; nobody waits for it. */
export function recordGap(deps: Deps, call: LiveCall, gap: Gap, count = 1): void {
  const fromMs = Math.max(0, Math.round(gap.fromMs));
  const toMs = Math.max(fromMs, Math.round(gap.toMs));
  deps.metrics.counter('earshot_gaps_total', { reason: gap.reason }).add();
  deps.publish({
    kind: 'gap',
    call: call.call,
    tenant: call.tenant.id,
    stream: gap.stream,
    ...(gap.processor === undefined ? {} : { processor: gap.processor }),
    reason: gap.reason,
    fromMs,
    toMs,
  });
  deps.ledger.note(call.tenant.id, {
    kind: 'gap',
    call: call.call,
    stream: gap.stream,
    ...(gap.processor === undefined ? {} : { processor: gap.processor }),
    reason: gap.reason,
    from_ms: fromMs,
    to_ms: toMs,
    count,
  });
}

/** Text that redaction withheld is a gap on the leg's stream. */
export function recordWithheld(deps: Deps, withheld: Withheld): void {
  const call = deps.calls.get(withheld.call);
  const stream = [...(call?.streams.values() ?? [])].find(({ leg }) => leg === withheld.leg);
  if (call === undefined || stream === undefined) return;
  const fromMs = withheld.startMs ?? stream.positionMs;
  const toMs = withheld.endMs ?? fromMs;
  recordGap(deps, call, { stream: stream.stream, reason: 'redaction_unavailable', fromMs, toMs });
}
