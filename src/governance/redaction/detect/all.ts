/** Every detector there is. Their order is of no consequence: what any of them finds is hidden. */

import { detectAddresses } from './addresses.ts';
import { detectAges } from './ages.ts';
import { detectAnswers, detectAsked } from './answers.ts';
import { detectDates } from './dates.ts';
import type { Detector } from './detector.ts';
import { detectEmail } from './email.ts';
import { detectExpiry } from './expiry.ts';
import { detectIp } from './ip.ts';
import { detectNameSlot } from './name-slot.ts';
import { detectNames } from './names.ts';
import { detectNumbers } from './numbers.ts';
import { detectOrganisations } from './organisations.ts';
import { detectPlaces } from './places.ts';
import { detectPostcodes } from './postcodes.ts';
import { detectSecrets } from './secrets.ts';
import { detectSpecialCategories } from './special-categories.ts';
import { detectSpelled } from './spelled.ts';
import { detectUrl } from './url.ts';

export const DETECTORS: readonly Detector[] = [
  detectNumbers,
  detectExpiry,
  detectSecrets,
  detectEmail,
  detectUrl,
  detectIp,
  detectDates,
  detectAges,
  detectPostcodes,
  detectSpelled,
  detectAsked,
  detectAnswers,
  detectSpecialCategories,
  detectNames,
  detectNameSlot,
  detectAddresses,
  detectPlaces,
  detectOrganisations,
];
