/** What redaction finds, by the names that plans, policies and placeholders use; and what of it is never remembered. */

import type { EntityType } from './transcript.ts';

export const ENTITY_TYPES = [
  'ACCOUNT',
  'ADDRESS',
  'AGE',
  'ANSWER',
  'CARD',
  'CITY',
  'COUNTRY',
  'CVV',
  'DATE',
  /** A phrase of a tenant's own. */
  'DENIED',
  'DOB',
  'EMAIL',
  'EXPIRY',
  'GROUP',
  'HEALTH',
  'IBAN',
  'ID',
  'IP',
  'NAME',
  'NATIONAL_ID',
  'NUMBER',
  'ORG',
  'OTP',
  'PASSWORD',
  'PHONE',
  'PIN',
  'POSTCODE',
  'SORT_CODE',
  'SPELLED',
  'SSN',
  'TITLE',
  'URL',
] as const satisfies readonly EntityType[];

/** How a type of a tenant's own may be named. */
export const TYPE_NAME = /^[A-Z][A-Z_]{0,31}$/;

/** Hidden, and never remembered even in memory (PCI DSS 3.3.1 for the first of them). */
const NEVER_REMEMBERED = new Set<EntityType>(['CVV', 'PIN', 'EXPIRY', 'OTP', 'PASSWORD', 'ANSWER']);

/** Whether values of the type may be remembered for the length of a call. */
export function isRemembered(type: EntityType): boolean {
  return !NEVER_REMEMBERED.has(type);
}
