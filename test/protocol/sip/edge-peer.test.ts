import { expect, test } from 'vitest';
import { flowUse } from '../../../src/protocol/sip/edge-peer.ts';
import type { FlowUse } from '../../../src/protocol/sip/edge-peer.ts';
import type { SipTransport } from '../../../src/protocol/sip/transport.ts';
import { answerKeepalive, mayBeStun } from '../../../src/protocol/sip/stun-keepalive.ts';
import { asRequest, message } from './messages.ts';

const SOURCE = { address: '203.0.113.5', port: 40_000 };

interface From {
  readonly transport?: SipTransport;
  readonly via?: string;
  readonly contact?: string | undefined;
  readonly extra?: readonly string[];
}

function useOf({ transport = 'tcp', via = '203.0.113.5:5060', contact, extra = [] }: From): FlowUse {
  const request = asRequest(
    message([
      'INVITE sip:bob@example.com SIP/2.0',
      `Via: SIP/2.0/${transport.toUpperCase()} ${via};branch=z9hG4bKx`,
      'From: <sip:a@b>;tag=1',
      'To: <sip:bob@example.com>',
      'Call-ID: x',
      'CSeq: 1 INVITE',
      ...(contact === undefined ? [] : [`Contact: ${contact}`]),
      ...extra,
    ]),
  );
  return flowUse(request, SOURCE, transport);
}

test.each<[string, From]>([
  ['a browser', { transport: 'wss', via: 'abc.invalid', contact: '<sip:x@abc.invalid;transport=ws>' }],
  ['any WebSocket client', { transport: 'ws', contact: '<sip:x@203.0.113.5:5060>' }],
  ['a name that never resolves', { contact: '<sip:x@phone.INVALID.>' }],
  ['who asks for it (RFC 5626 ob)', { contact: '<sip:x@203.0.113.5:5060;ob>' }],
  ['a Contact at the port it called from', { contact: '<sip:x@203.0.113.5:40000;transport=tcp>' }],
  ['a private address behind a NAT, on a stream', { via: '10.0.0.7:5060', contact: '"a, b" <sip:x@10.0.0.7:5060>' }],
  ['the same over UDP, asking for rport', { transport: 'udp', via: '10.0.0.7;rport', contact: '<sip:x@10.0.0.7>' }],
])('%s is reached by its flow alone', (_name, from) => {
  expect(useOf(from)).toBe('only');
});

test.each<[string, From]>([
  ['who listens where it says', { contact: '<sip:x@203.0.113.5:5060;transport=tcp>' }],
  ['a name that may resolve', { contact: '<sip:x@pbx.example;transport=tcp>' }],
  ['a machine with two addresses over UDP', { transport: 'udp', via: '10.0.0.7', contact: '<sip:x@10.0.0.7>' }],
  ['a Contact elsewhere than its Via', { transport: 'udp', via: '10.0.0.7;rport', contact: '<sip:x@192.0.2.1>' }],
  ['no Contact at all', {}],
  ['a Contact that is no SIP', { contact: '<tel:+491234>' }],
  ['one behind a proxy', { contact: '<sip:x@a.invalid;ob>', extra: ['Via: SIP/2.0/UDP h;branch=z9hG4bKy'] }],
  ['one behind a proxy that stays in the way', { contact: '<sip:x@a.invalid>', extra: ['Record-Route: <sip:p;lr>'] }],
])('%s is called back at its name', (_name, from) => {
  expect(useOf(from)).toBe('none');
});

test('who came by TLS and names its bare address is answered by TLS as it came, as long as that stands', () => {
  expect(useOf({ transport: 'tls', contact: '<sip:x@203.0.113.5:5061;transport=tls>' })).toBe('first');
  expect(useOf({ transport: 'tls', contact: '<sip:x@sbc.example;transport=tls>' })).toBe('none');
});

test('a STUN keep-alive is told where it came from, and other STUN nothing', () => {
  const request = Buffer.from('000100002112a442000102030405060708090a0b', 'hex');
  const indication = Buffer.from('001100002112a442000102030405060708090a0b', 'hex');

  const answer = answerKeepalive(request, { address: '192.0.2.1', port: 32_853 });

  expect([request, indication].map(mayBeStun)).toEqual([true, true]);
  expect(answer?.toString('hex', 0, 20)).toBe('010100142112a442000102030405060708090a0b');
  // RFC 5769 §2.2: 192.0.2.1 port 32853 behind the mask.
  expect(answer?.toString('hex', 20, 32)).toBe('002000080001a147e112a643');
  expect(answerKeepalive(indication, SOURCE)).toBeUndefined();
  expect(answerKeepalive(Buffer.from('0001'), SOURCE)).toBeUndefined();
});

test('no SIP message looks like STUN', () => {
  expect(mayBeStun(Buffer.from('INVITE'))).toBe(false);
  expect(mayBeStun(Buffer.from('\r\n\r\n'))).toBe(false);
  expect(mayBeStun(Buffer.alloc(0))).toBe(false);
});
