/**
 * One fault with real calls around it: a call that was there before, as many as are made meanwhile, everything between
 * the phones captured, and the evidence of just these calls at the end. It judges nothing.
 */

import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { VerifyReport } from '../../src/governance/ledger/verify.ts';
import type { Entry } from '../../src/model/evidence.ts';
import type { Delivery, MoodyConnection, MoodyRecogniser } from '../journeys/support/moody-recogniser.ts';
import { ofKind, until } from '../journeys/support/stage.ts';
import type { Baresip } from './baresip.ts';
import type { Capture, CapturedStream } from './capture.ts';
import type { PhoneStage } from './phone-stage.ts';

export interface Aftermath {
  /** One per phone and call. */
  readonly streams: readonly CapturedStream[];
  /** From the first call being up to the line drawn under the capture. */
  readonly lengthMs: number;
  /** Of the calls of this run. */
  readonly entries: readonly Entry[];
  readonly deliveries: readonly Delivery[];
  readonly receivedBytes: number;
  readonly report: VerifyReport;
}

export class FaultRun {
  readonly #phones: PhoneStage;
  readonly #recogniser: MoodyRecogniser;
  readonly #capture: Capture;
  readonly #earlier: { readonly calls: ReadonlySet<string>; readonly connections: number; readonly deliveries: number };
  readonly #callers: Baresip[] = [];
  #upAtMs = 0;

  private constructor(phones: PhoneStage, recogniser: MoodyRecogniser, capture: Capture, calls: ReadonlySet<string>) {
    this.#phones = phones;
    this.#recogniser = recogniser;
    this.#capture = capture;
    const { connections, deliveries } = recogniser;
    this.#earlier = { calls, connections: connections.length, deliveries: deliveries.length };
  }

  /** Captures, and makes the first call; what is left of it when the test is over is taken down. */
  static async begin(phones: PhoneStage, recogniser: MoodyRecogniser): Promise<FaultRun> {
    const calls = new Set(ofKind(await phones.stage.entries(), 'call.open').map(({ call }) => call));
    const run = new FaultRun(phones, recogniser, await phones.capture(), calls);
    onTestFinished(() => run.#leave());
    await run.dial();
    run.#upAtMs = systemClock.wallMs();
    return run;
  }

  /** One more call, up and heard by both phones. */
  async dial(): Promise<void> {
    this.#callers.push(await this.#phones.dial());
  }

  /** The recogniser's connections of this run, in the order they came. */
  get connections(): readonly MoodyConnection[] {
    return this.#recogniser.connections.slice(this.#earlier.connections);
  }

  /** How many of them are open and have got audio. */
  get heard(): number {
    return this.connections.filter(({ isOpen, bytesReceived }) => isOpen && bytesReceived > 0).length;
  }

  get receivedBytes(): number {
    return this.#deliveries.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Entries of the calls of this run so far. */
  async entries(): Promise<readonly Entry[]> {
    const all = await this.#phones.stage.entries();
    return all.filter((entry) => {
      const call = 'call' in entry ? entry.call : undefined;
      return call !== undefined && !this.#earlier.calls.has(call);
    });
  }

  /** Compares both sides, hangs up, and waits until every call is closed in the ledger. */
  async end(): Promise<Aftermath> {
    const lengthMs = systemClock.wallMs() - this.#upAtMs;
    const streams = await this.#capture.compare();
    await Promise.all(this.#callers.map((caller) => caller.stop()));
    const calls = this.#callers.length;
    await until('the calls are closed', async () => ofKind(await this.entries(), 'call.close').length >= calls, 30_000);
    return {
      streams,
      lengthMs,
      entries: await this.entries(),
      deliveries: this.#deliveries,
      receivedBytes: this.receivedBytes,
      report: await this.#phones.stage.verify(),
    };
  }

  get #deliveries(): readonly Delivery[] {
    return this.#recogniser.deliveries.slice(this.#earlier.deliveries);
  }

  async #leave(): Promise<void> {
    this.#recogniser.behave('well');
    await Promise.all(this.#callers.map((caller) => caller.stop()));
    await this.#capture.end();
  }
}
