/** What words stand for when numbers, letters and addresses are said aloud. A closed set; which word is which is `spoken-words.ts`. */

export type SpokenSymbol =
  | { readonly kind: 'digits'; readonly digits: string }
  /** `letter` when it was said as the letter O, which is as likely meant as the digit. */
  | { readonly kind: 'unit'; readonly digit: string; readonly letter?: 'o' }
  | { readonly kind: 'teen'; readonly digits: string }
  | { readonly kind: 'ten'; readonly digits: string }
  /** hundred, thousand, lakh, million, crore, billion and upwards */
  | { readonly kind: 'scale'; readonly zeros: 2 | 3 | 5 | 6 | 7 | 9 | 12 | 15 | 18 | 21 }
  | { readonly kind: 'repeat'; readonly times: 2 | 3 | 4 }
  /** "first", "twenty" is a ten before it; value as digits: "1", "30". */
  | { readonly kind: 'ordinal'; readonly digits: string }
  | { readonly kind: 'month'; readonly digits: string }
  /** A single letter, its name ("zed"), or a word that spells it ("bravo"); `isWord` for the last. */
  | { readonly kind: 'letter'; readonly letter: string; readonly isWord: boolean }
  /** Sounds like a digit, or like a letter, and is one only between others: "to", "for", "won", "sea", "you". */
  | { readonly kind: 'homophone'; readonly digit: string | undefined; readonly letter: string | undefined }
  /** "dot", "dash", "at", and the marks themselves; `mark` is the ASCII character. */
  | { readonly kind: 'glue'; readonly mark: string }
  | { readonly kind: 'and' }
  /** um, uh, er */
  | { readonly kind: 'filler' }
  /** "sorry", "wait", "scratch": closes a reading, never a mask. */
  | { readonly kind: 'correction' };
