/**
 * A processor's answer is redacted like speech, offered to each subscriber under the emit decision, given its values back
 * where that says so, recorded, emitted.
 */

import { newId, type ReleaseId } from '../../base/ids.ts';
import type { TextGrant } from '../../model/grant.ts';
import { countEntities } from '../../model/transcript.ts';
import { askPolicy } from './ask-policy.ts';
import type { LiveCall } from './live-calls.ts';
import { isTakingCard } from './pci-state.ts';
import { emitInput } from './policy-input.ts';
import type { Deps } from './ports.ts';
import { putBack } from './put-back.ts';
import { healthOf } from './note-health.ts';
import { decisionEvidence } from './record-decision.ts';

/** Everybody an insight may be for; further kinds of subscriber are named in the configuration when there are any. */
const SUBSCRIBERS = ['local'] as const;
const LEDGER_LIMIT_MS = 3000;

/** Redacts and emits one answer. Never rejects; an answer that cannot be redacted is withheld. */
export async function emitInsight(
  deps: Deps,
  call: LiveCall,
  grant: TextGrant,
  answer: { readonly release: ReleaseId; readonly text: string },
): Promise<void> {
  const redacted = await deps.redaction.answer(call.call, answer.text, grant.plan);
  if (redacted.kind === 'withheld') {
    deps.metrics.counter('earshot_insights_withheld_total', { processor: grant.processor.id }).add();
    return;
  }
  const { text, entities: spans } = redacted.piece;
  if (text.trim() === '') return;
  const entities = countEntities(spans);
  for (const subscriber of SUBSCRIBERS) {
    await emitTo(deps, call, grant, subscriber, { release: answer.release, text, entities });
  }
}

async function emitTo(
  deps: Deps,
  call: LiveCall,
  grant: TextGrant,
  subscriber: string,
  insight: { readonly release: ReleaseId; readonly text: string; readonly entities: Record<string, number> },
): Promise<void> {
  const { tenant, fact } = call;
  const { processor } = grant;
  const decision = await askPolicy(deps, call, 'emit', {
    input: () =>
      emitInput(
        { tenant, fact, nowMs: deps.clock.wallMs(), isTakingCard: isTakingCard(call) },
        { processor, health: healthOf(deps, processor.id), subscriber },
      ),
    subject: { processor: processor.id, subscriber },
  });
  if (!decision.allow) return;
  const back = await putBack(deps, call, insight.text, decision.obligations.restore ?? []);
  const id = newId('insight', deps.random);
  try {
    await deps.ledger.append(
      tenant.id,
      {
        kind: 'emit',
        call: call.call,
        insight: id,
        release: insight.release,
        processor: processor.id,
        subscriber,
        // Of the text without its values: how long they are is not to be told from an entry.
        chars: insight.text.length,
        entities: insight.entities,
        ...(back.restored === undefined ? {} : { restored: back.restored }),
        ...(back.notRestored === undefined ? {} : { not_restored: back.notRestored }),
        decision: decisionEvidence(decision),
      },
      { deadlineMs: LEDGER_LIMIT_MS },
    );
  } catch {
    deps.metrics.counter('earshot_insights_withheld_total', { processor: processor.id }).add();
    return;
  }
  deps.publish({
    kind: 'insight',
    call: call.call,
    tenant: tenant.id,
    processor: processor.id,
    insight: id,
    release: insight.release,
    text: back.text,
    entities: insight.entities,
    ...(back.restored === undefined ? {} : { restored: back.restored }),
    ...(back.notRestored === undefined ? {} : { notRestored: back.notRestored }),
  });
}
