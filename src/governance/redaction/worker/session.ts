/**
 * What a redaction worker does with a message: keeps one redactor per leg and one memory of values per call. Whatever a
 * detector throws becomes a code here; its message, which may quote speech, goes nowhere.
 */

import { unreachable } from '../../../base/assert.ts';
import { CodedError, errorCode } from '../../../base/error.ts';
import type { CallId, LegId } from '../../../base/ids.ts';
import type { Piece } from '../../../model/transcript.ts';
import { CallMemory } from '../call-memory.ts';
import type { Job, Opening, RedactionReply, RedactionRequest } from '../messages.ts';
import { createRedactor, redactText, type Redactor } from '../redactor.ts';

interface OpenCall {
  readonly memory: CallMemory;
  readonly legs: Map<LegId, Redactor>;
}

/** The detectors, as a parameter so that tests can make them fail. */
export interface Detectors {
  readonly createRedactor: typeof createRedactor;
  readonly redactText: typeof redactText;
}

class SessionError extends CodedError<'LEG_UNKNOWN'> {}

export class Session {
  readonly #calls = new Map<CallId, OpenCall>();
  readonly #detectors: Detectors;

  constructor(detectors: Detectors = { createRedactor, redactText }) {
    this.#detectors = detectors;
  }

  /** Handles one message; answers jobs, in order. Never throws. */
  handle(request: RedactionRequest): RedactionReply | undefined {
    switch (request.kind) {
      case 'open':
        this.#open(request);
        return undefined;
      case 'close':
        this.#calls.delete(request.call);
        return undefined;
      case 'push':
      case 'settle':
      case 'answer':
        try {
          return { kind: 'settled', id: request.id, pieces: this.#run(request) };
        } catch (thrown) {
          return { kind: 'failed', id: request.id, code: errorCode(thrown) };
        }
      default:
        return unreachable(request);
    }
  }

  /** A leg that cannot be opened is left without a redactor, so that its jobs fail one by one. */
  #open(request: Opening): void {
    const open = this.#calls.get(request.call) ?? {
      memory: new CallMemory(request.used),
      legs: new Map<LegId, Redactor>(),
    };
    this.#calls.set(request.call, open);
    open.legs.get(request.leg)?.close();
    open.legs.delete(request.leg);
    try {
      const { plan, resumed } = request;
      open.legs.set(request.leg, this.#detectors.createRedactor(plan, { resumed, memory: open.memory }));
    } catch {
      return;
    }
  }

  #run(job: Job): readonly Piece[] {
    const open = this.#calls.get(job.call);
    if (job.kind === 'answer') {
      return [this.#detectors.redactText(job.text, job.plan, open?.memory ?? new CallMemory())];
    }
    const redactor = open?.legs.get(job.leg);
    if (!redactor) throw new SessionError('LEG_UNKNOWN', 'no redactor is open for this leg');
    return job.kind === 'push' ? redactor.push(job.event) : redactor.settle();
  }
}
