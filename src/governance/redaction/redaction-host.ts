/**
 * Redaction in worker threads, as the use cases see it. The deadline is held here, on the thread that must not wait;
 * in doubt a leg is withheld, and begins anew as one whose earlier speech was not heard.
 */

import { assert } from '../../base/assert.ts';
import type { CallId, LegId, TenantId } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { Metrics } from '../../base/metrics.ts';
import type { EntityType, MsRange, Piece, RedactionPlan, Segment } from '../../model/transcript.ts';
import { HostedLeg } from './hosted-leg.ts';
import { MAX_EVENT_CHARS, MAX_EVENT_WORDS, type Plans, type Settlement, type SpeechEvent } from './leg-redactor.ts';
import type { Job, JobResult } from './messages.ts';
import { RedactionSeats, type SeatsOptions } from './redaction-seats.ts';
import type { LinkKey } from './linkable-token.ts';
import type { LegOptions, PartialsOf, Redacted, Redaction, Withholding } from './redaction.ts';
import { DETECTOR } from './redactor.ts';
import { countUsed, joinPieces, joinSettlements, NOTHING, withNotice } from './settlement.ts';
import { fits, splitSpeech } from './split-speech.ts';
import type { JobOutcome, Lost, Order, WorkerSeat } from './worker-seat.ts';

export type WithheldReason = Lost | 'oversize' | 'not_open' | 'quarantined';

/** Text that did not get through: to be recorded as a gap. Times are on the leg's stream, where there is one. */
export interface Withheld {
  readonly call: CallId;
  readonly leg?: LegId | undefined;
  readonly reason: WithheldReason;
  readonly startMs?: number | undefined;
  readonly endMs?: number | undefined;
}

export interface RedactionHostOptions extends SeatsOptions {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly onWithheld: (withheld: Withheld) => void;
  /** The tenant's newest, asked for as a leg is opened. Without one there are no linkable tokens. */
  readonly linkKey?: ((tenant: TenantId) => LinkKey | undefined) | undefined;
}

/** A worker's job is at most this long, so that the next tenant's waits for little: some 25 ms of the costliest text. */
const MAX_JOB = { chars: 1024, items: 128 };
const MAX_CALLS = 20_000;
const MAX_LEGS_PER_CALL = 16;

interface CallState {
  readonly tenant: TenantId;
  seat: WorkerSeat;
  readonly legs: Map<LegId, HostedLeg>;
  readonly used: Record<string, number>;
}

export class RedactionHost implements Redaction {
  readonly detector = DETECTOR;
  readonly #options: RedactionHostOptions;
  readonly #seats: RedactionSeats;
  readonly #calls = new Map<CallId, CallState>();
  #nextAnswer = 0;

  constructor(options: RedactionHostOptions) {
    this.#options = options;
    this.#seats = new RedactionSeats(options, (seat, by) => this.#onLost(seat, by));
  }

  /** Starts the workers; resolves when all are warm. Rejects with START_DEADLINE. */
  start(): Promise<void> {
    return this.#seats.start();
  }

  stop(): void {
    this.#seats.stop();
    this.#calls.clear();
  }

  open(call: CallId, leg: LegId, { tenant, ...options }: LegOptions): void {
    const state = this.#calls.get(call) ?? this.#admit(call, tenant);
    if (!state || (state.legs.size >= MAX_LEGS_PER_CALL && !state.legs.has(leg))) return;
    const before = state.legs.get(leg);
    if (before) state.seat.dropIdle(before);
    state.legs.set(leg, new HostedLeg(options));
  }

  replan(call: CallId, leg: LegId, plans: Plans, partials: PartialsOf): void {
    this.#calls.get(call)?.legs.get(leg)?.replan(plans, partials);
  }

  async push(segment: Segment): Promise<Redacted> {
    const { call, leg, final, text, startMs, endMs } = segment;
    const words = segment.words.length > MAX_EVENT_WORDS ? [] : segment.words.map(timesOf);
    const event: SpeechEvent = { final, text, startMs, endMs, words };
    if (!final) return this.#preview(call, leg, event);
    const parts = text.length > MAX_EVENT_CHARS ? undefined : splitSpeech(event, MAX_JOB);
    // A word that is longer than a job is nobody's word.
    if (parts?.every((part) => fits(part.text, MAX_JOB)) !== true) return this.#withholdLeg(call, leg, event);
    let joined: Settlement | undefined;
    for (const part of parts) {
      const redacted = await this.#runOnLeg(call, leg, part, (id) => ({ kind: 'push', id, call, leg, event: part }));
      // What came through before is redacted all the same.
      if (redacted.kind === 'withheld') return joined === undefined ? redacted : { kind: 'settled', ...joined };
      joined = joined === undefined ? redacted : joinSettlements(joined, redacted);
    }
    return { kind: 'settled', ...(joined ?? NOTHING) };
  }

  async advance(call: CallId, leg: LegId, nowMs: number): Promise<Redacted> {
    return this.#runOnLeg(call, leg, undefined, (id) => ({ kind: 'advance', id, call, leg, nowMs }));
  }

  async settle(call: CallId, leg: LegId): Promise<Redacted> {
    return this.#runOnLeg(call, leg, undefined, (id) => ({ kind: 'settle', id, call, leg }));
  }

  async answer(call: CallId, text: string, plan: RedactionPlan): ReturnType<Redaction['answer']> {
    const event = { final: true, text, startMs: 0, endMs: 0, words: [] };
    const parts = text.length > MAX_EVENT_CHARS ? [] : splitSpeech(event, MAX_JOB).map((part) => part.text);
    if (parts.length === 0 || !parts.every((part) => fits(part, MAX_JOB))) {
      return this.#withhold({ call, reason: 'oversize' });
    }
    this.#nextAnswer += 1;
    const answer = this.#nextAnswer;
    const pieces: Piece[] = [];
    for (const [part, share] of parts.entries()) {
      const isLast = part === parts.length - 1;
      const job = { kind: 'answer', call, answer, part, isLast, plan, text: share } as const;
      const outcome = await this.#runOnCall(call, (id) => ({ ...job, id }));
      // Half an answer is none.
      if (outcome.kind === 'withheld') return outcome;
      assert(outcome.kind === 'answered', 'a job is answered in kind');
      pieces.push(...outcome.pieces);
    }
    return { kind: 'answered', piece: joinPieces(pieces) };
  }

  async restore(call: CallId, text: string, types: readonly EntityType[]): ReturnType<Redaction['restore']> {
    const outcome = await this.#runOnCall(call, (id) => ({ kind: 'restore', id, call, text, types }));
    if (outcome.kind === 'withheld') return outcome;
    assert(outcome.kind === 'restored', 'a job is answered in kind');
    return { kind: 'restored', ...outcome.back };
  }

  close(call: CallId): void {
    const state = this.#calls.get(call);
    state?.seat.close(state.tenant, call);
    this.#calls.delete(call);
  }

  /** A job of the whole call, after which no leg is the worse. */
  async #runOnCall(call: CallId, makeJob: Order['makeJob']): Promise<JobResult | Withholding> {
    const state = this.#calls.get(call);
    if (!state) return this.#withhold({ call, reason: 'not_open' });
    if (this.#seats.isQuarantined(state.tenant)) return this.#withhold({ call, reason: 'quarantined' });
    // A new worker is told what the call has been given with its first leg.
    const [first] = state.legs;
    const outcome = await state.seat.run(state.tenant, {
      makeJob,
      preface: first && this.#prefaceOf(call, state, first[0], first[1]),
    });
    if (outcome.kind === 'lost') return this.#withhold({ call, reason: outcome.why });
    if (outcome.result.kind === 'answered') countUsed(state.used, [outcome.result.pieces]);
    return outcome.result;
  }

  async #runOnLeg(
    call: CallId,
    leg: LegId,
    span: MsRange | undefined,
    makeJob: (id: number) => Job,
  ): Promise<Redacted> {
    const state = this.#calls.get(call);
    const hosted = state?.legs.get(leg);
    if (!state || !hosted) return this.#withhold({ call, leg, reason: 'not_open', ...timesOrNone(span) });
    if (this.#seats.isQuarantined(state.tenant)) {
      return this.#withhold({ call, leg, reason: 'quarantined', ...timesOrNone(span) });
    }
    const { generation } = hosted;
    state.seat.dropIdle(hosted);
    const missed = hosted.hear(span);

    const outcome = await state.seat.run(state.tenant, {
      makeJob,
      preface: this.#prefaceOf(call, state, leg, hosted),
    });

    const isStale = hosted.generation !== generation;
    const settlement = settlementOf(outcome);
    if (settlement !== undefined && !isStale) {
      countUsed(state.used, Object.values(settlement.texts));
      return { kind: 'settled', ...(missed ? withNotice(settlement, hosted.plans, missed) : settlement) };
    }
    // A break in the meantime has reopened the leg already; breaking it again would go on for ever.
    if (!isStale) hosted.break(missed, span);
    const reason = outcome.kind === 'lost' ? outcome.why : 'failed';
    return this.#withhold({ call, leg, reason, ...timesOrNone(span) });
  }

  /** Nobody misses a preview that came late or gave way. A detector that throws on one is as broken as on any other. */
  async #preview(call: CallId, leg: LegId, event: SpeechEvent): Promise<Redacted> {
    const state = this.#calls.get(call);
    const hosted = state?.legs.get(leg);
    if (!state || !hosted || !hosted.isPreviewed || this.#seats.isQuarantined(state.tenant))
      return { kind: 'settled', ...NOTHING };
    if (!fits(event.text, MAX_JOB)) return this.#missPreview('oversize');
    const { generation } = hosted;

    const outcome = await state.seat.runIdle(state.tenant, hosted, {
      makeJob: (id) => ({ kind: 'push', id, call, leg, event }),
      preface: this.#prefaceOf(call, state, leg, hosted),
    });

    if (hosted.generation !== generation) return this.#missPreview('stale');
    const settlement = settlementOf(outcome);
    if (settlement !== undefined) return { kind: 'settled', ...settlement };
    const reason = outcome.kind === 'lost' ? outcome.why : 'failed';
    if (reason !== 'failed') return this.#missPreview(reason);
    return this.#withholdLeg(call, leg, event, reason);
  }

  #missPreview(reason: Lost | 'oversize' | 'stale'): Redacted {
    this.#options.metrics.counter('earshot_redaction_previews_missed_total', { reason }).add();
    return { kind: 'settled', ...NOTHING };
  }

  #prefaceOf(call: CallId, state: CallState, leg: LegId, hosted: HostedLeg): Order['preface'] {
    const { generation } = hosted;
    const linkKey = (): LinkKey | undefined => this.#linkKey(state.tenant);
    return () => hosted.prefaceFor(call, leg, { generation, used: state.used, linkKey });
  }

  /** A copy to be given away: its maker keeps his, and whatever lies beside it in memory. */
  #linkKey(tenant: TenantId): LinkKey | undefined {
    const found = this.#options.linkKey?.(tenant);
    return found && { kid: found.kid, key: Uint8Array.from(found.key) };
  }

  /** Nothing of this event goes on, and the leg begins anew with the next one. */
  #withholdLeg(
    call: CallId,
    leg: LegId,
    { startMs, endMs }: MsRange,
    reason: WithheldReason = 'oversize',
  ): Withholding {
    this.#calls.get(call)?.legs.get(leg)?.break({ startMs, endMs });
    return this.#withhold({ call, leg, reason, startMs, endMs });
  }

  #withhold(withheld: Withheld): Withholding {
    this.#options.metrics.counter('earshot_redaction_withheld_total', { reason: withheld.reason }).add();
    this.#options.onWithheld(withheld);
    return { kind: 'withheld' };
  }

  #admit(call: CallId, tenant: TenantId): CallState | undefined {
    if (this.#calls.size >= MAX_CALLS) return undefined;
    const state: CallState = { tenant, seat: this.#seats.next(tenant), legs: new Map(), used: {} };
    this.#calls.set(call, state);
    return state;
  }

  /** Everything on that seat begins anew on the next worker, and the calls of whoever it was lost by on another seat. */
  #onLost(seat: WorkerSeat, by: TenantId | undefined): void {
    const { metrics, log } = this.#options;
    metrics.counter('earshot_redaction_worker_restarts_total').add();
    log.warn({ restarts: seat.restarts, tenant: by }, 'a redaction worker was replaced');
    const { probation } = this.#seats;
    for (const [call, state] of this.#calls) {
      const moves = state.tenant === by && state.seat !== probation;
      if (!moves && state.seat !== seat) continue;
      for (const leg of state.legs.values()) leg.breakIfOpen();
      if (!moves) continue;
      state.seat.close(state.tenant, call);
      state.seat = probation;
    }
  }
}

function settlementOf(outcome: JobOutcome): Settlement | undefined {
  if (outcome.kind === 'lost' || outcome.result.kind !== 'settled') return undefined;
  return outcome.result.settlement;
}

function timesOf({ startMs, endMs }: MsRange): MsRange {
  return { startMs, endMs };
}

function timesOrNone(span: MsRange | undefined): Partial<MsRange> {
  return span === undefined ? {} : timesOf(span);
}
