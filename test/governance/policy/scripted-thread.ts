/**
 * Worker threads that are no threads: they load anything, answer as the label `behave` of the input says, and hang or
 * die when told to. Replies come in a microtask, as if from elsewhere.
 */

import type { ToPolicyWorker } from '../../../src/governance/policy/messages.ts';
import type { PolicyThread, StartThread, ThreadEvents } from '../../../src/governance/policy/policy-thread.ts';
import { shippedBundle } from '../../../src/governance/policy/shipped.ts';

/** The guardrail is asked about the same input, and keeps its head. */
const GUARDRAIL = shippedBundle('', 'guardrail').sha256;

export class ScriptedThread implements PolicyThread {
  readonly posted: ToPolicyWorker[] = [];
  /** CPU time as the kernel would tell it; undefined where it does not. */
  cpu: number | undefined = 0;
  isTerminated = false;
  #isHanging = false;
  readonly #events: ThreadEvents;

  constructor(events: ThreadEvents) {
    this.#events = events;
  }

  /** Says it is ready. */
  begin(): void {
    this.#later(() => this.#events.onMessage({ kind: 'ready', thread: 1 }));
  }

  /** Goes away by itself. */
  die(): void {
    this.isTerminated = true;
    this.#events.onExit();
  }

  post(message: ToPolicyWorker): void {
    this.posted.push(message);
    if (this.#isHanging) return;
    if (message.kind === 'load') {
      this.#later(() => this.#events.onMessage({ kind: 'loaded', task: message.task, refusal: undefined }));
    }
    if (message.kind === 'evaluate') this.#evaluate(message);
  }

  cpuUs(): number | undefined {
    return this.cpu;
  }

  terminate(): Promise<void> {
    this.isTerminated = true;
    return Promise.resolve();
  }

  #evaluate({ task, bundle, input }: Extract<ToPolicyWorker, { kind: 'evaluate' }>): void {
    const behave = /"behave":"(\w+)"/.exec(Buffer.from(input).toString())?.[1];
    if (behave === 'loop' && bundle !== GUARDRAIL) this.#isHanging = true;
    else {
      const answer = {
        kind: 'heard',
        allow: behave !== 'deny',
        reasons: [{ rule: 'scripted' }],
        obligations: {},
      } as const;
      this.#later(() => this.#events.onMessage({ kind: 'evaluated', task, answer, tookUs: 5 }));
    }
  }

  #later(tell: () => void): void {
    queueMicrotask(() => {
      if (!this.isTerminated) tell();
    });
  }
}

/** Starts scripted threads and remembers them, in the order of the pool: trusted, tenant, tenant, probation. */
export function scriptedThreads(): { readonly startThread: StartThread; readonly threads: ScriptedThread[] } {
  const threads: ScriptedThread[] = [];
  const startThread: StartThread = (events) => {
    const thread = new ScriptedThread(events);
    threads.push(thread);
    thread.begin();
    return thread;
  };
  return { startThread, threads };
}

/** Lets everything that is already on its way arrive. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
