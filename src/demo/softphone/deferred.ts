/** A promise settled from outside, and one that is given up at a deadline. */

import type { Clock } from '../../base/clock.ts';
import { DemoError } from '../error.ts';

export interface Deferred<Value> {
  readonly promise: Promise<Value>;
  resolve(value: Value): void;
  reject(reason: Error): void;
}

export function defer<Value>(): Deferred<Value> {
  let resolve: (value: Value) => void = () => undefined;
  let reject: (reason: Error) => void = () => undefined;
  const promise = new Promise<Value>((settle, fail) => {
    resolve = settle;
    reject = fail;
  });
  // Whoever defers may never be asked; an unheard refusal is not a crash.
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

/** `promise`, or a `DEADLINE` error once `deadlineMs` have passed; `what` names the wait. */
export function withDeadline<Value>(
  clock: Clock,
  promise: Promise<Value>,
  deadlineMs: number,
  what: string,
): Promise<Value> {
  const late = defer<Value>();
  const cancel = clock.after(deadlineMs, () => late.reject(new DemoError('DEADLINE', `${what} took too long`)));
  return Promise.race([promise, late.promise]).finally(cancel);
}
