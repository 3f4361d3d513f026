/**
 * Redaction in worker threads, as the use cases see it. The deadline is held here, on the thread that must not wait;
 * in doubt a leg is withheld, and begins anew as one whose earlier speech was not heard.
 */

import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import { CodedError } from '../../base/error.ts';
import type { CallId, LegId, TenantId } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { Metrics } from '../../base/metrics.ts';
import { threadCpuUs } from '../../base/thread-cpu.ts';
import type { Piece, RedactionPlan, Segment } from '../../model/transcript.ts';
import type { LinkKey } from './linkable-token.ts';
import type { Job, Opening } from './messages.ts';
import type { StartThread } from './redaction-thread.ts';
import type { Redacted, Redaction } from './redaction.ts';
import { startRedactionThread } from './redaction-thread.ts';
import { MAX_EVENT_CHARS, MAX_EVENT_WORDS } from './leg-redactor.ts';
import { DETECTOR } from './redactor.ts';
import { splitSpeech } from './split-speech.ts';
import { WorkerSeat, type Lost } from './worker-seat.ts';

export class RedactionHostError extends CodedError<'START_DEADLINE'> {}

export type WithheldReason = Lost | 'oversize' | 'not_open' | 'quarantined';

/** Text that did not get through: to be recorded as a gap. Times are on the leg's stream, where there is one. */
export interface Withheld {
  readonly call: CallId;
  readonly leg?: LegId | undefined;
  readonly reason: WithheldReason;
  readonly startMs?: number | undefined;
  readonly endMs?: number | undefined;
}

export interface RedactionHostOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly onWithheld: (withheld: Withheld) => void;
  /** What a tenant's linkable tokens are made with; without one they are pseudonyms of the call. */
  readonly linkKey?: ((tenant: TenantId) => LinkKey | undefined) | undefined;
  /** Threads for everybody, and one more for tenants that cost one its life. Default 1. */
  readonly workers?: number;
  /** Per event, from the moment it is handed over. Default 50. */
  readonly deadlineMs?: number;
  readonly startThread?: StartThread;
  readonly cpuMs?: (threadId: number) => number | undefined;
}

/** Given once in the place of what was withheld. */
export const UNAVAILABLE = 'REDACTION_UNAVAILABLE';

const DEADLINE_MS = 50;
/** A worker's job is at most this long, so that the next tenant's waits for little. */
const MAX_JOB_CHARS = 1024;
const START_DEADLINE_MS = 10_000;
/** Workers a tenant may cost before nothing of it is redacted, and so nothing goes on, until the next start. */
const MAX_STRIKES = 3;
const MAX_CALLS = 20_000;
const MAX_LEGS_PER_CALL = 16;

interface LegState {
  readonly plan: RedactionPlan;
  resumed: boolean;
  /** Whether the worker holds a redactor for it that has missed nothing. */
  isOpen: boolean;
  /** What was withheld and has not been said yet. */
  missed: Span | undefined;
  /** How far speech was heard, on the stream's timeline. */
  heardMs: number;
  /** Grows with every break: an answer from before one is not used. */
  generation: number;
}

interface CallState {
  readonly tenant: TenantId;
  seat: WorkerSeat;
  readonly legs: Map<LegId, LegState>;
  readonly used: Record<string, number>;
}

export class RedactionHost implements Redaction {
  readonly detector = DETECTOR;
  readonly #options: RedactionHostOptions;
  readonly #seats: readonly WorkerSeat[];
  /** Where tenants go on whose jobs cost a worker its life: only their like can suffer from the next. */
  readonly #probation: WorkerSeat;
  #isProbationOpen = false;
  readonly #strikes = new Map<TenantId, number>();
  readonly #calls = new Map<CallId, CallState>();
  #nextSeat = 0;

  constructor(options: RedactionHostOptions) {
    this.#options = options;
    this.#seats = Array.from({ length: options.workers ?? 1 }, () => this.#makeSeat());
    this.#probation = this.#makeSeat();
  }

  /** Starts the workers; resolves when all are warm. Rejects with START_DEADLINE. */
  async start(): Promise<void> {
    const ready = Promise.all(this.#seats.map((seat) => seat.start()));
    await new Promise<void>((resolve, reject) => {
      const cancel = this.#options.clock.after(START_DEADLINE_MS, () =>
        reject(new RedactionHostError('START_DEADLINE', 'redaction workers were not ready in time')),
      );
      void ready.then(() => {
        cancel();
        resolve();
      });
    });
  }

  stop(): void {
    for (const seat of [...this.#seats, this.#probation]) seat.stop();
    this.#calls.clear();
  }

  open(call: CallId, leg: LegId, options: Parameters<Redaction['open']>[2]): void {
    const { tenant, plan, resumed } = options;
    const state = this.#calls.get(call) ?? this.#admit(call, tenant);
    if (!state || (state.legs.size >= MAX_LEGS_PER_CALL && !state.legs.has(leg))) return;
    state.legs.set(leg, { plan, resumed, isOpen: false, missed: undefined, heardMs: 0, generation: 0 });
  }

  async push(segment: Segment): Promise<Redacted> {
    const { call, leg, final, text, startMs, endMs } = segment;
    const span = { startMs, endMs };
    if (text.length > MAX_EVENT_CHARS) return this.#withholdLeg(call, leg, 'oversize', span);
    // A redactor passes over partial results, so they take nobody's turn.
    if (!final) return { kind: 'pieces', pieces: [] };
    const words = segment.words.length > MAX_EVENT_WORDS ? [] : segment.words.map(timesOf);
    const pieces: Piece[] = [];
    for (const event of splitSpeech({ final, text, startMs, endMs, words }, MAX_JOB_CHARS)) {
      const part = { startMs: event.startMs, endMs: event.endMs };
      const redacted = await this.#runOnLeg(call, leg, part, (id) => ({ kind: 'push', id, call, leg, event }));
      // What came through before is redacted all the same.
      if (redacted.kind === 'withheld') return pieces.length > 0 ? { kind: 'pieces', pieces } : redacted;
      pieces.push(...redacted.pieces);
    }
    return { kind: 'pieces', pieces };
  }

  async settle(call: CallId, leg: LegId): Promise<Redacted> {
    return this.#runOnLeg(call, leg, undefined, (id) => ({ kind: 'settle', id, call, leg }));
  }

  async answer(call: CallId, text: string): Promise<Redacted> {
    const state = this.#calls.get(call);
    const plan = state?.legs.values().next().value?.plan;
    if (!state || !plan) return this.#withhold({ call, reason: 'not_open' });
    if (text.length > MAX_EVENT_CHARS) return this.#withhold({ call, reason: 'oversize' });
    if (this.#isQuarantined(state)) return this.#withhold({ call, reason: 'quarantined' });
    const outcome = await state.seat.run(state.tenant, (id) => ({ kind: 'answer', id, call, plan, text }));
    if (outcome.kind === 'lost') return this.#withhold({ call, reason: outcome.why });
    countUsed(state.used, outcome.pieces);
    return { kind: 'pieces', pieces: outcome.pieces };
  }

  close(call: CallId): void {
    const state = this.#calls.get(call);
    state?.seat.close(state.tenant, call);
    this.#calls.delete(call);
  }

  async #runOnLeg(call: CallId, leg: LegId, span: Span | undefined, makeJob: (id: number) => Job): Promise<Redacted> {
    const state = this.#calls.get(call);
    const legState = state?.legs.get(leg);
    if (!state || !legState) return this.#withhold({ call, leg, reason: 'not_open', ...span });
    if (this.#isQuarantined(state)) return this.#withhold({ call, leg, reason: 'quarantined', ...span });
    const { plan, resumed, missed, generation } = legState;
    const opening: Opening | undefined = legState.isOpen
      ? undefined
      : { kind: 'open', call, leg, plan, resumed, used: { ...state.used } };
    // Where the worker never gets it, it does not get the job either, and that breaks the leg.
    legState.isOpen = true;
    legState.missed = undefined;
    legState.heardMs = span?.endMs ?? legState.heardMs;

    const outcome = await state.seat.run(state.tenant, makeJob, opening);

    const isStale = legState.generation !== generation;
    if (outcome.kind === 'settled' && !isStale) {
      countUsed(state.used, outcome.pieces);
      return { kind: 'pieces', pieces: missed ? [notice(missed), ...outcome.pieces] : outcome.pieces };
    }
    // A break in the meantime has reopened the leg already; breaking it again would go on for ever.
    if (!isStale) breakLeg(legState, widen(missed, span));
    return this.#withhold({ call, leg, reason: outcome.kind === 'lost' ? outcome.why : 'failed', ...span });
  }

  /** Nothing of this event goes on, and the leg begins anew with the next one. */
  #withholdLeg(call: CallId, leg: LegId, reason: WithheldReason, span: Span): Redacted {
    const legState = this.#calls.get(call)?.legs.get(leg);
    if (legState) breakLeg(legState, span);
    return this.#withhold({ call, leg, reason, ...span });
  }

  #withhold(withheld: Withheld): Redacted {
    this.#options.metrics.counter('earshot_redaction_withheld_total', { reason: withheld.reason }).add();
    this.#options.onWithheld(withheld);
    return { kind: 'withheld' };
  }

  #admit(call: CallId, tenant: TenantId): CallState | undefined {
    if (this.#calls.size >= MAX_CALLS) return undefined;
    const seat = this.#strikes.has(tenant) ? this.#probation : this.#seats[this.#nextSeat % this.#seats.length];
    assert(seat, 'there is at least one redaction worker');
    this.#nextSeat += 1;
    const state: CallState = { tenant, seat, legs: new Map(), used: {} };
    this.#calls.set(call, state);
    return state;
  }

  #makeSeat(): WorkerSeat {
    const { clock, log, metrics, startThread, cpuMs, deadlineMs } = this.#options;
    const seat: WorkerSeat = new WorkerSeat({
      start: startThread ?? startRedactionThread,
      clock,
      cpuMs: cpuMs ?? threadCpuMs,
      deadlineMs: deadlineMs ?? DEADLINE_MS,
      onLost: (by) => {
        metrics.counter('earshot_redaction_worker_restarts_total').add();
        log.warn({ restarts: seat.restarts, tenant: by }, 'a redaction worker was replaced');
        this.#breakLegsOf(seat);
        if (by !== undefined) this.#strike(by);
      },
    });
    return seat;
  }

  /** What cost a worker its life goes on where only its like can suffer from it, and three times at most. */
  #strike(tenant: TenantId): void {
    this.#strikes.set(tenant, (this.#strikes.get(tenant) ?? 0) + 1);
    if (!this.#isProbationOpen) void this.#probation.start();
    this.#isProbationOpen = true;
    for (const [call, state] of this.#calls) {
      if (state.tenant !== tenant || state.seat === this.#probation) continue;
      state.seat.close(tenant, call);
      state.seat = this.#probation;
      for (const leg of state.legs.values()) if (leg.isOpen) breakLeg(leg, undefined);
    }
  }

  #isQuarantined({ tenant }: CallState): boolean {
    return (this.#strikes.get(tenant) ?? 0) >= MAX_STRIKES;
  }

  #breakLegsOf(seat: WorkerSeat): void {
    for (const state of this.#calls.values()) {
      if (state.seat !== seat) continue;
      for (const leg of state.legs.values()) if (leg.isOpen) breakLeg(leg, undefined);
    }
  }
}

interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

function breakLeg(leg: LegState, span: Span | undefined): void {
  leg.isOpen = false;
  leg.resumed = true;
  leg.generation += 1;
  leg.missed = widen(leg.missed, span) ?? { startMs: leg.heardMs, endMs: leg.heardMs };
}

function widen(a: Span | undefined, b: Span | undefined): Span | undefined {
  if (!a || !b) return a ?? b;
  return { startMs: Math.min(a.startMs, b.startMs), endMs: Math.max(a.endMs, b.endMs) };
}

/** Stands where text was withheld. Spaces around it, as the redactor that comes after knows of nothing before. */
function notice(missed: Span): Piece {
  const text = ` [${UNAVAILABLE}] `;
  return { text, entities: [{ type: UNAVAILABLE, start: 1, end: text.length - 1 }], ...missed };
}

/** Upper bound of the placeholder numbers in use, so that a new worker gives no old name to a new value. */
function countUsed(used: Record<string, number>, pieces: readonly Piece[]): void {
  for (const { entities } of pieces) for (const { type } of entities) used[type] = (used[type] ?? 0) + 1;
}

function timesOf(word: Span): Span {
  return { startMs: word.startMs, endMs: word.endMs };
}

function threadCpuMs(threadId: number): number | undefined {
  const us = threadCpuUs(threadId);
  return us === undefined ? undefined : us / 1000;
}
