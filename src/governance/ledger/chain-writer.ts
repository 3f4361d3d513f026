/**
 * The one loop that makes entries durable: opens an epoch, commits batches one at a time, closes the epoch, begins the
 * next. A batch is repeated byte for byte until its fate is known; only a fence or a stop ends the loop.
 */

import type { Clock } from '../../base/clock.ts';
import { newId, type RandomBytes } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { Metrics } from '../../base/metrics.ts';
import { SYSTEM_LOG, type EntryBody } from '../../model/evidence.ts';
import { monthOf } from '../../store/month.ts';
import type { EntryRow } from '../../store/schema.ts';
import type { Abandonment } from './abandon.ts';
import { receiptOf, type Instant } from './chain.ts';
import type { ChainStore } from './chain-store.ts';
import type { EntryQueues, Waiting } from './entry-queues.ts';
import { EpochChains } from './epoch-chains.ts';
import { heartbeatsOf } from './heartbeat.ts';
import { LedgerError, type Receipt } from './ledger.ts';
import { OutOfPatience, Patience } from './patience.ts';
import { Remains } from './remains.ts';
import { WakeSignal } from './wake-signal.ts';

export interface ChainWriterOptions {
  readonly store: ChainStore;
  readonly queues: EntryQueues;
  readonly node: string;
  /** Name and version of this software, as `epoch.open` records it. */
  readonly software: string;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Called whenever the ledger opens or stops being available, with the reason. */
  readonly onAvailability: (isAvailable: boolean, reason: string) => void;
  /** Called once it is known what an earlier life of this node left behind; none of it is durable yet. */
  readonly onAbandoned: (found: Abandonment) => void;
}

/** Why the loop ended: another writer took over, we were told to, or a promise of ours was broken. */
export type HaltCode = 'FENCED' | 'STOPPED' | 'UNAVAILABLE';

export const BATCH_ROWS = 256;
const EPOCH_LIFE_MS = 24 * 3_600_000;
const HEARTBEAT_MS = 10_000;
/** How far back a cleanly closed epoch is looked for, to link the new chains to it. */
const PREVIOUS_WITHIN_MS = 7 * EPOCH_LIFE_MS;

export class ChainWriter {
  readonly #options: ChainWriterOptions;
  readonly #work = new WakeSignal();
  readonly #patience: Patience;
  readonly #toAbandon: { readonly node: string; readonly done: (found: Abandonment) => void }[] = [];
  readonly #remains: Remains;
  #chains: EpochChains | undefined;
  #inFlight: readonly Waiting[] = [];
  #isStopping = false;
  #heartbeatsQueued = 0;
  #halted: HaltCode | undefined;
  #running: Promise<void> | undefined;

  constructor(options: ChainWriterOptions) {
    this.#options = options;
    this.#patience = new Patience(options);
    this.#remains = new Remains({
      ...options,
      patience: this.#patience,
      queue: (log, body, onDurable) => this.#queueOwn(log, body, onDurable),
    });
  }

  get isAvailable(): boolean {
    return this.#patience.isAvailable;
  }

  get halted(): HaltCode | undefined {
    return this.#halted;
  }

  get heads(): Receipt[] {
    return this.#chains?.heads ?? [];
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Writes what is queued and closes the epoch; gives up after `limitMs`, and a later start will account for it. */
  async stop(limitMs: number): Promise<void> {
    this.#isStopping = true;
    const cancel = this.#options.clock.after(limitMs, () => this.#patience.end());
    this.#work.set();
    this.#patience.hurry();
    await this.#running;
    cancel();
  }

  /** Says that there are entries worth a batch. */
  wake(): void {
    this.#work.set();
  }

  /** Ends the epochs of another node, known to be dead, and accounts for them here. */
  abandon(node: string): Promise<Abandonment> {
    return new Promise((done) => {
      this.#toAbandon.push({ node, done });
      this.#work.set();
    });
  }

  async #run(): Promise<void> {
    const stopHeartbeats = this.#options.clock.every(HEARTBEAT_MS, () => this.#queueHeartbeats());
    let code: HaltCode = 'STOPPED';
    try {
      for (let chains = await this.#openFirst(); ; chains = await this.#openNext(chains)) {
        await this.#serve(chains);
        await this.#close(chains);
        if (this.#isStopping) break;
      }
    } catch (thrown) {
      if (thrown instanceof Fenced) {
        code = 'FENCED';
      } else if (!(thrown instanceof OutOfPatience)) {
        code = 'UNAVAILABLE';
        this.#options.log.error({ error: thrown }, 'the ledger stopped on a broken promise');
      }
    }
    stopHeartbeats();
    this.#halt(code);
  }

  async #openFirst(): Promise<EpochChains> {
    const { store, node, clock } = this.#options;
    const epoch = this.#newEpoch();
    await this.#patience.insist(() => store.openEpoch(epoch));
    const found = await this.#remains.collect(node, epoch.epoch);
    const heads = await this.#patience.insist(async () => {
      if (found.epochs.length > 0) return found.heads;
      const closed = (await store.findClosedEpochs(node, clock.wallMs() - PREVIOUS_WITHIN_MS)).at(-1);
      return closed ? store.findHeads(closed) : [];
    });
    return this.#begin(epoch, heads);
  }

  async #openNext(last: EpochChains): Promise<EpochChains> {
    const epoch = this.#newEpoch();
    await this.#patience.insist(() => this.#options.store.openEpoch(epoch));
    return this.#begin(epoch, last.heads);
  }

  #newEpoch(): EpochChains['epoch'] {
    const { node, clock, random } = this.#options;
    const nowMs = Math.trunc(clock.wallMs());
    return { node, epoch: newId('epoch', random), month: monthOf(nowMs), opened_ms: nowMs };
  }

  #begin(epoch: EpochChains['epoch'], previous: readonly Receipt[]): EpochChains {
    const { software } = this.#options;
    const chains = new EpochChains({ epoch, software, previous: new Map(previous.map((head) => [head.log, head])) });
    this.#chains = chains;
    this.#patience.set(true, 'open');
    this.#queueHeartbeats();
    return chains;
  }

  async #serve(chains: EpochChains): Promise<void> {
    while (!this.#isStopping && !this.#isOver(chains)) {
      const request = this.#toAbandon.shift();
      if (request) request.done(await this.#remains.collect(request.node));
      if (!(await this.#commitNext(chains))) await this.#work.wait(this.#options.clock);
      await this.#remains.settle(chains.epoch.epoch);
    }
  }

  /** Another partition begins with every month, and no epoch outlives a day. */
  #isOver({ epoch }: EpochChains): boolean {
    const nowMs = this.#options.clock.wallMs();
    return nowMs - epoch.opened_ms >= EPOCH_LIFE_MS || monthOf(nowMs) !== epoch.month;
  }

  async #close(chains: EpochChains): Promise<void> {
    while (this.#isStopping && (await this.#commitNext(chains)));
    await this.#remains.settle(chains.epoch.epoch);
    const now = this.#now();
    await this.#commitRows(chains, [...chains.voidUnused(now), ...chains.closeTenants(now)]);
    await this.#commitRows(chains, chains.closeSystem(now));
    const { node, epoch } = chains.epoch;
    await this.#patience.insist(() => this.#options.store.endEpoch({ node, epoch, how: 'closed', at_ms: now.at_ms }));
  }

  /** Places and commits what is queued, up to one batch; false when there was nothing. */
  async #commitNext(chains: EpochChains): Promise<boolean> {
    const now = this.#now();
    const rows = chains.voidUnused(now);
    const placed: { readonly entry: Waiting; readonly receipt: Receipt }[] = [];
    for (const entry of this.#options.queues.take(BATCH_ROWS)) {
      const added = chains.place(entry.log, entry.body, entry.instant, now);
      rows.push(...added);
      const own = added.at(-1);
      if (own) placed.push({ entry, receipt: receiptOf(own) });
    }
    if (rows.length === 0) return false;
    this.#inFlight = placed.map(({ entry }) => entry);
    await this.#commitRows(chains, rows);
    this.#inFlight = [];
    for (const { entry, receipt } of placed) if (!entry.settle(receipt)) chains.markUnused(receipt);
    return true;
  }

  async #commitRows(chains: EpochChains, rows: readonly EntryRow[]): Promise<void> {
    const { store, metrics, log } = this.#options;
    for (let from = 0; from < rows.length; from += 2 * BATCH_ROWS) {
      const batch = rows.slice(from, from + 2 * BATCH_ROWS);
      const outcome = await this.#patience.insist(() => store.append(batch));
      if (outcome !== 'committed') {
        log.error({ outcome, epoch: chains.epoch.epoch }, 'another writer took this epoch');
        throw new Fenced();
      }
      chains.confirm(batch);
      metrics.counter('earshot_ledger_entries_total').add(batch.length);
      metrics.counter('earshot_ledger_batches_total').add();
    }
  }

  /** Skipped while the last ones are still waiting: a stall must not pile them up. */
  #queueHeartbeats(): void {
    if (this.#heartbeatsQueued > 0 || !this.#chains || this.#halted) return;
    for (const body of heartbeatsOf(this.#chains.heads)) {
      this.#heartbeatsQueued += 1;
      this.#queueOwn(SYSTEM_LOG, body, () => (this.#heartbeatsQueued -= 1));
    }
    this.#work.set();
  }

  #queueOwn(log: string, body: EntryBody, onDurable: () => void): void {
    const settle = (): boolean => {
      onDurable();
      return true;
    };
    this.#options.queues.offer({ log, body, instant: this.#now(), purpose: 'own', settle, fail: () => undefined });
  }

  #halt(code: HaltCode): void {
    this.#halted = code;
    this.#patience.set(false, code);
    const error = new LedgerError(code, 'the ledger takes no more entries');
    for (const entry of [...this.#inFlight, ...this.#options.queues.take(Infinity)]) entry.fail(error);
    this.#inFlight = [];
    for (const request of this.#toAbandon.splice(0)) request.done({ epochs: [], heads: [], leases: [] });
  }

  #now(): Instant {
    const { clock } = this.#options;
    return { at_ms: Math.trunc(clock.wallMs()), mono_us: Math.trunc(clock.monoUs()) };
  }
}

class Fenced extends Error {}
