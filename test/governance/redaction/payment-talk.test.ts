import { expect, test } from 'vitest';
import { cutItems } from '../../../src/governance/redaction/lexer.ts';
import { saysPaymentIsOver } from '../../../src/governance/redaction/payment-talk.ts';

/** Whether any word of it ends the payment, heard one by one. */
function isOver(text: string): boolean {
  const items = cutItems({ text, startMs: 0, endMs: 0, words: [] }, true);
  return items.some((_, at) => saysPaymentIsOver(items.slice(0, at + 1)));
}

test.each([
  "lovely, that's gone through for you",
  'the payment has gone through',
  "your payment's now gone through",
  'okay, your payment was successful.',
  'the payment is now complete, thank you',
  'the transaction has been approved',
  'your payment has just been taken',
  "I'm afraid the card was declined",
  'the payment did not go through',
  "sorry, it hasn't gone through",
  "that's us all done with the payment",
  "that's the payment done",
  "brilliant, you're all paid",
  'thank you I have that card',
  "perfect, I've got your card details",
  'we have now got all of your card details',
  "okay, there's no need for the card",
  "we don't need your card any more",
])('"%s" ends it', (text) => {
  expect(isOver(text)).toBe(true);
});

test.each([
  'can I have your card number',
  'could I just have your card details please',
  'do you have your card there',
  'have you got your card details to hand',
  'once the payment has gone through you will get an email',
  'when your payment is complete I will send it',
  "I'll let you know if the card was declined",
  'has the payment gone through?',
  'is your payment complete?',
  'I just need the payment to go through',
  'the payment is being processed',
  'the payment is not complete',
  "it hasn't been taken yet",
  'let me make sure I have your card right',
  'I went through the card details with you',
  'what is the name on the card',
  'the payment will be taken tomorrow',
  'there was a change. Done. Next',
])('"%s" does not', (text) => {
  expect(isOver(text)).toBe(false);
});

test('a speech of nothing but its words does not keep it from ending', () => {
  const items = cutItems(
    { text: 'card is been has now all through '.repeat(300), startMs: 0, endMs: 0, words: [] },
    true,
  );

  expect(items.filter((_, at) => saysPaymentIsOver(items.slice(Math.max(0, at - 30), at + 1)))).toEqual([]);
});
