/** Options that several commands have, and how their values are read. What does not fit is a usage error. */

import { InvalidArgumentError, Option, type Command } from 'commander';
import type { z } from 'zod';
import { CodedError } from '../base/error.ts';
import type { Clock } from '../base/clock.ts';
import { callId, processorName, tenantName } from '../model/api/words.ts';
import { readMoment, readSpan } from './terminal/when.ts';

/** A combination of options that means nothing; exit code 2, as for an unknown option. */
export class UsageError extends CodedError<'USAGE'> {
  constructor(message: string) {
    super('USAGE', message);
  }
}

/** Where the node is, with which token, and for whom the output is. */
export function whereOptions(command: Command): Command {
  return command
    .option('--url <url>', 'http(s)://HOST:PORT or unix:/PATH (default: EARSHOT_URL, else the node configured here)')
    .option('--token-file <file>', 'file of the token (default: EARSHOT_TOKEN_FILE, else ~/.config/earshot/token)')
    .option('-c, --config <file>', 'configuration of the node, to find its own socket')
    .option('--json', 'JSON for programs: one object, or one a line for lists');
}

/** An option that may be given again; its values are a list. */
export function repeated(flags: string, description: string, choices?: readonly string[]): Option {
  const option = new Option(flags, description);
  if (choices !== undefined) option.choices(choices);
  const parse = shaped(NAMES.get(option.long ?? ''));
  option.argParser((value: string, before: readonly string[] | undefined) => {
    if (choices?.includes(value) === false) {
      throw new InvalidArgumentError(`Allowed choices are ${choices.join(', ')}.`);
    }
    return [...(before ?? []), parse(value)];
  });
  return option;
}

/** The shape of names and ids that the API would refuse anyway: said here, nothing is sent. */
const NAMES: ReadonlyMap<string, z.ZodType<string>> = new Map([
  ['--tenant', tenantName],
  ['--processor', processorName],
  ['--call', callId],
]);

/** A parser that takes what the schema takes, as it is. */
export function shaped(schema: z.ZodType<string> | undefined): (value: string) => string {
  return (value) => {
    const read = schema?.safeParse(value);
    if (read === undefined || read.success) return value;
    throw new InvalidArgumentError(`It ${read.error.issues[0]?.message ?? 'is not valid'}.`);
  };
}

/** `1h` ago, or a date and time; in ms since 1970. */
export function moment(clock: Clock): (value: string) => number {
  return (value) => {
    const ms = readMoment(value, clock.wallMs());
    if (ms !== undefined) return ms;
    throw new InvalidArgumentError('It must be a span such as 90m or 2d, or a date such as 2026-03-01T08:00.');
  };
}

/** A span in ms. */
export function span(value: string): number {
  const ms = readSpan(value);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError('It must be a span such as 12h or 30d.');
}

export function whole(value: string): number {
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('It must be a whole number.');
}

/** At least one. */
export function count(value: string): number {
  const read = whole(value);
  if (read > 0) return read;
  throw new InvalidArgumentError('It must be at least 1.');
}

/**
 * A list under the name of its group and as `list`: people type either, and the help of the group shows its options.
 * `setUp` gives the command its options and its action.
 */
export function addList(group: Command, description: string, setUp: (command: Command) => void): void {
  setUp(group);
  setUp(group.command('list').description(description));
}

/** How much of a list. */
export function pageOptions(command: Command): Command {
  return command.option('--limit <n>', 'at most so many', count, DEFAULT_LIMIT).option('--all', 'everything there is');
}

const DEFAULT_LIMIT = 100;

export interface PageOptions {
  readonly limit: number;
  readonly all?: boolean;
}

export function limitOf({ limit, all }: PageOptions): number {
  return all === true ? Infinity : limit;
}
