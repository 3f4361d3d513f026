/**
 * From whatever was thrown to the problem (RFC 9457) that is said. What is not known here is an error of ours, and of
 * that not a word is said: messages may quote what they were about.
 */

import { STATUS_CODES } from 'node:http';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { CodedError, errorCode } from '../base/error.ts';
import { AskError } from '../governance/use-cases/administration.ts';
import type { Problem } from '../model/api/words.ts';
import { LIMITS } from './limits.ts';
import { Refusal, type RefusalCode } from './refusal.ts';

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

export interface SaidProblem {
  readonly problem: Problem;
  readonly retryAfterS?: number | undefined;
}

type Places = NonNullable<Problem['problems']>;

const RETRY_AFTER_S = 5;

const STATUS_OF_REFUSAL: Readonly<Record<RefusalCode, number>> = {
  TOKEN_MISSING: 401,
  TOKEN_REFUSED: 401,
  FORBIDDEN: 403,
  LOCAL_ONLY: 403,
  NOT_FOUND: 404,
  NO_SUCH_ROUTE: 404,
  METHOD_NOT_ALLOWED: 405,
  MALFORMED: 400,
  TOO_MANY_REQUESTS: 429,
  TOO_MANY_STREAMS: 503,
};

const STATUS_OF_ASKING: Readonly<Record<AskError['code'], number>> = {
  NOT_FOUND: 404,
  FORBIDDEN: 403,
  INVALID: 400,
  CONFLICT: 409,
  TOO_MANY_TENANTS: 400,
  ALREADY_DONE: 409,
  READER_UNAVAILABLE: 503,
  UNAVAILABLE: 503,
};

/** Codes of ledger, database and events after which it is worth asking again. */
const TRY_AGAIN: ReadonlySet<string> = new Set([
  'UNAVAILABLE',
  'DEADLINE',
  'QUOTA',
  'FENCED',
  'STOPPED',
  'UNREACHABLE',
  'TIMEOUT',
  'TOO_MANY_WATCHERS',
]);

/** What is said of `thrown`; undefined for an error of ours, which is logged and said as `internalProblem`. */
export function describeProblem(thrown: unknown): SaidProblem | undefined {
  if (thrown instanceof Refusal) {
    const { code, message, retryAfterS } = thrown;
    return say(STATUS_OF_REFUSAL[code], code, message, { retryAfterS });
  }
  // One sentence for everything that is not there and everything that may not be seen.
  if (thrown instanceof CodedError && errorCode(thrown) === 'NOT_FOUND') return notFound();
  if (thrown instanceof AskError) return say(STATUS_OF_ASKING[thrown.code], thrown.code, thrown.message);
  return describeDocument(thrown) ?? describeRequest(thrown) ?? describeOutage(thrown);
}

function notFound(): SaidProblem {
  return say(404, 'NOT_FOUND', 'there is nothing of that name that you may see');
}

export const internalProblem: SaidProblem = say(500, 'INTERNAL', undefined);

/** The declarative document: every place in it, with line and column where it came as text. */
function describeDocument(thrown: unknown): SaidProblem | undefined {
  const read = documentError.safeParse(thrown);
  if (!read.success) return undefined;
  const problems = read.data.problems.slice(0, LIMITS.problems).map(({ key, message, line, column }) => ({
    key,
    message,
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
  }));
  return say(422, 'DOCUMENT_INVALID', 'the document is not as it should be', { problems });
}

/** An error with places, as reading a document throws it. */
const documentError = z.looseObject({
  code: z.enum(['INVALID', 'UNREADABLE']),
  problems: z
    .array(
      z.looseObject({
        key: z.string(),
        message: z.string(),
        line: z.int().min(0).optional(),
        column: z.int().min(0).optional(),
      }),
    )
    .min(1),
});

/** What fastify found wrong with the request itself. */
function describeRequest(thrown: unknown): SaidProblem | undefined {
  if (hasZodFastifySchemaValidationErrors(thrown)) {
    const problems = thrown.validation.slice(0, LIMITS.problems).map(({ instancePath, message }) => ({
      key: [thrown.validationContext, ...instancePath.split('/').slice(1)].filter(Boolean).join('.'),
      message: message ?? 'is not as it should be',
    }));
    return say(400, 'VALIDATION', 'the request is not as it should be', { problems });
  }
  switch (statusOf(thrown)) {
    case 400:
      return say(400, 'MALFORMED', 'the request cannot be read');
    case 413:
      return say(413, 'TOO_LARGE', 'the body is larger than this route takes');
    case 414:
      return say(414, 'TOO_LARGE', 'the path is longer than any route is');
    case 415:
      return say(415, 'UNSUPPORTED_MEDIA_TYPE', 'this route does not take a body of that type');
    default:
      return undefined;
  }
}

function describeOutage(thrown: unknown): SaidProblem | undefined {
  if (!(thrown instanceof CodedError) || !TRY_AGAIN.has(errorCode(thrown))) return undefined;
  const what = errorCode(thrown) === 'TOO_MANY_WATCHERS' ? 'too many watch already' : 'this cannot be done now';
  return say(503, errorCode(thrown), `${what}; what was asked for was not done, and can be asked for again`);
}

function say(
  status: number,
  code: string,
  detail: string | undefined,
  more: { readonly problems?: Places; readonly retryAfterS?: number | undefined } = {},
): SaidProblem {
  const retryAfterS = more.retryAfterS ?? (status === 503 || status === 429 ? RETRY_AFTER_S : undefined);
  const problem: Problem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    ...(detail === undefined ? {} : { detail }),
    code,
    ...(more.problems === undefined ? {} : { problems: more.problems }),
  };
  return { problem, retryAfterS };
}

/** Fastify's own errors bear a status; ours and strangers' do not count. */
function statusOf(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || thrown instanceof CodedError) return undefined;
  const isFastifys = errorCode(thrown).startsWith('FST_') || thrown instanceof SyntaxError;
  return isFastifys && 'statusCode' in thrown && typeof thrown.statusCode === 'number' ? thrown.statusCode : undefined;
}
