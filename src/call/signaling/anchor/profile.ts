/**
 * Which profile each leg is to have. A leg that was secure never becomes plain because the other side asked:
 * only its own peer can ask that, and only where the tenant leaves it open.
 */

import type { LegPolicy, LegProfile } from '../../../model/leg-policy.ts';
import { mayBePlain } from './floor.ts';
import type { PeerMedia, Profile } from './peer-media.ts';
import { isSecure } from './peer-media.ts';

/** Whether the tenant lets a leg offer this profile. Best effort takes whatever comes. */
export function isProfileAllowed(policy: LegProfile, offered: Profile): boolean {
  return policy === 'as-offered' || policy === 'osrtp' || policy === offered;
}

export interface ProfileChoice {
  readonly offered: Profile;
  readonly offererPolicy: LegPolicy;
  readonly policy: LegPolicy;
  /** What was last agreed with the leg that is to be offered to. */
  readonly agreed: PeerMedia | undefined;
}

/** What to offer the other side; undefined where its floor and its profile cannot both be had. */
export function chooseTargetProfile(choice: ProfileChoice): Profile | undefined {
  const { policy } = choice;
  const wanted = policy.profile === 'as-offered' ? chooseAsOffered(choice) : policy.profile;
  if (wanted !== 'rtp' || mayBePlain(policy.floor)) return wanted;
  return policy.profile === 'as-offered' ? 'sdes' : undefined;
}

function chooseAsOffered({ offered, offererPolicy, agreed }: ProfileChoice): Profile {
  if (agreed?.profile === undefined) return offered;
  if (isSecure(agreed)) return agreed.profile;
  // A fixed profile of the offerer's says nothing about what this leg wants.
  return offererPolicy.profile === 'as-offered' ? offered : agreed.profile;
}
