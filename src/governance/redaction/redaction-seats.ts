/**
 * The redaction workers and who sits with which: everybody with everybody, until a tenant's job costs one its life. From
 * then on that tenant goes on apart, where only its like can suffer from it, and three times at most.
 */

import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import { CodedError } from '../../base/error.ts';
import type { TenantId } from '../../base/ids.ts';
import { threadCpuUs } from '../../base/thread-cpu.ts';
import { startRedactionThread, type StartThread } from './redaction-thread.ts';
import { WorkerSeat } from './worker-seat.ts';

export class RedactionHostError extends CodedError<'START_DEADLINE'> {}

export interface SeatsOptions {
  readonly clock: Clock;
  /** Threads for everybody, and one more for tenants that cost one its life. Default 1. */
  readonly workers?: number | undefined;
  /** Per event, from the moment it is handed over. Default 50. */
  readonly deadlineMs?: number | undefined;
  readonly startThread?: StartThread | undefined;
  readonly cpuMs?: ((threadId: number) => number | undefined) | undefined;
}

/** What a seat held is gone; by whose job, where it was one. */
export type OnLost = (seat: WorkerSeat, by: TenantId | undefined) => void;

const DEADLINE_MS = 50;
const START_DEADLINE_MS = 10_000;
/** Workers a tenant may cost before nothing of it is redacted, and so nothing goes on, until the next start. */
const MAX_STRIKES = 3;

export class RedactionSeats {
  readonly #clock: Clock;
  readonly #seats: readonly WorkerSeat[];
  /** Where tenants go on whose jobs cost a worker its life. */
  readonly probation: WorkerSeat;
  #isProbationOpen = false;
  readonly #strikes = new Map<TenantId, number>();
  #next = 0;

  constructor(options: SeatsOptions, onLost: OnLost) {
    this.#clock = options.clock;
    const makeSeat = (): WorkerSeat => {
      const seat: WorkerSeat = new WorkerSeat({
        start: options.startThread ?? startRedactionThread,
        clock: options.clock,
        cpuMs: options.cpuMs ?? threadCpuMs,
        deadlineMs: options.deadlineMs ?? DEADLINE_MS,
        onLost: (by) => {
          if (by !== undefined) this.#strike(by);
          onLost(seat, by);
        },
      });
      return seat;
    };
    this.#seats = Array.from({ length: options.workers ?? 1 }, makeSeat);
    this.probation = makeSeat();
  }

  /** Starts the workers; resolves when all are warm. Rejects with START_DEADLINE. */
  async start(): Promise<void> {
    const ready = Promise.all(this.#seats.map((seat) => seat.start()));
    await new Promise<void>((resolve, reject) => {
      const cancel = this.#clock.after(START_DEADLINE_MS, () =>
        reject(new RedactionHostError('START_DEADLINE', 'redaction workers were not ready in time')),
      );
      void ready.then(() => {
        cancel();
        resolve();
      });
    });
  }

  stop(): void {
    for (const seat of [...this.#seats, this.probation]) seat.stop();
  }

  /** Where a further call of the tenant is redacted, for as long as it may stay there. */
  next(tenant: TenantId): WorkerSeat {
    const seat = this.#strikes.has(tenant) ? this.probation : this.#seats[this.#next % this.#seats.length];
    assert(seat, 'there is at least one redaction worker');
    this.#next += 1;
    return seat;
  }

  /** Whether the tenant has cost as many workers as it may. */
  isQuarantined(tenant: TenantId): boolean {
    return (this.#strikes.get(tenant) ?? 0) >= MAX_STRIKES;
  }

  #strike(tenant: TenantId): void {
    this.#strikes.set(tenant, (this.#strikes.get(tenant) ?? 0) + 1);
    if (!this.#isProbationOpen) void this.probation.start();
    this.#isProbationOpen = true;
  }
}

function threadCpuMs(threadId: number): number | undefined {
  const us = threadCpuUs(threadId);
  return us === undefined ? undefined : us / 1000;
}
