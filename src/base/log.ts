/** Logs as JSON lines on stderr. The one door to pino; values marked `pii()` never reach the output. */

import { pino } from 'pino';

export interface Log {
  debug(fields: Fields, message: string): void;
  info(fields: Fields, message: string): void;
  warn(fields: Fields, message: string): void;
  error(fields: Fields, message: string): void;
  child(fields: Fields): Log;
}

export type Fields = Readonly<Record<string, unknown>>;
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Wraps a value that may be personal data. It prints as `[pii]` however it is turned into text. */
export function pii(value: unknown): Pii {
  return new Pii(value);
}

export class Pii {
  readonly #value: unknown;

  constructor(value: unknown) {
    this.#value = value;
  }

  /** The value itself, for code that may see it; never call this in a log line. */
  reveal(): unknown {
    return this.#value;
  }

  toString(): string {
    return '[pii]';
  }

  toJSON(): string {
    return '[pii]';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[pii]';
  }
}

/** A log named for its process or worker. Errors are reduced to name, code and stack position: messages may quote input. */
export function createLog(options: { readonly name: string; readonly level: LogLevel }): Log {
  return wrap(
    pino(
      {
        name: options.name,
        level: options.level,
        base: { name: options.name, pid: process.pid },
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
        serializers: { error: describeError, err: describeError },
      },
      pino.destination({ fd: 2, sync: true }),
    ),
  );
}

/** A log that says nothing, for libraries used on their own and for tests. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
};

function wrap(inner: pino.Logger): Log {
  return {
    debug: (fields, message) => inner.debug(fields, message),
    info: (fields, message) => inner.info(fields, message),
    warn: (fields, message) => inner.warn(fields, message),
    error: (fields, message) => inner.error(fields, message),
    child: (fields) => wrap(inner.child(fields)),
  };
}

/** Keeps what helps (class, code, where) and drops the message, which may quote what somebody said. */
function describeError(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return { type: typeof thrown };
  const at = thrown.stack?.split('\n').find((line) => line.trimStart().startsWith('at '));
  const code: unknown = 'code' in thrown ? thrown.code : undefined;
  return {
    type: thrown.name,
    ...(typeof code === 'string' ? { code } : {}),
    ...(at === undefined ? {} : { at: at.trim() }),
    ...(thrown.cause === undefined ? {} : { cause: describeError(thrown.cause) }),
  };
}
