/** Tokens, as the API shows and makes them. A secret is shown once, in the answer to its making, and never again. */

import { z } from 'zod';
import { accessRole, pageOf, tenantName, timeMs, tokenId } from './words.ts';

const holder = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/, 'must be 1 to 64 letters, digits, dots, hyphens, underscores or @');

export const tokenView = z.strictObject({
  token: tokenId,
  holder,
  roles: z.array(accessRole),
  /** Absent: every tenant. */
  tenants: z.array(tenantName).optional(),
  issued_by: z.string(),
  issued_ms: timeMs,
  expires_ms: timeMs,
  revoked_ms: timeMs.optional(),
  state: z.enum(['active', 'expired', 'revoked']),
});

export const issueTokenBody = z.strictObject({
  holder,
  roles: z.array(accessRole).min(1).max(4),
  tenants: z.array(tenantName).min(1).max(64).optional(),
  /** Seconds from now; at most a year. */
  expires_in_s: z
    .int()
    .min(60)
    .max(366 * 86_400)
    .default(30 * 86_400),
});

export const bootstrapBody = z.strictObject({ holder });

/** `secret` is the whole bearer token. */
export const issuedToken = tokenView.extend({ secret: z.string() });
export const tokenPage = pageOf(tokenView);

export const whoAmI = z.strictObject({
  token: z.string(),
  holder: z.string(),
  roles: z.array(accessRole),
  tenants: z.array(tenantName).optional(),
  expires_ms: timeMs.optional(),
});

export type TokenView = z.infer<typeof tokenView>;
export type IssueTokenBody = z.infer<typeof issueTokenBody>;
export type IssuedToken = z.infer<typeof issuedToken>;
export type TokenPage = z.infer<typeof tokenPage>;
export type WhoAmI = z.infer<typeof whoAmI>;
