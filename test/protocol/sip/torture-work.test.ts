import { afterAll, beforeAll, expect, test } from 'vitest';
import { frameMessage, MAX_HEAD_BYTES } from '../../../src/protocol/sip/frame.ts';
import { MAX_ASKED_BYTES } from '../../../src/protocol/sip/second-opinion.ts';
import { readLooseRoute } from '../../../src/protocol/sip/loose-route.ts';
import { readMessage } from '../../../src/protocol/sip/read-message.ts';
import { buildResponse } from '../../../src/protocol/sip/responses.ts';
import { CountedWork } from './counted-work.ts';
import { message, verdict } from './messages.ts';

const SOURCE = { address: '192.0.2.10', port: 5060 };
const work = new CountedWork();

beforeAll(() => work.start());
afterAll(() => work.stop());

const PLAIN: Readonly<Record<string, string>> = {
  Via: 'SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKx',
  From: '<sip:a@b>;tag=1',
  To: '<sip:c@d>',
  'Call-ID': 'x@y',
  CSeq: '1 INVITE',
  'Max-Forwards': '70',
};

/** An INVITE in which one header says something else. */
function invite(name: string, value: string): Buffer {
  const headers = Object.entries({ ...PLAIN, [name]: value }).map(([header, said]) => `${header}: ${said}`);
  return message(['INVITE sip:c@d SIP/2.0', ...headers]);
}

/** Everything a request outside a dialog goes through: framed, read, routed by Route, answered. */
function carry(bytes: Buffer): void {
  const framed = frameMessage(bytes);
  if (framed.kind !== 'framed') return;
  const read = readMessage(framed.head);
  if (read.kind === 'request') readLooseRoute(read, () => false, true);
  buildResponse(framed.head, SOURCE, { status: 400, toTag: 'x' });
}

/** An attack of about `size` bytes, which grows with it and stays below every limit. */
const ATTACKS: Readonly<Record<string, (size: number) => Buffer>> = {
  'folds before a value': (size) => invite('Via', `${'\r\n '.repeat(size / 3)}${PLAIN['Via'] ?? ''}`),
  'folds behind a value': (size) => invite('Subject', `x${'\r\n '.repeat(size / 3)}`),
  'folds inside a Via': (size) => invite('Via', `SIP${'\r\n '.repeat(size / 3)}/2.0/UDP h;branch=z9hG4bKx`),
  'spaces before a colon': (size) => invite(`Subject${' '.repeat(size)}`, 'x'),
  'spaces in an address': (size) => invite('To', `${' '.repeat(size)}<sip:c@d>${' '.repeat(size / 8)};tag=1`),
  'spaces before a parameter': (size) => invite('Via', `SIP/2.0/UDP h${' '.repeat(size)};branch=z9hG4bKx`),
  'spaces in a challenge': (size) => invite('Authorization', `Digest a=b,${' '.repeat(size)}x`),
  'commas in a Via': (size) => invite('Via', `${PLAIN['Via'] ?? ''}${','.repeat(size)}`),
  'commas in a Route': (size) => invite('Route', ','.repeat(size)),
  'commas nobody reads': (size) => invite('Accept', ','.repeat(size)),
  'parameters of a Via': (size) => invite('Via', `SIP/2.0/UDP h${';a=b'.repeat(size / 4)};branch=z9hG4bKx`),
  'parameters of an address': (size) => invite('To', `<sip:c@d>${';a'.repeat(size / 2)}`),
  'parameters of a URI': (size) => invite('Route', `<sip:c@d${';a'.repeat(size / 2)};lr>`),
  'a Via of many values': (size) =>
    invite('Via', 'SIP/2.0/UDP h;branch=z9hG4bKx, '.repeat(size / 31) + 'SIP/2.0/UDP h'),
  'open brackets': (size) => invite('To', `${'<'.repeat(size)}sip:c@d>`),
  'bracket after bracket': (size) => invite('Route', '<>'.repeat(size / 2)),
  'quotes in quotes': (size) => invite('To', `"${'\\"'.repeat(size / 2)}" <sip:c@d>`),
  'quotes that close nothing': (size) => invite('Via', `SIP/2.0/UDP h;a=${'"'.repeat(size)}`),
  'backslashes before a NUL': (size) => invite('Subject', '\\\\\\\0'.repeat(size / 4)),
  'comments in comments': (size) => invite('Retry-After', `1 ${'('.repeat(size)}`),
  'a long Call-ID': (size) => invite('Call-ID', 'x'.repeat(size)),
  'a long CSeq': (size) => invite('CSeq', `${'0'.repeat(size)}1 INVITE`),
};

test.each(Object.entries(ATTACKS))(
  '%s cost twice as much when there is twice as much of them, and little',
  (_name, attack) => {
    const size = 6000;

    const once = work.during(() => carry(attack(size)));
    const twice = work.during(() => carry(attack(2 * size)));

    expect(twice).toBeLessThan(2.2 * once + 2000);
    // Some twenty steps a byte, all readers together.
    expect(twice).toBeLessThan(20 * MAX_HEAD_BYTES);
  },
);

test.each([
  ['64 KiB of folds', invite('Via', `${'\r\n '.repeat(21_845)}x`), 'head_too_large'],
  ['64 KiB of spaces in one header', invite('To', `${' '.repeat(65_000)}<sip:c@d>`), 'head_too_large'],
  ['one header of 60 KiB', invite('Subject', 'x'.repeat(60_000)), 'head_too_large'],
  ['10,000 headers', message(['INVITE sip:c@d SIP/2.0', ...Array<string>(10_000).fill('a: b')]), 'head_too_large'],
  ['257 headers', message(['INVITE sip:c@d SIP/2.0', ...Array<string>(257).fill('a: b')]), 'too_many_headers'],
  ['60 KiB of line feeds before a letter', Buffer.from(`${'\n'.repeat(60_000)}x`), 'leading_space'],
  ['a Via with 1,000 values', invite('Via', 'SIP/2.0/UDP h,'.repeat(1000) + 'SIP/2.0/UDP h'), 'via'],
  ['5,000 commas', invite('Via', ','.repeat(5000)), 'via'],
  ['5,000 parameters of a Via', invite('Via', `SIP/2.0/UDP h${';a'.repeat(5000)}`), 'via'],
  ['5,000 parameters of an address', invite('To', `<sip:c@d>${';a'.repeat(5000)}`), 'to'],
  ['a request line of 15 KiB', message([`INVITE sip:${'a'.repeat(15_000)}@b SIP/2.0`]), 'missing_header'],
])('%s are refused in less than a step a byte of what a head may hold, or little more', (_name, bytes, word) => {
  let read = '';

  const steps = work.during(() => (read = verdict(bytes)));

  expect(read).toBe(word);
  expect(steps).toBeLessThan(6 * MAX_HEAD_BYTES);
});

test('the second reader is never shown more than is safe', () => {
  const long = 'a'.repeat(MAX_ASKED_BYTES);

  expect(verdict(invite('To', `"${long}" <sip:c@d>`))).toBe('too_long');
  expect(verdict(invite('From', `<sip:a@b>;tag=1;x=${long}`))).toBe('too_long');
  expect(verdict(invite('Subject', long))).toBe('request');
});

test('white space is no way round what the second reader is shown', () => {
  const padded = invite('To', `<sip:c@d>${'\r\n '.repeat(MAX_ASKED_BYTES / 3)};tag=1`);

  expect(verdict(padded)).toBe('too_long');
});
