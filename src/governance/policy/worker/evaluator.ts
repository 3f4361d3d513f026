/**
 * The modules of one worker, by bundle. It loads, warms and asks them; it never waits and never throws.
 * How long a question takes is measured here, and limited by the main thread.
 */

import type { Clock } from '../../../base/clock.ts';
import { canonicalJson } from '../../../base/canonical-json.ts';
import type { Entrypoint } from '../../../model/decision.ts';
import { readAnswer, unheard, type Answer } from '../answer.ts';
import { GOLDEN_INPUTS } from '../golden-inputs.ts';
import type { FromPolicyWorker, LoadRefusal, ToPolicyWorker } from '../messages.ts';
import { ModuleError, RegoModule } from './rego-module.ts';

/** Enough for the compiler of the engine to have seen every rule before a call depends on it. */
const WARM_UP_ROUNDS = 20;
const ENTRYPOINTS = ['stream', 'release', 'retain', 'emit'] as const satisfies readonly Entrypoint[];

export class Evaluator {
  readonly #clock: Clock;
  readonly #modules = new Map<string, RegoModule>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Does what a message asks; the reply, if it has one. */
  handle(message: ToPolicyWorker): FromPolicyWorker | undefined {
    switch (message.kind) {
      case 'load':
        return { kind: 'loaded', task: message.task, refusal: this.load(message) };
      case 'unload':
        this.#modules.delete(message.bundle);
        return undefined;
      case 'evaluate': {
        const startedUs = this.#clock.monoUs();
        const answer = this.evaluate(message);
        return { kind: 'evaluated', task: message.task, answer, tookUs: this.#clock.monoUs() - startedUs };
      }
    }
  }

  /** Loads a bundle and asks it the golden questions. Returns why it may not be used, or undefined when it may. */
  load({ bundle, wasm, data }: { bundle: string; wasm: Uint8Array; data: Uint8Array }): LoadRefusal | undefined {
    try {
      const module = new RegoModule(wasm, data);
      if (!isWarm(module)) return 'GOLDEN_INPUT_FAILED';
      this.#modules.set(bundle, module);
      return undefined;
    } catch (thrown) {
      return thrown instanceof ModuleError && thrown.code !== 'EVALUATION_FAILED' ? thrown.code : 'MODULE_INVALID';
    }
  }

  /** Asks one question. Whatever goes wrong is an answer that was not heard. */
  evaluate(question: { bundle: string; entrypoint: Entrypoint; input: Uint8Array }): Answer {
    const module = this.#modules.get(question.bundle);
    if (module === undefined) return unheard('policy_unavailable');
    return ask(module, question.entrypoint, question.input);
  }
}

function ask(module: RegoModule, entrypoint: Entrypoint, input: Uint8Array): Answer {
  try {
    return readAnswer(entrypoint, module.evaluate(entrypoint, input));
  } catch {
    return unheard('policy_error');
  }
}

function isWarm(module: RegoModule): boolean {
  for (let round = 0; round < WARM_UP_ROUNDS; round += 1) {
    for (const entrypoint of ENTRYPOINTS) {
      if (ask(module, entrypoint, canonicalJson(GOLDEN_INPUTS[entrypoint])).kind !== 'heard') return false;
    }
  }
  return true;
}
