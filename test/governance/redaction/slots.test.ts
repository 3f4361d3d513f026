import { expect, test } from 'vitest';
import { CallMemory } from '../../../src/governance/redaction/call-memory.ts';
import { Questions, Slot } from '../../../src/governance/redaction/slots.ts';

test('a question is open for half a minute of the answer, counted from its first word', () => {
  const slot = new Slot();
  slot.open('card');

  expect([500_000, 530_000, 530_001].map((ms) => slot.at(ms))).toEqual(['card', 'card', undefined]);
});

test('a question is open for three turns of whoever answers', () => {
  const slot = new Slot();
  slot.open('dob');
  const open = [1000, 2000, 3000, 4000].map((ms) => {
    const topic = slot.at(ms);
    slot.endTurn();
    return topic;
  });

  expect(open).toEqual(['dob', 'dob', 'dob', undefined]);
});

test('turns that ended before anything was answered do not count', () => {
  const slot = new Slot();
  slot.open('name');
  for (let turn = 0; turn < 5; turn += 1) slot.endTurn();

  expect(slot.at(0)).toBe('name');
});

test('the next question takes the place of the one before', () => {
  const slot = new Slot();
  slot.open('name');
  slot.open('postcode');

  expect(slot.at(0)).toBe('postcode');
});

test('naming a thing asks for it only near a word that asks', () => {
  const questions = new Questions();
  const heard = (words: string) =>
    words.split(' ').map((word) => questions.note(word, word === 'card' ? 'card' : undefined));

  expect(heard('we sent the new card by post')).not.toContain('card');
  expect(heard("what's the number of your card")).toContain('card');
});

test('a question is put to every other leg, and not to whoever asks', () => {
  const memory = new CallMemory();
  const [agent, customer, third] = [memory.join(), memory.join(), memory.join()];
  memory.leave(third);

  memory.ask('cvv', agent);

  expect([agent, customer, third].map((slot) => slot.at(0))).toEqual([undefined, 'cvv', undefined]);
});
