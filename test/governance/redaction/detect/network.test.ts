import { expect, test } from 'vitest';
import { detectEmail } from '../../../../src/governance/redaction/detect/email.ts';
import { detectIp } from '../../../../src/governance/redaction/detect/ip.ts';
import { detectUrl } from '../../../../src/governance/redaction/detect/url.ts';
import { hidden, hiddenWordByWord, tokensOf } from './windows.ts';

test.each([
  ['write to Ann.Lee-Poe@mail.example.co.uk, please', 'Ann.Lee-Poe@mail.example.co.uk'],
  ['it is ann dot lee at example dot co dot uk thanks', 'ann dot lee at example dot co dot uk'],
  ['that is j poe forty two at g mail dot com', 'j poe forty two at g mail dot com'],
  ['it is p o e underscore nine at example dot c o m', 'p o e underscore nine at example dot c o m'],
  ['my email is annabel poe at harbour view dot org', 'annabel poe at harbour view dot org'],
  ['annabel at gmail', 'annabel at gmail'],
])('the address in "%s" is hidden whole', (text, address) => {
  expect(hidden(detectEmail, text)).toEqual([`EMAIL: ${address}`]);
});

test.each([
  'look at the polka dot dresses',
  'we met at noon and left at ten',
  'call me at home tomorrow',
  'the meeting is at three thirty',
])('"%s" is talk', (text) => {
  expect(hidden(detectEmail, text)).toEqual([]);
});

test('an address has one spelling however it is said', () => {
  const [said, written] = ['ann dot lee seven at example dot com', 'ann.lee7@example.com'].map((text) => {
    const { findings } = detectEmail({ tokens: tokensOf(text), left: 0, isEnd: true });
    return findings[0]?.value;
  });

  expect(said).toBe('ann.lee7@example.com');
  expect(written).toBe(said);
});

test('nothing of an address leaves before its end is known', () => {
  expect(hiddenWordByWord(detectEmail, 'so it is ann dot lee nine at harbour dot co dot uk okay')).toBe(
    'so it is _ _ _ _ _ _ _ _ _ _ okay',
  );
});

test.each([
  ['see https://www.Example-Shop.com/a?b=1 now', 'https://www.Example-Shop.com/a?b=1'],
  [
    'go to h t t p colon slash slash example dot com slash help',
    'h t t p colon slash slash example dot com slash help',
  ],
  ['it is w w w dot best buy dot com', 'w w w dot best buy dot com'],
  ['look on harbour dot org there', 'harbour dot org'],
  ['my website is poe plumbing dot com', 'poe plumbing dot com'],
  ['it is at shop.example.com.', 'shop.example.com'],
])('the address in "%s" is hidden', (text, address) => {
  expect(hidden(detectUrl, text)).toEqual([`URL: ${address}`]);
});

test.each(['I am done.So are they', 'she wore polka dot shoes', 'that is all. me too'])(
  '"%s" holds no address',
  (text) => {
    expect(hidden(detectUrl, text)).toEqual([]);
  },
);

test.each([
  ['from 192.0.2.17, yes', '192.0.2.17'],
  ['one nine two dot zero dot two dot one seven', 'one nine two dot zero dot two dot one seven'],
  [
    'two hundred and three dot zero dot one thirteen dot five',
    'two hundred and three dot zero dot one thirteen dot five',
  ],
  ['it is 2001:db8::ff00:42', '2001:db8::ff00:42'],
  ['card 00:1b:44:11:3a:b7 here', '00:1b:44:11:3a:b7'],
])('the machine in "%s" is hidden', (text, address) => {
  expect(hidden(detectIp, text)).toEqual([`IP: ${address}`]);
});

test.each(['version 1.2.3 is out', 'at 12:30:45 today', 'two point five percent'])('"%s" names no machine', (text) => {
  expect(hidden(detectIp, text)).toEqual([]);
});
