/**
 * Which profile each leg is to have. A leg that was secure never becomes plain because the other side asked:
 * only its own peer can ask that, and only where the tenant leaves it open.
 */

import type { LegProfile } from '../../../model/leg-policy.ts';
import type { Side } from '../../../model/tenant.ts';
import type { CallRecord } from './call-record.ts';
import { otherSide } from './call-record.ts';
import type { Profile } from './peer-media.ts';

/** Whether the tenant lets `side` offer this profile. */
export function isProfileAllowed(policy: LegProfile, offered: Profile): boolean {
  return policy === 'as-offered' || policy === offered;
}

/** What to offer the other side when `from` offered `offered`. */
export function chooseTargetProfile(record: CallRecord, from: Side, offered: Profile): Profile {
  const target = otherSide(from);
  const policy = record.tenant.media[target].profile;
  if (policy === 'rtp' || policy === 'sdes') return policy;
  const agreed = agreedProfile(record, target);
  if (agreed === 'sdes') return 'sdes';
  // A fixed profile of the offerer's says nothing about what this leg wants.
  if (agreed === 'rtp' && record.tenant.media[from].profile !== 'as-offered') return 'rtp';
  return offered;
}

/** What was last agreed with that side; undefined before anything was. */
export function agreedProfile(record: CallRecord, side: Side): Profile | undefined {
  if (!record.committed) return undefined;
  return record.committed.sendKeys[side] ? 'sdes' : 'rtp';
}
