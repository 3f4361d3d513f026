/** Broken promises throw: an assertion that fails is a bug of ours, never the fault of outside data. */

/** Narrows `condition` to true, or throws; the message must hold no outside data. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionFailure(message);
}

/** The default branch of a closed union: the compiler proves it is never reached. */
export function unreachable(value: never): never {
  throw new AssertionFailure(`unreachable kind ${describeKind(value)}`);
}

export class AssertionFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}

function describeKind(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'kind' in value) return String(value.kind);
  return typeof value;
}
