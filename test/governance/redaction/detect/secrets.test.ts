import { describe, expect, test } from 'vitest';
import { detectExpiry } from '../../../../src/governance/redaction/detect/expiry.ts';
import { detectSecrets } from '../../../../src/governance/redaction/detect/secrets.ts';
import type { Topic } from '../../../../src/governance/redaction/speech/token.ts';
import { hidden, say } from '../speech/say.ts';

describe('secrets that are announced', () => {
  test.each([
    ['my password is hunter2 and I need help', ['PASSWORD hunter2']],
    ['the password for my account is swordfish', ['PASSWORD swordfish']],
    ['passcode: tulip', ['PASSWORD tulip']],
    ["my mother's maiden name is kowalski and that is all", ['ANSWER kowalski']],
    ['my memorable word is lighthouse', ['ANSWER lighthouse']],
  ])('%s', (text, expected) => {
    expect(hidden(detectSecrets, text)).toEqual(expected);
  });

  test.each([
    'my password is not working since monday',
    'the password is wrong',
    'how do I reset my password',
    'the name is fine and the word is out',
    'what is my password',
  ])('%s holds none', (text) => {
    expect(hidden(detectSecrets, text)).toEqual([]);
  });
});

describe('secrets that were asked for', () => {
  test.each<[string, Topic, string[]]>([
    ["um it's fluffy two", 'password', ['PASSWORD fluffy two']],
    ['yes my first pet was rex I think', 'answer', ['ANSWER rex']],
    ['b to nine', 'password', ['PASSWORD b to nine']],
    ['sorry can you say that again please', 'password', []],
  ])('%s', (text, asked, expected) => {
    expect(hidden(detectSecrets, text, asked)).toEqual(expected);
  });

  test('they have no value', () => {
    const { findings } = detectSecrets(say('swordfish', { asked: 'password' }));

    expect(findings.map((finding) => 'value' in finding)).toEqual([false]);
  });
});

test('the month a card expires in is hidden, a month that is talked of is not', () => {
  expect(hidden(detectExpiry, 'it expires march twenty six')).toEqual(['EXPIRY march']);
  expect(hidden(detectExpiry, 'expiry december of twenty seven')).toEqual(['EXPIRY december']);
  expect(hidden(detectExpiry, 'it expires and may I ask')).toEqual([]);
  expect(hidden(detectExpiry, 'see you in december')).toEqual([]);
  expect(hidden(detectExpiry, 'may', 'expiry')).toEqual(['EXPIRY may']);
});
