import { expect, test } from 'vitest';
import { describeDriverError, StoreError } from '../../src/store/error.ts';

/** What the driver throws when the server spoke: its text quotes statements and values. */
function serverError(code: string): Error {
  return Object.assign(new Error('duplicate key (secret)'), { code, severity: 'ERROR', detail: 'Key (x)=(secret)' });
}

test.each([
  ['08006', 'UNREACHABLE'],
  ['53300', 'UNREACHABLE'],
  ['57P01', 'UNREACHABLE'],
  ['57014', 'TIMEOUT'],
  ['55P03', 'TIMEOUT'],
  ['28P01', 'REFUSED'],
  ['3D000', 'REFUSED'],
  ['42501', 'REFUSED'],
  ['23505', 'FAILED'],
])('SQLSTATE %s is %s, without what the server said', (state, code) => {
  const error = describeDriverError(serverError(state));

  expect(error.code).toBe(code);
  expect(error.message + JSON.stringify(error)).not.toMatch(/secret|duplicate/);
  expect(error.cause).toBeUndefined();
});

test.each([
  Object.assign(new Error('connect ENOENT /secret'), { code: 'ENOENT' }),
  new Error('Query read timeout'),
  'a thrown string',
  undefined,
])('anything the server did not say means that it cannot be reached', (thrown) => {
  expect(describeDriverError(thrown).code).toBe('UNREACHABLE');
  expect(describeDriverError(thrown).message).not.toContain('secret');
});

test('an error that is ours already stays what it is', () => {
  const ours = new StoreError('CORRUPT', 'a stored integer is out of range');

  expect(describeDriverError(ours)).toBe(ours);
});
