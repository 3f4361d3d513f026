/** The four questions of policy, as a value on the command line. */

import { Option } from 'commander';
import { ENTRYPOINT_PATH, type Entrypoint } from '../../model/decision.ts';

const ENTRYPOINTS = Object.keys(ENTRYPOINT_PATH) as Entrypoint[];

export function entrypointOption(description: string): Option {
  return new Option('--entrypoint <question>', description).choices(ENTRYPOINTS);
}
