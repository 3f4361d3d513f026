/** What the other leg may have asked for, as rows and options say it. */

import type { Topic } from '../../governance/redaction/speech/token.ts';

/** A record, so that the compiler misses none. */
const TOPICS: Readonly<Record<Topic, true>> = {
  card: true,
  cvv: true,
  expiry: true,
  pin: true,
  phone: true,
  email: true,
  ssn: true,
  national_id: true,
  account: true,
  sort_code: true,
  iban: true,
  reference: true,
  dob: true,
  age: true,
  postcode: true,
  address: true,
  name: true,
  password: true,
  otp: true,
  answer: true,
  spelling: true,
  number: true,
};

export const TOPIC_WORDS = Object.keys(TOPICS);

export function isTopic(word: unknown): word is Topic {
  return typeof word === 'string' && Object.hasOwn(TOPICS, word);
}
