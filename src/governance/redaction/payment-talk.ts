/**
 * Whether what was just said is that a card payment is over, one way or the other. Looks at the last few words, once for
 * each that may end such a phrase; in doubt it is not over.
 */

import type { Item } from './lexer.ts';

const MAX_WORDS = 10;
const OUTCOMES =
  'successful|complete|completed|done|taken|processed|approved|authorised|authorized|confirmed|declined|refused|rejected';
const ENDS = new Set(`${OUTCOMES}|through|paid|payment|card|details`.split('|'));

const PAYMENT = '(?:payments?|transactions?|cards?)';
const MEANWHILE = '(?:all|now|just|already|successfully|fully|been)';
const IS = `(?:(?:is|was|has|have|got|${MEANWHILE}) )`;
const YOUR = '(?:that|the|your|this|all your|all the|all of your|all of the)';

const OVER = [
  // "your payment has now been taken", "the card was declined"
  `${PAYMENT} ${IS}{1,4}(?:${OUTCOMES})`,
  `(?:payment|transaction) (?:successful|complete|completed|approved|declined|done)`,
  `card (?:declined|refused)`,
  // "that's gone through", "the payment hasn't gone through", "it did not go through"
  `(?:${PAYMENT}|that|thats|this|it|its) (?:${IS}|(?:not|hasnt|havent) ){0,4}(?:gone|went) through`,
  `(?:${PAYMENT}|that|this|it) (?:(?:did|does|has|just) )?(?:not|didnt|doesnt) go through`,
  `thats ${YOUR} (?:payment|card payment) (?:done|taken|processed|complete|completed)`,
  `(?:done|finished) with ${YOUR} (?:card )?(?:payment|card)`,
  `(?:thats|youre|you are|that is) (?:all|now) paid`,
  // "thank you, I have that card", "got your card details"
  `(?:i|ive|we|weve|thanks|thank you|perfect|lovely|great|okay|ok|right) (?:(?:have|ve|now|got|taken|noted|received) ){1,3}${YOUR} card(?: number)?(?: details)?`,
  `(?:no need for|dont need|wont need|no longer need) ${YOUR} card(?: details)?`,
].map((pattern) => new RegExp(`(?:^| )${pattern}$`));

/** "Once the payment has gone through": it is not over yet. */
const DOUBT = / (?:if|once|when|until|till|before|after|unless|whether|as soon|make sure|cannot|cant|not sure|let me) /;
/** "Has the payment gone through?", "can I have your card?" */
const QUESTION =
  / (?:has|have|did|is|was|do|does|can|could|may|might|shall|should|would|will) (?:(?:the|your|my|that|this) )?$/;

/** The newest token last. */
export function saysPaymentIsOver(tokens: readonly Pick<Item, 'kind' | 'fold'>[]): boolean {
  const newest = tokens.at(-1);
  if (newest?.kind !== 'word' || !ENDS.has(newest.fold)) return false;
  const said = lastWords(tokens);
  return OVER.some((pattern) => {
    const found = pattern.exec(said);
    if (!found) return false;
    const before = ` ${said.slice(0, found.index)} `.replaceAll(/ +/g, ' ');
    return !DOUBT.test(before) && !QUESTION.test(before);
  });
}

/** The words of the sentence so far, without their apostrophes. */
function lastWords(tokens: readonly Pick<Item, 'kind' | 'fold'>[]): string {
  const words: string[] = [];
  for (let at = tokens.length - 1; at >= 0 && words.length < MAX_WORDS; at -= 1) {
    const token = tokens[at];
    if (!token || token.fold === '.' || token.fold === '?' || token.fold === '!') break;
    if (token.kind === 'word') words.push(token.fold.replaceAll(/['’]/g, ''));
  }
  return words.reverse().join(' ');
}
