/** One flow of calls through a node by sipp: its runs, what they made of it, and what each side got of the other's. */

import { freeUdpPort } from '../../../src/cli/demo-node.ts';
import { Sipp } from '../sipp.ts';
import type { CallFlow } from './call-flows.ts';
import { flaws, type Carriage } from './carried.ts';
import type { TracedMessage } from './trace.ts';

export interface Callers {
  /** The number that is called: which tenant it is. */
  readonly user: string;
  readonly callsPerSecond: number;
  readonly calls: number;
  readonly fields?: readonly string[];
}

export interface FlowPlaces {
  readonly nodePort: number;
  readonly calleePort: number;
  readonly callers: readonly Callers[];
  /** Calls that the callee gets, where others get some too. */
  readonly answered?: number;
}

export interface FlowOutcome {
  readonly seconds: number;
  readonly codes: readonly (number | null)[];
  readonly succeeded: readonly number[];
  /** Every counter of sipp's that tells of a surprise, and what it said of it. */
  readonly surprises: readonly Readonly<Record<string, number>>[];
  readonly complaints: string;
}

export class FlowRun {
  readonly #callers: readonly Sipp[];
  readonly #callee: Sipp;
  readonly #startedAt = performance.now();

  private constructor(callers: readonly Sipp[], callee: Sipp) {
    this.#callers = callers;
    this.#callee = callee;
  }

  /** Starts a sipp for all callees, and one for each of the callers. */
  static async start(
    program: string,
    flow: CallFlow,
    { nodePort, calleePort, callers, answered }: FlowPlaces,
  ): Promise<FlowRun> {
    const calls = answered ?? callers.reduce((sum, each) => sum + each.calls, 0);
    const callee = await Sipp.start({ program, scenario: { xml: flow.callee }, port: calleePort, calls, traced: true });
    const started: Sipp[] = [];
    try {
      for (const { user, callsPerSecond, calls: ownCalls, fields } of callers) {
        const calling = { port: nodePort, callsPerSecond, user, ...(fields ? { fields } : {}) };
        const [scenario, port] = [{ xml: flow.caller }, await freeUdpPort()];
        started.push(await Sipp.start({ program, scenario, port, calls: ownCalls, calling, traced: true }));
      }
    } catch (thrown) {
      await Promise.all([callee, ...started].map((run) => run.stop()));
      throw thrown;
    }
    return new FlowRun(started, callee);
  }

  /** Resolves when every call is over, or the time. */
  async finished(limitMs: number): Promise<FlowOutcome> {
    const runs = [...this.#callers, this.#callee];
    const codes = await Promise.all(runs.map((run) => run.finished(limitMs)));
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const outcomes = runs.map((run) => run.outcome());
    return {
      seconds,
      codes,
      succeeded: outcomes.map(({ succeeded }) => succeeded),
      surprises: outcomes.map(({ surprises }) => surprises).filter((each) => Object.keys(each).length > 0),
      complaints: runs.map((run) => run.complaints()).join(''),
    };
  }

  /** How one caller's calls were carried: those that were written down whole, and what was wrong with them. */
  compare(caller: number, how: Carriage): { readonly compared: number; readonly flaws: readonly string[] } {
    const callee = this.#callee.trace();
    const found: string[] = [];
    let compared = 0;
    for (const [callId, above] of this.#callers[caller]?.trace() ?? []) {
      const below = callee.get(callId) ?? [];
      // What was not written down any more ends without its BYE.
      if (![above, below].every((messages) => messages.some(isByeAnswer))) continue;
      compared += 1;
      found.push(...flaws(only(above, 'sent'), only(below, 'received'), how));
      found.push(...flaws(only(below, 'sent'), only(above, 'received'), how));
    }
    return { compared, flaws: found };
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#callers, this.#callee].map((run) => run.stop()));
  }
}

function only(messages: readonly TracedMessage[], direction: TracedMessage['direction']): TracedMessage[] {
  return messages.filter((message) => message.direction === direction);
}

function isByeAnswer({ startLine, headers }: TracedMessage): boolean {
  return (
    startLine.startsWith('SIP/2.0 2') && headers.some(({ name, value }) => name === 'cseq' && value.endsWith('BYE'))
  );
}
