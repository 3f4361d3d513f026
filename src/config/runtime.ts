/**
 * What the supervisor tells a process it starts, in a 0600 file named by EARSHOT_RUNTIME. Each plane gets its own:
 * the call plane's holds no database, the owner's URL is in the migration's alone.
 */

import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { environmentVariable } from './environment.ts';
import type { LoadedConfig } from './load.ts';
import { ConfigError } from './problem.ts';

const connection = z.strictObject({
  host: z.string(),
  port: z.int(),
  user: z.string(),
  password: z.string(),
  database: z.string(),
});
/** Either a URL or the parts of a connection over a Unix socket. */
const databaseTarget = z.union([z.string(), connection]);

const runtimeTargets = z.strictObject({ writer: databaseTarget, query: databaseTarget, app: databaseTarget });

const sockets = z.strictObject({
  supervisor: z.string(),
  control: z.string(),
  taps: z.string(),
  api: z.string(),
  reader: z.string(),
});
/** Checked when the file was first read; what is in here was written by our own supervisor. */
const config = z.custom<LoadedConfig['config']>((value) => typeof value === 'object' && value !== null);

export const callRuntimeSchema = z.strictObject({
  config,
  sockets,
  /** Last published routing snapshot, so that the call plane starts alone. */
  routesFile: z.string(),
  /** Where the supervisor keeps what living calls need, should this process die. */
  mirrorSocket: z.string(),
  /** 32 bytes that key Via branches and Record-Route tokens, kept over restarts. */
  tokenKeyFile: z.string(),
});

/** A root key, as the configuration refers to it. */
const rootKey = z.union([z.strictObject({ env: z.string() }), z.strictObject({ file: z.string() })]);

export const governanceRuntimeSchema = z.strictObject({
  config,
  sockets,
  trial: z.boolean(),
  database: runtimeTargets,
  /** What governance derives keys of its own from: tokens that link calls. */
  rootOps: rootKey,
  /** Where the reader leaves the key that its tenants' public keys are signed with. */
  readerKeyFile: z.string(),
});

/** The reader's: the only one with the key that opens, and with the database role that may fetch what is sealed. */
export const readerRuntimeSchema = z.strictObject({
  config,
  sockets,
  trial: z.boolean(),
  database: z.strictObject({ writer: databaseTarget, app: databaseTarget, reader: databaseTarget }),
  rootRead: rootKey,
  readerKeyFile: z.string(),
});

export const migrationRuntimeSchema = z.strictObject({
  owner: databaseTarget,
  /** Present when the roles are the operator's own: then what they may do is looked at before anything starts. */
  runtime: runtimeTargets.extend({ reader: databaseTarget }).optional(),
});

export type DatabaseTarget = z.output<typeof databaseTarget>;
export type Sockets = z.output<typeof sockets>;
export type CallRuntime = z.output<typeof callRuntimeSchema>;
export type GovernanceRuntime = z.output<typeof governanceRuntimeSchema>;
export type ReaderRuntime = z.output<typeof readerRuntimeSchema>;
export type MigrationRuntime = z.output<typeof migrationRuntimeSchema>;

/** Variable that names the file. */
export const RUNTIME_VARIABLE = 'EARSHOT_RUNTIME';

/** Argument of a call plane that waits, its code loaded, until it is told to begin. */
export const UNDERSTUDY_ARGUMENT = '--understudy';

/** Reads the file the supervisor left for us. Its content is never quoted in an error. */
export function readRuntime<Schema extends z.ZodType>(schema: Schema): z.output<Schema> {
  const file = environmentVariable(RUNTIME_VARIABLE);
  if (file === undefined) {
    throw new ConfigError('UNREADABLE', [
      { file: RUNTIME_VARIABLE, key: '', message: 'is not set: this process is started by `earshot start`' },
    ]);
  }
  const read = schema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (read.success) return read.data;
  throw new ConfigError('INVALID', [{ file, key: '', message: 'is not a runtime file of this version' }]);
}
