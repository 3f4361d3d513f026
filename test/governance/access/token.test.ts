import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isId } from '../../../src/base/ids.ts';
import { isSameToken, makeToken, parseToken, type NewToken } from '../../../src/governance/access/token.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

/** Any token there can be. */
const anyToken = fc
  .tuple(bytes(16), bytes(32))
  .map(([id, secret]) => ({ made: makeToken((size) => (size === 16 ? id : secret)), secret }));

const storedAs = ({ token, secretHash }: NewToken) => ({ token, secret_hash: secretHash });

test('a token says whose id it is, and only the hash of its secret bytes is left to store', () => {
  fc.assert(
    fc.property(anyToken, ({ made, secret }) => {
      expect(isId('token', made.token)).toBe(true);
      expect(made.bearer).toMatch(/^ear_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/);
      expect(made.bearer.slice(4, 16)).toBe(made.token.slice(2, 14));
      expect(made.secretHash).toEqual(createHash('sha256').update(secret).digest());
    }),
  );
});

test('what was made is read back, and is the stored one', () => {
  fc.assert(
    fc.property(anyToken, ({ made }) => {
      const read = parseToken(made.bearer);

      expect(read?.secretHash).toEqual(made.secretHash);
      expect(isSameToken(read!, storedAs(made))).toBe(true);
    }),
  );
});

test('a token with any one character changed is not read, or is another', () => {
  const change = fc.tuple(
    anyToken,
    fc.nat({ max: 59 }),
    fc.nat({ max: 0x2ff }).map((code) => String.fromCharCode(code)),
  );
  fc.assert(
    fc.property(change, ([{ made }, at, put]) => {
      const changed = made.bearer.slice(0, at) + put + made.bearer.slice(at + 1);
      fc.pre(changed !== made.bearer);

      const read = parseToken(changed);

      expect(read !== undefined && isSameToken(read, storedAs(made))).toBe(false);
    }),
  );
});

test('no text that is not spelled as we spell it is read, and reading never throws', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => {
      expect(parseToken(text)).toBeUndefined();
    }),
  );
});

test.each([
  ['a space before', (bearer: string) => ` ${bearer}`],
  ['a line end after', (bearer: string) => `${bearer}\n`],
  ['padding', (bearer: string) => `${bearer}=`],
  [
    'upper-case digits',
    (bearer: string) => bearer.replace(/^ear_.{12}/, (start) => `ear_${start.slice(4).toUpperCase()}`),
  ],
  ['another prefix', (bearer: string) => bearer.replace('ear_', 'EAR_')],
  ['the other base64 alphabet', (bearer: string) => bearer.replace(/-/g, '+').replace(/_(?=.{0,42}$)/g, '/')],
  ['one character less', (bearer: string) => bearer.slice(0, -1)],
  ['one character more', (bearer: string) => `${bearer}A`],
])('a token with %s is none', (_name, change) => {
  const secret = Buffer.alloc(32, 0xfb);
  const { bearer } = makeToken((size) => (size === 16 ? Buffer.alloc(16, 0xab) : secret));

  expect(parseToken(bearer)).toBeDefined();
  expect(parseToken(change(bearer))).toBeUndefined();
});

test('of the four spellings that decode to the same bytes one is the token', () => {
  const { bearer } = makeToken((size) => Buffer.alloc(size, 7));
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet.indexOf(bearer.at(-1)!);

  const spellings = [0, 1, 2, 3].map((bits) => bearer.slice(0, -1) + alphabet.charAt((last & ~3) | bits));

  expect(spellings.filter((spelling) => parseToken(spelling) !== undefined)).toEqual([bearer]);
});

test('a secret under the id of another token is not that token', () => {
  const made = makeToken((size) => Buffer.alloc(size, 1));
  const lying = made.bearer.replace(/^ear_.{12}/, 'ear_ffffffffffff');

  const read = parseToken(lying);

  expect(read?.secretHash).toEqual(made.secretHash);
  expect(isSameToken(read!, storedAs(made))).toBe(false);
});
