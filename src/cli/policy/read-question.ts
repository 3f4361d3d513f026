/** The input somebody wants a policy asked with: read, checked against the contract, and made the bytes a call would. */

import { z } from 'zod';
import { canonicalJson } from '../../base/canonical-json.ts';
import { ConfigError } from '../../config/problem.ts';
import { readText } from '../../config/read-text.ts';
import { MAX_INPUT_BYTES } from '../../governance/policy/commit-input.ts';
import { inputOf } from '../../governance/policy/input-schema.ts';
import type { Entrypoint } from '../../model/decision.ts';
import { readJsonOrYaml } from '../json-or-yaml.ts';

export interface PolicyQuestion {
  readonly entrypoint: Entrypoint;
  /** Canonical JSON. */
  readonly input: Uint8Array;
}

/**
 * Reads `file`, JSON or YAML. Which question it is shows in its parts unless it is said. Throws `ConfigError` with
 * every place that does not fit the contract, by line and column.
 */
export function readQuestion(file: string, said: Entrypoint | undefined): PolicyQuestion {
  const text = readText(file, MAX_FILE_BYTES);
  const entrypoint = said ?? guess(readJsonOrYaml(file, text, z.looseObject({})));
  const input = canonicalJson(readJsonOrYaml(file, text, inputOf[entrypoint]));
  if (input.length <= MAX_INPUT_BYTES) return { entrypoint, input: new Uint8Array(input) };
  const message = `is larger than an input may be (${MAX_INPUT_BYTES} bytes)`;
  throw new ConfigError('INVALID', [{ file, key: '', message }]);
}

/** Written out with blanks and comments, an input may be longer than it is. */
const MAX_FILE_BYTES = 1024 * 1024;

/** The part that only this question has. */
function guess(parts: Readonly<Record<string, unknown>>): Entrypoint {
  if (parts['subscriber'] !== undefined) return 'emit';
  if (parts['retain'] !== undefined) return 'retain';
  return parts['release'] === undefined ? 'stream' : 'release';
}
