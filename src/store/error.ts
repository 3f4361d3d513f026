/** What can go wrong with the database, without a word of SQL or data: drivers quote both in their messages. */

import { CodedError } from '../base/error.ts';

export class StoreError extends CodedError<
  'UNREACHABLE' | 'TIMEOUT' | 'REFUSED' | 'FAILED' | 'MIGRATION_FAILED' | 'ROLE_MISSING' | 'ROLE_TOO_STRONG' | 'CORRUPT'
> {}

/** Reads whatever the driver threw. The cause is dropped on purpose: it may quote a value. */
export function describeDriverError(thrown: unknown): StoreError {
  if (thrown instanceof StoreError) return thrown;
  const state = sqlState(thrown);
  if (state === undefined) return new StoreError('UNREACHABLE', 'the database cannot be reached');
  switch (state.slice(0, 2)) {
    // 08 connection, 53 resources, 57 operator intervention, of which 57014 is our own statement limit.
    case '08':
    case '53':
      return new StoreError('UNREACHABLE', `the database cannot be used now (${state})`);
    case '57':
      return state === '57014'
        ? new StoreError('TIMEOUT', 'the database took too long')
        : new StoreError('UNREACHABLE', `the database is stopping (${state})`);
    case '55':
      return new StoreError('TIMEOUT', `a lock was not free in time (${state})`);
    case '28':
      return new StoreError('REFUSED', `the database refused the user or password (${state})`);
    case '3D':
      return new StoreError('REFUSED', `there is no such database (${state})`);
    case '42':
      return new StoreError('REFUSED', `the database refused (${state})`);
    default:
      return new StoreError('FAILED', `the database failed (${state})`);
  }
}

/** Five characters of SQLSTATE when the server itself spoke. */
function sqlState(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown) || !('severity' in thrown)) return undefined;
  return typeof thrown.code === 'string' && /^[0-9A-Z]{5}$/.test(thrown.code) ? thrown.code : undefined;
}
