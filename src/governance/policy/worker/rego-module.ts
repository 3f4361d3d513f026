/**
 * One compiled policy module: the only door to the OPA library. Loading it runs a stranger's code, so this happens in
 * a worker only; the library throws strings and takes anything for input, so none of it gets out of this file.
 */

import { createRequire } from 'node:module';
import type * as Opa from '@open-policy-agent/opa-wasm';
import { CodedError } from '../../../base/error.ts';
import { ENTRYPOINT_PATH, type Entrypoint } from '../../../model/decision.ts';
import { LENT_BUILTINS } from '../capabilities.ts';
import type { LoadRefusal } from '../messages.ts';

type LoadedPolicy = Opa.LoadedPolicy;

// The package's ES module leaves out the synchronous loader that its types promise; its CommonJS file has it.
const opa = createRequire(import.meta.url)('@open-policy-agent/opa-wasm') as typeof Opa;

export class ModuleError extends CodedError<LoadRefusal | 'EVALUATION_FAILED'> {}

/** 16 MiB in pages of 64 KiB: room for the largest data document, and a wall for a policy that gathers memory. */
const MEMORY = { initial: 5, maximum: 256 } as const;

/** What the compiler's modules import: memory of ours, so that its limit holds, and nothing that prints or reaches out. */
const IMPORTS = ['memory', 'opa_abort', ...[0, 1, 2, 3, 4].map((arity) => `opa_builtin${arity}`)];

/** Exports without which the library would print a warning, or loop, instead of failing. */
const EXPORTS = ['opa_wasm_abi_version', 'opa_wasm_abi_minor_version', 'opa_eval', 'builtins', 'entrypoints'];

export class RegoModule {
  readonly #module: WebAssembly.Module;
  readonly #data: ArrayBuffer;
  #instance: LoadedPolicy | undefined;

  /** Compiles, checks and instantiates. Throws `ModuleError` with the reason for refusing it. */
  constructor(wasm: Uint8Array, data: Uint8Array) {
    this.#module = compile(wasm);
    this.#data = toArrayBuffer(data);
    checkData(data);
    this.#instance = this.#instantiate();
    checkBuiltins(this.#instance);
    checkEntrypoints(this.#instance);
  }

  /** The result set for `input` (canonical JSON of an object). Throws `ModuleError` when the policy does. */
  evaluate(entrypoint: Entrypoint, input: Uint8Array): unknown {
    const instance = (this.#instance ??= this.#instantiate());
    try {
      return instance.evaluate(toArrayBuffer(input), ENTRYPOINT_PATH[entrypoint]) as unknown;
    } catch {
      // What it left in its memory is anybody's guess: the next question gets a new instance. What it threw may quote
      // the input, so it is not kept as a cause.
      this.#instance = undefined;
      throw new ModuleError('EVALUATION_FAILED', 'the policy threw');
    }
  }

  #instantiate(): LoadedPolicy {
    try {
      const instance = opa.loadPolicySync(this.#module, { ...MEMORY });
      instance.setData(this.#data);
      return instance;
    } catch {
      throw new ModuleError('MODULE_INVALID', 'the module cannot be instantiated');
    }
  }
}

function compile(wasm: Uint8Array): WebAssembly.Module {
  const module = compileBytes(wasm);
  const imports = WebAssembly.Module.imports(module);
  if (imports.some((one) => one.module !== 'env' || !IMPORTS.includes(one.name))) {
    throw new ModuleError('IMPORT_FORBIDDEN', 'the module imports what is not lent');
  }
  if (!imports.some((one) => one.name === 'memory' && one.kind === 'memory')) {
    throw new ModuleError('IMPORT_FORBIDDEN', 'the module brings its own memory');
  }
  const exported = WebAssembly.Module.exports(module).map((one) => one.name);
  if (!EXPORTS.every((name) => exported.includes(name))) {
    throw new ModuleError('MODULE_INVALID', 'the module lacks an export of the OPA interface');
  }
  return module;
}

function compileBytes(wasm: Uint8Array): WebAssembly.Module {
  try {
    return new WebAssembly.Module(wasm);
  } catch {
    throw new ModuleError('MODULE_INVALID', 'not a WebAssembly module');
  }
}

/** The library answers an unknown built-in only when it is called, in the middle of a decision: so look beforehand. */
function checkBuiltins(instance: LoadedPolicy): void {
  const wanted = readBuiltins(instance);
  if (!wanted.every((name) => LENT_BUILTINS.includes(name))) {
    throw new ModuleError('BUILTIN_FORBIDDEN', 'the module wants a built-in function that is not lent');
  }
}

function readBuiltins(instance: LoadedPolicy): string[] {
  try {
    const { exports } = instance.wasmInstance as WebAssembly.Instance;
    const call = (name: string, ...args: number[]): number => (exports[name] as (...args: number[]) => number)(...args);
    const start = call('opa_json_dump', call('builtins'));
    const memory = Buffer.from(instance.mem.buffer);
    const end = memory.indexOf(0, start);
    return Object.keys(JSON.parse(memory.toString('utf8', start, end)) as object);
  } catch {
    throw new ModuleError('MODULE_INVALID', 'the module does not say which built-in functions it wants');
  }
}

function checkEntrypoints(instance: LoadedPolicy): void {
  const known: unknown = instance.entrypoints;
  const isComplete = Object.values(ENTRYPOINT_PATH).every(
    (path) => typeof known === 'object' && known !== null && Object.hasOwn(known, path),
  );
  if (!isComplete) throw new ModuleError('ENTRYPOINT_MISSING', 'the module does not answer all four questions');
}

function checkData(data: Uint8Array): void {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(data).toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return;
  } catch {
    // Falls through to the refusal below: whatever is wrong with it, it is not an object.
  }
  throw new ModuleError('DATA_INVALID', 'the data document is not a JSON object');
}

/** The library reads an ArrayBuffer as JSON text and takes nothing else for certain. */
function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.length);
  new Uint8Array(copy).set(bytes);
  return copy;
}
