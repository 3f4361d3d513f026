/** What the document says of one leg's media, and the policy it means. */

import { z } from 'zod';
import { FLOORS, LEG_PROFILES, legPolicy, SRTP_SUITES, type LegPolicy } from '../model/leg-policy.ts';

const profile = z.enum(LEG_PROFILES);

/** A profile alone, or with whatever else is asked of the leg. */
export const legMedia = z.union(
  [
    profile,
    z.strictObject({
      profile: profile.default('as-offered'),
      /** Cipher suites to offer and accept, best first. */
      suites: z
        .array(z.enum(SRTP_SUITES))
        .min(1)
        .refine((suites) => new Set(suites).size === suites.length, 'names a suite twice')
        .optional(),
      /** The least this leg may be: below it, its calls are refused. */
      floor: z.enum(FLOORS).optional(),
      ice: z.enum(['off', 'lite']).optional(),
      rtcpMux: z.enum(['as-offered', 'offer', 'off']).optional(),
      /** A plain peer behind NAT: its media is taken from where it really comes, once per signaling event. */
      nat: z.enum(['off', 'latch']).optional(),
      /** Say `|2^31` in our crypto lines. */
      lifetime: z.boolean().optional(),
    }),
  ],
  { error: `must be ${LEG_PROFILES.join(', ')}, or {profile, suites, floor, ice, rtcpMux, nat, lifetime}` },
);

export function toLegPolicy(leg: z.output<typeof legMedia>): LegPolicy {
  if (typeof leg === 'string') return legPolicy(leg);
  const said = Object.entries(leg).filter(([key, value]) => key !== 'profile' && value !== undefined);
  return legPolicy(leg.profile, Object.fromEntries(said));
}
