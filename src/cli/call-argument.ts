/** The argument of commands that are about one call. */

import { Argument } from 'commander';
import { callId } from '../model/api/words.ts';
import { shaped } from './options.ts';

export function callArgument(): Argument {
  return new Argument('<call>', 'id of the call, c_ and 32 hex digits').argParser(shaped(callId));
}
