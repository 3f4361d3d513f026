/** Words that every answer of the API is made of. JSON is snake_case; times are ms since 1970 (UTC). */

import { z } from 'zod';
import { ACCESS_ROLES } from '../access.ts';

export const timeMs = z.int().min(0).max(Number.MAX_SAFE_INTEGER).meta({ description: 'ms since 1970 (UTC)' });
export const whole = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
export const tenantName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be the name of a tenant');
export const processorName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be the name of a processor');
export const callId = z.string().regex(/^c_[0-9a-f]{32}$/, 'must be the id of a call, such as c_ and 32 hex digits');
export const tokenId = z.string().regex(/^k_[0-9a-f]{32}$/, 'must be the id of a token, such as k_ and 32 hex digits');
export const revocationId = z
  .string()
  .regex(/^v_[0-9a-f]{32}$/, 'must be the id of a revocation, such as v_ and 32 hex digits');
export const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex');
export const accessRole = z.enum(ACCESS_ROLES);
/** Why somebody does something, in a few words of theirs; it is recorded. */
export const reasonText = z.string().min(1).max(128);
/** Repeated query parameter or a single one, always read as a list. */
export const listOf = <Item extends z.ZodType<unknown, string>>(item: Item) =>
  z.preprocess((value) => (value === undefined || Array.isArray(value) ? value : [value]), z.array(item).max(64));

/** Opaque to clients: where the next page begins. */
export const cursor = z.string().min(1).max(512);
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: cursor.optional(),
};
/** A page of `items`; `next` is absent on the last one. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({ items: z.array(item), next: cursor.optional() });

/** RFC 9457. `problems` are places in what was sent, each with line and column where there are lines. */
export const problemSchema = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  code: z.string(),
  problems: z
    .array(
      z.strictObject({
        key: z.string(),
        message: z.string(),
        line: whole.optional(),
        column: whole.optional(),
      }),
    )
    .optional(),
});
export type Problem = z.infer<typeof problemSchema>;
