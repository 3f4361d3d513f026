/**
 * How much our own protocol code does for an input, in blocks executed: the engine counts every one (precise coverage),
 * so that "linear" can be asserted without a stopwatch. What built-in functions and patterns do is not in it.
 */

import { Session } from 'node:inspector';

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly ranges: readonly { readonly count: number }[] }[];
  }[];
}

export class CountedWork {
  readonly #session = new Session();

  start(): void {
    this.#session.connect();
    this.#post('Profiler.enable');
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  stop(): void {
    this.#post('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
  }

  /** Blocks of `src/protocol` that ran during `task`. */
  during(task: () => void): number {
    this.#post('Profiler.takePreciseCoverage');
    task();
    const { result } = this.#post('Profiler.takePreciseCoverage') as Coverage;
    const ours = result.filter(({ url }) => url.includes('/src/protocol/'));
    const ranges = ours.flatMap(({ functions }) => functions.flatMap((one) => one.ranges));
    return ranges.reduce((sum, { count }) => sum + count, 0);
  }

  #post(method: string, params?: object): unknown {
    let answer: unknown;
    this.#session.post(method, params, (error, result) => {
      if (error) throw error;
      answer = result;
    });
    return answer;
  }
}
