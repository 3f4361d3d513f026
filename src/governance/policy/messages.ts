/**
 * All that crosses between the main thread and a policy worker. Bytes are copied, never shared: what a module does to
 * its memory stays in its thread. A worker answers every `load` and `evaluate` once, in the order they came.
 */

import type { Entrypoint } from '../../model/decision.ts';
import type { Answer } from './answer.ts';

export type ToPolicyWorker =
  | {
      readonly kind: 'load';
      readonly task: number;
      /** SHA-256 (hex) of the bundle file: its name from now on. */
      readonly bundle: string;
      readonly wasm: Uint8Array;
      readonly data: Uint8Array;
    }
  | { readonly kind: 'unload'; readonly bundle: string }
  | {
      readonly kind: 'evaluate';
      readonly task: number;
      readonly bundle: string;
      readonly entrypoint: Entrypoint;
      /** Canonical JSON of the input. */
      readonly input: Uint8Array;
    };

/** Why a module is not used: it is not one of OPA's, wants what is not lent, or fails an ordinary question. */
export type LoadRefusal =
  | 'MODULE_INVALID'
  | 'IMPORT_FORBIDDEN'
  | 'BUILTIN_FORBIDDEN'
  | 'ENTRYPOINT_MISSING'
  | 'DATA_INVALID'
  | 'GOLDEN_INPUT_FAILED';

export type FromPolicyWorker =
  /** `thread` is the kernel's id of the worker's thread, where the system tells. */
  | { readonly kind: 'ready'; readonly thread: number | undefined }
  | { readonly kind: 'loaded'; readonly task: number; readonly refusal: LoadRefusal | undefined }
  | { readonly kind: 'evaluated'; readonly task: number; readonly answer: Answer; readonly tookUs: number };
