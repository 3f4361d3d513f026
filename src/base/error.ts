/** Coded errors: one class per area, codes as a closed union, the cause kept, no secret in the message. */

/** Base of every error we throw on purpose. `code` is for programs, `message` for people. */
export class CodedError<Code extends string> extends Error {
  readonly code: Code;

  constructor(code: Code, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A short, content-free word for any thrown value: its code if it has one, else its class name. */
export function errorCode(thrown: unknown): string {
  if (thrown instanceof Error) {
    if ('code' in thrown && typeof thrown.code === 'string') return thrown.code;
    return thrown.name;
  }
  return typeof thrown;
}
