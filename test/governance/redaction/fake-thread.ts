/** Test support: a redaction thread without a thread. It answers when told to, spins, fails or dies. */

import type { Job, RedactionReply, RedactionRequest } from '../../../src/governance/redaction/messages.ts';
import type { StartThread, ThreadHandlers } from '../../../src/governance/redaction/redaction-thread.ts';
import type { Detectors } from '../../../src/governance/redaction/worker/detectors.ts';
import { Session } from '../../../src/governance/redaction/worker/session.ts';

export class FakeThread {
  readonly session: Session;
  readonly inbox: RedactionRequest[] = [];
  readonly arrived: RedactionReply[] = [];
  readonly handlers: ThreadHandlers;
  isTerminated = false;
  /** `at-once`: every message is handled when posted. Otherwise when `work` is called. */
  mode: 'at-once' | 'held' = 'at-once';

  constructor(handlers: ThreadHandlers, detectors?: Partial<Detectors>) {
    this.handlers = handlers;
    this.session = new Session(detectors);
  }

  post(request: RedactionRequest): void {
    this.inbox.push(request);
    if (this.mode === 'at-once') this.work();
  }

  deliverArrived(): void {
    for (const reply of this.arrived.splice(0)) this.handlers.onReply(reply);
  }

  terminate(): void {
    this.isTerminated = true;
  }

  ready(): void {
    this.handlers.onReply({ kind: 'ready', threadId: 1 });
  }

  /** Handles what waits. With `deliver: false` the replies lie in the port until somebody looks. */
  work(options: { readonly deliver: boolean } = { deliver: true }): void {
    for (const request of this.inbox.splice(0)) {
      const reply = this.session.handle(request);
      if (reply) this.arrived.push(reply);
    }
    if (options.deliver) this.deliverArrived();
  }

  /** Handles the oldest job and what was posted before it. */
  answerOldest(): void {
    const later = this.inbox.splice(this.inbox.findIndex((request) => 'id' in request) + 1);
    this.work();
    this.inbox.unshift(...later);
  }

  /** Answers the oldest job with a failure. */
  fail(code: string): void {
    const at = this.inbox.findIndex((request) => 'id' in request);
    const [job] = this.inbox.splice(at, 1) as Job[];
    this.handlers.onReply({ kind: 'failed', id: job!.id, code });
  }
}

/** Starts fakes; `threads` holds them, the newest last. */
export function fakeThreads(detectors?: Partial<Detectors>): {
  readonly threads: FakeThread[];
  readonly start: StartThread;
} {
  const threads: FakeThread[] = [];
  return {
    threads,
    start: (handlers) => {
      const thread = new FakeThread(handlers, detectors);
      threads.push(thread);
      return thread;
    },
  };
}
