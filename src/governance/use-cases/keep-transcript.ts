/**
 * Keeps what was redacted, where the tenant wants it and policy allows it. Each call is asked about once, at its
 * beginning; without a decision nothing is kept, and whatever happens here neither the call nor a reader waits.
 */

import type { CallId, TenantId } from '../../base/ids.ts';
import type { Decision } from '../../model/decision.ts';
import type { Revision } from '../../model/tenant.ts';
import type { Release } from '../../model/transcript.ts';
import type { KeyRing } from '../retention/key-ring.ts';
import { askPolicy } from './ask-policy.ts';
import { KeptCall, type Keeping, type KeepingWorld, type SealedStore } from './kept-call.ts';
import { isOver, type LiveCall } from './live-calls.ts';
import { isTakingCard } from './pci-state.ts';
import { retainInput } from './policy-input.ts';
import type { Deps, TranscriptPort } from './ports.ts';
import { TextRoom } from './text-room.ts';

const DAY_MS = 86_400_000;
const DEFAULT_CLASS = 'transcript';
/** Text of all calls that may wait while nothing can be stored. */
const MAX_WAITING_CHARS = 16_000_000;

/** Whose transcripts are kept under this configuration, where policy allows it. */
export function tenantsThatKeep(revision: Revision | undefined): TenantId[] {
  return (revision?.tenants ?? []).filter(({ retention }) => retention.transcripts.keep).map(({ id }) => id);
}

export class KeptTranscripts implements TranscriptPort {
  readonly #world: KeepingWorld;
  readonly #asked = new Map<CallId, Promise<void>>();
  readonly #kept = new Map<CallId, KeptCall>();

  constructor(options: { readonly store: SealedStore; readonly keys: Pick<KeyRing, 'find'> }) {
    const { store, keys } = options;
    this.#world = { store, findKey: (tenant) => keys.find(tenant), room: new TextRoom(MAX_WAITING_CHARS) };
  }

  begin(deps: Deps, call: LiveCall): Promise<void> {
    const known = this.#asked.get(call.call);
    if (known !== undefined) return known;
    if (!call.tenant.retention.transcripts.keep || isOver(call)) return Promise.resolve();
    const asking = this.#ask(deps, call);
    this.#asked.set(call.call, asking);
    return asking;
  }

  keeps(call: CallId): boolean {
    return this.#kept.has(call);
  }

  keep(call: LiveCall, release: Release): void {
    this.#kept.get(call.call)?.add(release);
  }

  async finish(call: LiveCall): Promise<void> {
    const kept = this.#forget(call);
    await kept?.finish();
  }

  async leave(call: LiveCall): Promise<void> {
    const kept = this.#forget(call);
    await kept?.leave();
  }

  async #ask(deps: Deps, call: LiveCall): Promise<void> {
    const { tenant, fact } = call;
    const decision = await askPolicy(deps, call, 'retain', {
      input: () =>
        retainInput({ tenant, fact, nowMs: deps.clock.wallMs(), isTakingCard: isTakingCard(call) }, 'transcript'),
      subject: {},
    });
    const keeping = readKeeping(decision, tenant.retention.transcripts.days);
    if (keeping === undefined || isOver(call)) return;
    this.#kept.set(call.call, new KeptCall(deps, call, { keeping, world: this.#world }));
  }

  #forget({ call }: LiveCall): KeptCall | undefined {
    const kept = this.#kept.get(call);
    this.#kept.delete(call);
    this.#asked.delete(call);
    return kept;
  }
}

/** The stricter of what the tenant wants and what policy allows. */
function readKeeping(decision: Decision, days: number): Keeping | undefined {
  const { keep_class: name, max_window_ms: maxMs } = decision.obligations;
  const keepMs = Math.min(days * DAY_MS, maxMs ?? Infinity);
  if (!decision.allow || keepMs <= 0) return undefined;
  return { class: name ?? DEFAULT_CLASS, keepMs, decision };
}
