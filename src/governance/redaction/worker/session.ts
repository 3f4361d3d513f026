/**
 * What a redaction worker does with a message: keeps one redactor per leg and one memory of values per call. Whatever a
 * detector throws becomes a code here; its message, which may quote speech, goes nowhere.
 */

import { unreachable } from '../../../base/assert.ts';
import { CodedError, errorCode } from '../../../base/error.ts';
import type { CallId, LegId } from '../../../base/ids.ts';
import type { Piece } from '../../../model/transcript.ts';
import { KnownValues } from '../known-values.ts';
import type { Job, Opening, RedactionReply, RedactionRequest } from '../messages.ts';
import { createRedactor, redactText, type Redactor } from '../redactor.ts';

interface CallMemory {
  readonly values: KnownValues;
  readonly legs: Map<LegId, Redactor>;
}

/** The detectors, as a parameter so that tests can make them fail. */
export interface Detectors {
  readonly createRedactor: typeof createRedactor;
  readonly redactText: typeof redactText;
}

class SessionError extends CodedError<'LEG_UNKNOWN'> {}

export class Session {
  readonly #calls = new Map<CallId, CallMemory>();
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
    const memory = this.#calls.get(request.call) ?? { values: new KnownValues(request.used), legs: new Map() };
    this.#calls.set(request.call, memory);
    memory.legs.delete(request.leg);
    try {
      const { plan, resumed } = request;
      memory.legs.set(request.leg, this.#detectors.createRedactor(plan, { resumed, values: memory.values }));
    } catch {
      return;
    }
  }

  #run(job: Job): readonly Piece[] {
    const memory = this.#calls.get(job.call);
    if (job.kind === 'answer') {
      return [this.#detectors.redactText(job.text, job.plan, memory?.values ?? new KnownValues())];
    }
    const redactor = memory?.legs.get(job.leg);
    if (!redactor) throw new SessionError('LEG_UNKNOWN', 'no redactor is open for this leg');
    return job.kind === 'push' ? redactor.push(job.event) : redactor.settle();
  }
}
