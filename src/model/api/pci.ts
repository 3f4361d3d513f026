/** Card data over the API: windows opened and closed by whoever takes the payment. */

import { z } from 'zod';
import { callId, timeMs, whole } from './words.ts';

export const pciWindowView = z.strictObject({
  call: callId,
  state: z.enum(['open', 'closed']),
  /** What opened it first. */
  trigger: z.string(),
  /** When it closes by itself, unless something opens it again before. */
  until_ms: timeMs.optional(),
  /** Streams that nobody hears meanwhile, and since where on their timelines. */
  streams: z.array(z.strictObject({ stream: z.string(), window: z.string(), opened_ms: whole })),
});

export type PciWindowView = z.infer<typeof pciWindowView>;
