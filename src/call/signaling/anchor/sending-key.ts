/**
 * Our own sending keys: random, one per side, never a copy of a peer's, the same in every offer and answer of a call
 * while that side stays secure. A side that was plain in between gets a new one: indices under the old are spent.
 */

import type { RandomBytes } from '../../../base/ids.ts';
import type { Side } from '../../../model/tenant.ts';
import { SDES_KEY_SALT_BYTES, SDES_SUITE } from '../../../protocol/sdp/sdes.ts';
import type { SrtpKey } from '../../media/session-state.ts';
import type { CallRecord } from './call-record.ts';
import type { Profile } from './peer-media.ts';

/** The key we send with, or proposed to send with, towards `side`; null when there is none. */
export function knownSendKey(record: CallRecord, side: Side): SrtpKey | null {
  return record.committed?.sendKeys[side] ?? record.freshKeys[side] ?? null;
}

/** The key to send with towards `side` under `profile`, made when there is none yet; null for plain RTP. */
export function sendKeyFor(record: CallRecord, side: Side, profile: Profile, random: RandomBytes): SrtpKey | null {
  if (profile === 'rtp') return null;
  const known = knownSendKey(record, side);
  if (known) return known;
  const bytes = Buffer.from(random(SDES_KEY_SALT_BYTES));
  const key: SrtpKey = { suite: SDES_SUITE, keySalt: bytes.toString('base64') };
  bytes.fill(0);
  record.freshKeys[side] = key;
  return key;
}

/** Once committed, a key belongs to the committed media and is never taken for fresh again. */
export function spendFreshKeys(record: CallRecord): void {
  for (const side of ['caller', 'callee'] as const) {
    if (record.committed?.sendKeys[side] === record.freshKeys[side]) record.freshKeys[side] = undefined;
  }
}
