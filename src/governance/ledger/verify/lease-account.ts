/** What a verifier knows of one lease while it reads: its opening, last renewal and close. */

import type { Entry } from '../../../model/evidence.ts';

export type Of<Kind extends Entry['kind']> = Extract<Entry, { kind: Kind }>;

export interface LeaseAccount {
  open: Of<'lease.open'> | undefined;
  isVoided: boolean;
  renewal: Of<'lease.renew'> | undefined;
  /** The renewal before that one, which holds again where the last one is voided. */
  renewalBefore: Of<'lease.renew'> | undefined;
  close: Of<'lease.close'> | undefined;
}
