import fc from 'fast-check';
import { expect, test } from 'vitest';
import { namePlace, readPlace } from '../../../src/cli/client/place.ts';
import { ApiError } from '../../../src/cli/client/api-error.ts';

test.each([
  ['http://127.0.0.1:9465', { kind: 'http', host: '127.0.0.1', port: 9465 }],
  ['http://localhost/', { kind: 'http', host: 'localhost', port: 80 }],
  ['http://[::1]:9465', { kind: 'http', host: '::1', port: 9465 }],
  ['https://earshot.example', { kind: 'https', host: 'earshot.example', port: 443 }],
  ['https://192.0.2.1:9465', { kind: 'https', host: '192.0.2.1', port: 9465 }],
  ['unix:/run/earshot/api.sock', { kind: 'socket', path: '/run/earshot/api.sock' }],
])('%s is a place', (text, place) => {
  expect(readPlace(text, 'EARSHOT_URL')).toEqual(place);
});

test.each([
  ['http://192.0.2.1:9465', 'over http the token would travel in clear'],
  ['http://127.0.0.1.evil.example:9465', 'over http the token would travel in clear'],
  ['http://localhost.evil.example', 'over http the token would travel in clear'],
  ['https://ear_secret@earshot.example', 'must hold no name or password'],
  ['https://earshot.example/v1', 'must be http://HOST:PORT'],
  ['https://earshot.example?token=ear_secret', 'must be http://HOST:PORT'],
  ['ftp://earshot.example', 'must be http://HOST:PORT'],
  ['earshot.example', 'must be http://HOST:PORT'],
  ['unix:api.sock', 'must name the socket by its whole path'],
])('%s is none, and is not quoted', (text, why) => {
  const read = (): unknown => readPlace(text, '--url');

  expect(read).toThrow(ApiError);
  expect(read).toThrow(why);
  expect(read).not.toThrow('secret');
});

test('http goes nowhere but to this machine, whatever is written', () => {
  const host = fc.oneof(fc.ipV4(), fc.constantFrom('localhost', '127.1', '0x7f.1', 'localhost.', '2130706433', 'a.b'));
  const text = fc.oneof(
    host.map((name) => `http://${name}`),
    fc.string({ maxLength: 20 }).map((rest) => `http://127.0.0.1${rest}`),
    fc.string({ maxLength: 20 }),
  );
  fc.assert(
    fc.property(text, (written) => {
      try {
        const place = readPlace(written, '--url');
        if (place.kind === 'http') expect(place.host).toMatch(/^(localhost|::1|127\.\d+\.\d+\.\d+)$/);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(ApiError);
      }
    }),
    { numRuns: 200 },
  );
});

test('a place is named as it is written', () => {
  for (const text of ['http://[::1]:9465', 'https://earshot.example:443', 'http://127.0.0.1:80']) {
    expect(namePlace(readPlace(text, '--url'))).toBe(text);
  }
});
