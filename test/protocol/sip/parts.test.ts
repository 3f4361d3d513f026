import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalHost, readIpAddress } from '../../../src/protocol/sip/ip-address.ts';
import { readNameAddress } from '../../../src/protocol/sip/name-address.ts';
import { headerName } from '../../../src/protocol/sip/header-names.ts';
import { listText, listValues } from '../../../src/protocol/sip/list-values.ts';
import { readUri } from '../../../src/protocol/sip/uri.ts';
import { readVia } from '../../../src/protocol/sip/via.ts';
import { asRequest, invite } from './messages.ts';

test('a SIP URI is read into host, port, user and parameters', () => {
  expect(readUri('sip:bob:secret@Example.COM:5070;transport=udp;lr?subject=x')).toMatchObject({
    kind: 'sip',
    secure: false,
    user: 'bob',
    host: 'example.com',
    port: 5070,
    params: [
      { name: 'transport', value: 'udp' },
      { name: 'lr', value: undefined },
    ],
  });
});

test('parameters in the user part are not parameters of the URI', () => {
  expect(readUri('sip:+1555;phone-context=example.com@10.0.0.1;user=phone')).toMatchObject({
    user: '+1555;phone-context=example.com',
    host: '10.0.0.1',
    params: [{ name: 'user', value: 'phone' }],
  });
});

test('an IPv6 host keeps all of itself, and its port', () => {
  expect(readUri('sips:[2001:DB8::1]:5061')).toMatchObject({ secure: true, host: '2001:db8::1', port: 5061 });
});

test('other schemes are known by name', () => {
  expect(readUri('tel:+15551234')).toEqual({ kind: 'other', scheme: 'tel' });
});

test.each([
  'sip:',
  'sip:@host',
  'sip:a@b@c',
  'sip:a@[::1',
  'sip:a@b:99999',
  'sip:a@b:0',
  'bob',
  'sip:a b@c',
  '<sip:a@b>',
])('%s is no URI', (text) => {
  expect(readUri(text)).toBeUndefined();
});

test('an address is found behind a quoted name that tries to look like one', () => {
  expect(readNameAddress('"x \\" <sip:evil@e>" <sip:a@b;lr>;tag=1')).toMatchObject({
    uri: 'sip:a@b;lr',
    params: [{ name: 'tag', value: '1' }],
  });
});

test('a Via says who sent it, whatever white space stands between', () => {
  expect(readVia('SIP / 2.0\r\n /udp  [::1] : 5061 ;rport; Branch = z9hG4bKx', 0)).toMatchObject({
    transport: 'UDP',
    host: '::1',
    port: 5061,
    branch: 'z9hG4bKx',
    rport: 'asked',
    received: undefined,
  });
});

test('list elements are split at commas, but not inside quotes or brackets', () => {
  const request = asRequest(invite({ extra: ['Route: "a, b" <sip:x@y;p="1,2">, <sip:z,w@v>', 'Route: <sip:last@v>'] }));

  const values = listValues(request.head, 'route').map((value) => listText(request.head, value));

  expect(values).toEqual(['"a, b" <sip:x@y;p="1,2">', '<sip:z,w@v>', '<sip:last@v>']);
});

test('compact names stand for their long ones, and only known letters do', () => {
  expect(['i', 'M', 'e', 'l', 'r', 'x', 'z', 'Via'].map(headerName)).toEqual([
    'call-id',
    'contact',
    'content-encoding',
    'content-length',
    'refer-to',
    'session-expires',
    'z',
    'via',
  ]);
});

test('one address in two spellings is one address', () => {
  expect(canonicalHost('2001:db8:0:0::1')).toBe(canonicalHost('[2001:DB8::1]'));
  expect(canonicalHost('::ffff:10.0.0.1')).toBe('10.0.0.1');
  expect(canonicalHost('fe80::1%eth0')).toBe(canonicalHost('fe80::1'));
  expect(canonicalHost('Host.Example.')).toBe('host.example');
});

test.each([
  '1.2.3',
  '1.2.3.4.5',
  '256.1.1.1',
  '01.2.3.4',
  ':::',
  '1::2::3',
  '12345::',
  '::1.2.3',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7::8',
  '',
])('%s is no address', (text) => {
  expect(readIpAddress(text)).toBeUndefined();
});

test('every address reads back to its own bytes', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
      const bytes = readIpAddress(text);

      expect(bytes).toBeDefined();
      expect(readIpAddress(canonicalHost(text))).toEqual(bytes);
    }),
  );
});
