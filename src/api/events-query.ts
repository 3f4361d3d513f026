/** The query of `/v1/events`: `since`, the sequence number after which events are wanted. */

import { z } from 'zod';

const schema = z.strictObject({ since: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0) });

/** The query, or undefined when it is not one. */
export function readEventsQuery(query: unknown): { readonly since: number } | undefined {
  const read = schema.safeParse(query);
  return read.success ? read.data : undefined;
}
