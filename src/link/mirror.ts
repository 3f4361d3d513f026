/**
 * The mirror between call plane and supervisor: what a call needs to survive the process that carries it. Whole states
 * travel, newest wins, and what is inside is the call plane's alone: it holds keys, so it is never logged or shown.
 */

import { z } from 'zod';
import type { CallId } from '../base/ids.ts';
import { LINK_VERSION } from './messages.ts';

/** A call with a dozen branches and three media lines is some 30 KB. */
export const MAX_MIRRORED_CHARS = 256 * 1024;
/** Of a message with such a state in it, every character of which may have to be escaped. */
export const MAX_MIRRORED_BYTES = 4 * MAX_MIRRORED_CHARS;
export const MAX_MIRRORED_CALLS = 100_000;
/** Of all calls together: what the supervisor's memory has to spare on a small machine. */
export const MAX_MIRROR_CHARS = 256 * 1024 * 1024;
/** Unsent bytes at which either end waits for the other, rather than pile up whole states for who does not take them. */
export const MAX_MIRROR_UNSENT_BYTES = 1024 * 1024;

const life = z.string().max(64);
/** JSON as text: whoever only keeps it need not take it apart. */
const state = z.string().max(MAX_MIRRORED_CHARS);
const call = z
  .string()
  .regex(/^c_[0-9a-f]{32}$/)
  .transform((text) => text as CallId);

/** Call plane → supervisor. */
export const toMirror = z.discriminatedUnion('kind', [
  /** The first word. A life the supervisor does not know is given what its predecessor left. */
  z.strictObject({ kind: z.literal('hello'), version: z.literal(LINK_VERSION), life }),
  z.strictObject({ kind: z.literal('own'), state }),
  z.strictObject({ kind: z.literal('put'), call, state }),
  z.strictObject({ kind: z.literal('drop'), call }),
]);

/** Supervisor → call plane: everything that is kept, one call at a time, and then the end. */
export const fromMirror = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('own'), state }),
  z.strictObject({ kind: z.literal('kept'), call, state }),
  z.strictObject({ kind: z.literal('end') }),
]);

export type ToMirror = z.infer<typeof toMirror>;
export type FromMirror = z.infer<typeof fromMirror>;

/** What a process left to the next. States are parsed from JSON and not checked. */
export interface Left {
  /** What it was towards all its peers; undefined when there was none before. */
  readonly own: unknown;
  readonly calls: readonly MirroredCall[];
}

/** One call as its last process left it. */
export interface MirroredCall {
  readonly call: CallId;
  readonly state: unknown;
}
