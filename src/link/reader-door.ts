/**
 * What governance and the reader process say to each other: one question, by HTTP over the reader's 0600 socket. The
 * bearer token crosses it, because the reader trusts nobody's word on who asks; a key never does.
 */

import { z } from 'zod';
import { openedTranscript } from '../model/api/transcripts.ts';
import { callId } from '../model/api/words.ts';

/** `POST` with the token as `authorization: Bearer …` and the call as JSON. */
export const OPEN_PATH = '/open';
export const MAX_OPEN_REQUEST_BYTES = 4096;
/** A day's talk; what is longer than this is not given. */
export const MAX_OPENED_BYTES = 32 * 1024 * 1024;

export const openRequest = z.strictObject({ call: callId });
export const openAnswer = openedTranscript;

/**
 * `unauthenticated`: nobody holds that token. `forbidden`: whoever does may not open. `not_found`: nothing is kept of that
 * call that he may open. `tampered`: what is stored is not what was sealed, and none of it is shown. `wrong_key`: this
 * node's root-read is not the one the tenant's key was made under. `unavailable`: ask again later.
 */
export const READER_CODES = [
  'unauthenticated',
  'forbidden',
  'not_found',
  'tampered',
  'wrong_key',
  'too_large',
  'unavailable',
] as const;
export type ReaderCode = (typeof READER_CODES)[number];

export const openRefusal = z.strictObject({ code: z.enum(READER_CODES), message: z.string().max(256) });
