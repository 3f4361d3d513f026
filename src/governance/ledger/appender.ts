/**
 * The ledger as the rest of governance uses it: checks an entry, queues it, and answers when it is durable or when the
 * caller's time is up. What it accepted it either makes durable or fails aloud.
 */

import { assert } from '../../base/assert.ts';
import type { Cancel, Clock } from '../../base/clock.ts';
import type { RandomBytes } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import { Metrics } from '../../base/metrics.ts';
import { isEntryBody, SYSTEM_LOG, type EntryBody, type EntryKind } from '../../model/evidence.ts';
import type { Abandonment } from './abandon.ts';
import { fitsEntry, type Instant } from './chain.ts';
import type { ChainStore } from './chain-store.ts';
import { BATCH_ROWS, ChainWriter } from './chain-writer.ts';
import { EntryQueues, type Purpose, type QueueLimits, type Waiting } from './entry-queues.ts';
import { LedgerError, type Ledger, type LogName, type Receipt } from './ledger.ts';

export interface AppenderOptions {
  readonly store: ChainStore;
  readonly node: string;
  /** Name and version of this software, as `epoch.open` records it. */
  readonly software: string;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
  readonly metrics?: Metrics;
  readonly limits?: QueueLimits;
  /** Called whenever `isAvailable` changes, with the reason; `open` when it became true. */
  readonly onAvailability?: (isAvailable: boolean, reason: string) => void;
  /** Called once it is known what an earlier life of this node left behind; none of it is durable yet. */
  readonly onAbandoned?: (found: Abandonment) => void;
}

const LIMITS: QueueLimits = { grants: 256, urgent: 1024, notes: 4096, total: 65_536 };
const BATCH_DELAY_MS = 2;
const APPEND_LIMIT_MS = 5000;
const STOP_LIMIT_MS = 5000;

/** What only the ledger itself may say. */
const OWN_KINDS: ReadonlySet<EntryKind> = new Set([
  'epoch.open',
  'epoch.close',
  'epoch.abandoned',
  'heartbeat',
  'void',
]);

export class Appender implements Ledger {
  readonly #options: AppenderOptions;
  readonly #metrics: Metrics;
  readonly #queues: EntryQueues;
  readonly #writer: ChainWriter;
  #batchTimer: Cancel | undefined;
  #notesLost = 0;

  constructor(options: AppenderOptions) {
    this.#options = options;
    this.#metrics = options.metrics ?? new Metrics();
    this.#queues = new EntryQueues(options.limits ?? LIMITS);
    this.#writer = new ChainWriter({
      ...options,
      metrics: this.#metrics,
      queues: this.#queues,
      onAvailability: (isAvailable, reason) => this.#onAvailability(isAvailable, reason),
      onAbandoned: (found) => options.onAbandoned?.(found),
    });
  }

  get isAvailable(): boolean {
    return this.#writer.isAvailable;
  }

  /** Entries that wait for their place. */
  get waiting(): number {
    return this.#queues.size;
  }

  /** Last durable entry of every open chain: what the call plane remembers for us across a loss of the database. */
  get heads(): readonly Receipt[] {
    return this.#writer.heads;
  }

  /** Begins in the background; entries may be queued at once and are durable once the database answers. */
  start(): void {
    this.#writer.start();
  }

  /** Makes durable what is queued, closes the epoch and refuses everything after. Takes no longer than 5 s. */
  async stop(): Promise<void> {
    await this.#writer.stop(STOP_LIMIT_MS);
    this.#batchTimer?.();
  }

  append(
    log: LogName,
    body: EntryBody,
    options: { readonly deadlineMs?: number; readonly urgent?: boolean } = {},
  ): Promise<Receipt> {
    const refusal = this.#refuse(log, body);
    if (refusal) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      let isOver = false;
      const end = (): boolean => {
        if (isOver) return false;
        isOver = true;
        cancel();
        return true;
      };
      const entry = this.#wait(log, body, {
        purpose: options.urgent === true ? 'urgent' : 'grant',
        settle: (receipt) => {
          if (!end()) return false;
          resolve(receipt);
          return true;
        },
        fail: (error) => {
          if (end()) reject(error);
        },
      });
      const cancel = this.#options.clock.after(options.deadlineMs ?? APPEND_LIMIT_MS, () => {
        // One that has no place yet simply never existed; one in flight may still land, and is then voided.
        this.#queues.withdraw(entry);
        this.#count('deadline');
        entry.fail(new LedgerError('DEADLINE', 'the entry was not known to be durable in time'));
      });
      if (this.#offer(entry)) return;
      this.#count('quota');
      entry.fail(new LedgerError('QUOTA', 'too many entries of this log are waiting'));
    });
  }

  note(log: LogName, body: EntryBody): void {
    const refusal = this.#refuse(log, body);
    if (refusal?.code === 'INVALID_ENTRY') {
      this.#options.log.error({ kind: body.kind }, 'a note that is no valid entry was refused');
    }
    const entry = this.#wait(log, body, { purpose: 'note', settle: () => true, fail: () => this.#loseNote() });
    if (refusal || !this.#offer(entry)) this.#loseNote();
  }

  /** Whether the ledger holds exactly this entry: false for one that a failover lost. */
  hasHead(head: Receipt): Promise<boolean> {
    return this.#options.store.hasEntry(head);
  }

  /** Ends the epochs of another node, known to be dead, and accounts for what it left open. */
  abandon(node: string): Promise<Abandonment> {
    assert(node !== this.#options.node, 'a living writer does not abandon itself');
    return this.#writer.abandon(node);
  }

  #refuse(log: string, body: EntryBody): LedgerError | undefined {
    if (this.#writer.halted) return new LedgerError(this.#writer.halted, 'the ledger takes no more entries');
    const isSound = !OWN_KINDS.has(body.kind) && isEntryBody(body) && fitsEntry(body, log, this.#options.node);
    if (isSound) return undefined;
    this.#count('invalid');
    return new LedgerError('INVALID_ENTRY', 'not an entry, or larger than one may be');
  }

  #wait(
    log: string,
    body: EntryBody,
    answer: { readonly purpose: Purpose; readonly settle: Waiting['settle']; readonly fail: Waiting['fail'] },
  ): Waiting {
    const { clock } = this.#options;
    const instant: Instant = { at_ms: Math.trunc(clock.wallMs()), mono_us: Math.trunc(clock.monoUs()) };
    return { log, body, instant, ...answer };
  }

  /** A batch starts when it is full or its first entry has waited long enough. */
  #offer(entry: Waiting): boolean {
    if (!this.#queues.offer(entry)) return false;
    if (this.#queues.size >= BATCH_ROWS) {
      this.#writer.wake();
    } else {
      this.#batchTimer ??= this.#options.clock.after(BATCH_DELAY_MS, () => {
        this.#batchTimer = undefined;
        this.#writer.wake();
      });
    }
    return true;
  }

  #loseNote(): void {
    this.#notesLost += 1;
    this.#count('note_lost');
  }

  #onAvailability(isAvailable: boolean, reason: string): void {
    this.#metrics.gauge('earshot_ledger_available').set(isAvailable ? 1 : 0);
    if (isAvailable) this.#options.log.info({ reason }, 'the ledger is available');
    else if (reason === 'STOPPED') this.#options.log.info({ reason }, 'the ledger is closed');
    else this.#options.log.warn({ reason }, 'the ledger is not available');
    if (isAvailable && this.#notesLost > 0) {
      this.#notesLost = 0;
      this.note(SYSTEM_LOG, { kind: 'incident', code: 'notes_lost' });
    }
    this.#options.onAvailability?.(isAvailable, reason);
  }

  #count(reason: string): void {
    this.#metrics.counter('earshot_ledger_refused_total', { reason }).add();
  }
}
