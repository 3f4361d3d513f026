/**
 * Every call's sessions as the main thread knows them: what signaling said last and what the worker told of it since. It
 * is what a dead worker's sessions are built from again. It decides nothing and holds keys: none of it is ever logged.
 */

import type { CallId } from '../../base/ids.ts';
import { carryOver } from './carry-over.ts';
import type { SessionState } from './session-state.ts';

interface Kept {
  signalled: SessionState;
  learnt: SessionState | undefined;
}

interface KeptCall {
  readonly worker: number;
  /** Ids of the pairs it has. */
  readonly pairs: Set<number>;
  readonly byLine: Map<number, Kept>;
}

export class KeptSessions {
  readonly #calls = new Map<CallId, KeptCall>();

  /** Calls with a session. */
  get size(): number {
    return this.#calls.size;
  }

  workerOf(call: CallId): number | undefined {
    return this.#calls.get(call)?.worker;
  }

  callsOf(worker: number): CallId[] {
    return [...this.#calls].flatMap(([call, kept]) => (kept.worker === worker ? [call] : []));
  }

  /** Takes what signaling says, and returns the session with all that is known of it. */
  signal(state: SessionState): SessionState {
    const kept = this.#place(state);
    kept.signalled = state;
    return carryOver(kept.signalled, kept.learnt);
  }

  /** Takes what the worker tells. Undefined for a session that ended meanwhile, or was built anew since. */
  learn(state: SessionState): SessionState | undefined {
    const kept = this.#calls.get(state.call)?.byLine.get(state.mLine);
    if (!kept || !isOnSamePorts(kept.signalled, state)) return undefined;
    kept.learnt = state;
    return carryOver(kept.signalled, state);
  }

  /** Takes what an earlier life of the call plane left. */
  adopt(state: SessionState): void {
    this.#place(state).learnt = state;
  }

  /** Forgets one session; its call keeps its pairs. */
  drop(call: CallId, mLine: number): void {
    this.#calls.get(call)?.byLine.delete(mLine);
  }

  /** Forgets a call and returns its pairs and m-lines. */
  end(call: CallId): { readonly worker: number; readonly pairs: number[]; readonly mLines: number[] } | undefined {
    const kept = this.#calls.get(call);
    if (!kept) return undefined;
    this.#calls.delete(call);
    return { worker: kept.worker, pairs: [...kept.pairs], mLines: [...kept.byLine.keys()] };
  }

  statesOf(call: CallId): SessionState[] {
    const kept = this.#calls.get(call);
    return kept ? [...kept.byLine.values()].map(({ signalled, learnt }) => carryOver(signalled, learnt)) : [];
  }

  states(worker?: number): SessionState[] {
    const calls = worker === undefined ? [...this.#calls.keys()] : this.callsOf(worker);
    return calls.flatMap((call) => this.statesOf(call));
  }

  #place(state: SessionState): Kept {
    const { caller, callee } = state.sides;
    const call = this.#calls.get(state.call) ?? newCall(caller.pair.worker);
    call.pairs.add(caller.pair.pair).add(callee.pair.pair);
    this.#calls.set(state.call, call);
    const kept: Kept = call.byLine.get(state.mLine) ?? { signalled: state, learnt: undefined };
    call.byLine.set(state.mLine, kept);
    return kept;
  }
}

function newCall(worker: number): KeptCall {
  return { worker, pairs: new Set(), byLine: new Map() };
}

function isOnSamePorts({ sides: a }: SessionState, { sides: b }: SessionState): boolean {
  return a.caller.pair.pair === b.caller.pair.pair && a.callee.pair.pair === b.callee.pair.pair;
}
