/** When each live stream's first packet came: the origin of its timeline, added to the facts governance is told. */

import type { CallId, StreamId } from '../base/ids.ts';
import type { CallFact } from '../model/call.ts';

export class StreamStarts {
  readonly #byCall = new Map<CallId, Map<StreamId, number>>();

  note(call: CallId, stream: StreamId, firstArrivalUs: number): void {
    const starts = this.#byCall.get(call) ?? new Map<StreamId, number>();
    if (!starts.has(stream)) starts.set(stream, firstArrivalUs);
    this.#byCall.set(call, starts);
  }

  forget(call: CallId): void {
    this.#byCall.delete(call);
  }

  /** The fact with every start known so far. */
  addTo(fact: CallFact): CallFact {
    const starts = this.#byCall.get(fact.call);
    const legs = fact.legs.map((leg) => {
      const startedUs = leg.stream === undefined ? undefined : starts?.get(leg.stream.stream);
      return leg.stream === undefined || startedUs === undefined
        ? leg
        : { ...leg, stream: { ...leg.stream, startedUs } };
    });
    return { ...fact, legs };
  }
}
