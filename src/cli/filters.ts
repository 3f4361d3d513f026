/** What decisions and entries are looked for by: the same words for both. */

import type { Command } from 'commander';
import { callId, processorName } from '../model/api/words.ts';
import type { ApiQuery } from './api-client.ts';
import type { WhereOptions } from './connect.ts';
import { moment, pageOptions, repeated, shaped, whereOptions, UsageError, type PageOptions } from './options.ts';
import type { Clock } from '../base/clock.ts';

export interface FilterOptions extends WhereOptions, PageOptions {
  readonly tenant?: readonly string[];
  readonly call?: string;
  readonly processor?: string;
  readonly reason?: string;
  readonly since?: number;
  readonly until?: number;
  readonly newest?: boolean;
}

export interface VerdictOptions {
  readonly allow?: boolean;
  readonly denied?: boolean;
}

export function filterOptions(command: Command, clock: Clock): Command {
  return pageOptions(whereOptions(command))
    .addOption(repeated('--tenant <tenant>', 'only this tenant; may be repeated'))
    .option('--call <call>', 'only this call', shaped(callId))
    .option('--processor <processor>', 'only this processor', shaped(processorName))
    .option('--reason <word>', 'code of a decision, a rule or clause in it, or why a gap or the end of a lease was')
    .option('--since <when>', 'since: 2h, or a date and time', moment(clock))
    .option('--until <when>', 'before', moment(clock))
    .option('--newest', 'the newest first');
}

export function verdictOptions(command: Command): Command {
  return command
    .option('--allow', 'only what rests on a decision that allowed')
    .option('--denied', 'only what rests on one that denied');
}

/** The query parameters that say the same. */
export function filterQuery(options: FilterOptions): ApiQuery {
  const { tenant, call, processor, reason, since, until, newest } = options;
  const order = newest === true ? 'desc' : undefined;
  return { tenant, call, processor, reason, since_ms: since, until_ms: until, order };
}

export function verdictQuery({ allow, denied }: VerdictOptions): ApiQuery {
  if (allow === true && denied === true) throw new UsageError('--allow and --denied exclude each other');
  return { allow: allow === true ? true : denied === true ? false : undefined };
}
