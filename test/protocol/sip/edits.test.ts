import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decrementMaxForwards,
  editBody,
  insertRecordRoutes,
  keepListValues,
  popVia,
  pushVia,
} from '../../../src/protocol/sip/edits.ts';
import { frameMessage } from '../../../src/protocol/sip/frame.ts';
import { buildAck, buildCancel } from '../../../src/protocol/sip/hop-requests.ts';
import { listText, listValues } from '../../../src/protocol/sip/list-values.ts';
import type { HopTarget } from '../../../src/protocol/sip/loose-route.ts';
import { markedHop, markedReplyAddress, markReceived, replyAddress } from '../../../src/protocol/sip/reply-address.ts';
import { buildResponse } from '../../../src/protocol/sip/responses.ts';
import type { Via } from '../../../src/protocol/sip/via.ts';
import { applySplices } from '../../../src/protocol/splice.ts';
import { asRequest, asResponse, invite, message, SDP } from './messages.ts';

const RESPONSE = [
  'SIP/2.0 180 Ringing',
  'Via: SIP/2.0/UDP us:5060;branch=z9hG4bKus',
  'v: SIP/2.0/UDP them;branch=z9hG4bKthem',
  'From: <sip:a@b>;tag=1',
  'To: <sip:c@d>;tag=2',
  'Call-ID: x',
  'CSeq: 1 INVITE',
];

function lines(bytes: Buffer): string[] {
  return bytes.toString('latin1').split('\r\n');
}

test('our Via goes on top and everything else stays as it was', () => {
  const bytes = invite();
  const request = asRequest(bytes);

  const via = pushVia(request, { transport: 'udp', sentBy: '198.51.100.1:5060', branch: 'z9hG4bKus' });
  const edited = applySplices(bytes, [via]);
  const overTls = pushVia(request, { transport: 'tls', sentBy: '[2001:db8::1]:5061', branch: 'z9hG4bKus' });

  expect(lines(edited)[1]).toBe('Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKus');
  expect(overTls.insert).toBe('Via: SIP/2.0/TLS [2001:db8::1]:5061;branch=z9hG4bKus\r\n');
  expect(edited.toString().replace(/Via: [^\r]*us\r\n/, '')).toBe(bytes.toString());
});

test('a Via that tells the truth and asks for nothing is left alone', () => {
  const via = asRequest(invite()).topVia;

  expect(markReceived(via, { address: '192.0.2.10', port: 5060 })).toEqual([]);
});

test.each([
  ['h;branch=z9hG4bKx', 'h;branch=z9hG4bKx;received=203.0.113.5'],
  ['203.0.113.5;rport;branch=z9hG4bKx', '203.0.113.5;rport=40000;branch=z9hG4bKx;received=203.0.113.5'],
  ['h ; rport ;branch=z9hG4bKx', 'h ;rport=40000 ;branch=z9hG4bKx;received=203.0.113.5'],
  ['h;received=198.51.100.66;rport=7', 'h;received=203.0.113.5;rport=40000'],
])('a Via of %s becomes %s', (before, after) => {
  const bytes = Buffer.from(invite().toString().replace('192.0.2.10:5060;branch=z9hG4bKabc', before));
  const { topVia } = asRequest(bytes);

  const edited = applySplices(bytes, markReceived(topVia, { address: '203.0.113.5', port: 40000 }));

  expect(lines(edited)[1]).toBe(`Via: SIP/2.0/UDP ${after}`);
  const reread = asRequest(edited).topVia;
  const hop = markedHop(topVia, { address: '203.0.113.5', port: 40000 });
  expect([reread.received, typeof reread.rport === 'number' ? reread.rport : undefined]).toEqual([
    hop.received,
    hop.rport,
  ]);
});

test('a response goes to the source port only when rport was asked for', () => {
  const plain = asRequest(invite()).topVia;
  const asking = asRequest(Buffer.from(invite().toString().replace('z9hG4bKabc', 'z9hG4bKabc;rport'))).topVia;

  const source = { address: '203.0.113.5', port: 40000 };

  expect(replyAddress(plain, source, 'udp')).toEqual({ address: '203.0.113.5', port: 5060 });
  expect(replyAddress(asking, source, 'udp')).toEqual(source);
});

test('on a stream a response whose connection is lost goes to where its Via listens, never to the port it called from', () => {
  const source = { address: '203.0.113.5', port: 40000 };
  const viaOf = (sentBy: string): Via =>
    asRequest(Buffer.from(invite().toString().replace('192.0.2.10:5060', sentBy).replace('abc', 'abc;rport'))).topVia;

  expect(replyAddress(viaOf('192.0.2.10:5070'), source, 'tcp')).toEqual({ address: '203.0.113.5', port: 5070 });
  expect(replyAddress(viaOf('192.0.2.10'), source, 'tcp')).toEqual({ address: '203.0.113.5', port: 5060 });
  expect(replyAddress(viaOf('192.0.2.10'), source, 'tls')).toEqual({ address: '203.0.113.5', port: 5061 });
  // A browser listens nowhere.
  expect(replyAddress(viaOf('abc.invalid'), source, 'wss')).toEqual({ address: '203.0.113.5', port: 0 });
});

test('a marked Via says its transport, and on a stream the name whose certificate is to be asked for', () => {
  const marked = (via: string): HopTarget =>
    markedReplyAddress(
      asRequest(Buffer.from(invite().toString().replace('UDP 192.0.2.10:5060', via).replace('abc', 'abc;rport=40000')))
        .topVia,
    );

  expect(marked('UDP 192.0.2.10:5060')).toEqual({ host: '192.0.2.10', port: 40000, transport: 'udp' });
  expect(marked('TLS pbx.example')).toEqual({
    host: 'pbx.example',
    port: 5061,
    transport: 'tls',
    domain: 'pbx.example',
  });
  expect(marked('WS a.invalid').port).toBe(0);
  expect(marked('SCTP 192.0.2.10:5060').transport).toBe('udp');
});

test('our Via comes off a response: the whole line, or the first value of a shared one', () => {
  const own = message(RESPONSE);
  const shared = message(
    RESPONSE.flatMap((line) =>
      line.startsWith('Via') ? [`${line} ,\r\n SIP/2.0/UDP them`] : line.startsWith('v:') ? [] : [line],
    ),
  );

  expect(lines(applySplices(own, [popVia(asResponse(own))]))[1]).toBe('v: SIP/2.0/UDP them;branch=z9hG4bKthem');
  expect(lines(applySplices(shared, [popVia(asResponse(shared))]))[1]).toBe('Via: SIP/2.0/UDP them');
});

test('Max-Forwards loses one in place, and is added where it was missing', () => {
  const bytes = invite();
  const without = Buffer.from(bytes.toString().replace('Max-Forwards: 70\r\n', ''));

  expect(applySplices(bytes, [decrementMaxForwards(asRequest(bytes))]).toString()).toBe(
    bytes.toString().replace('Forwards: 70', 'Forwards: 69'),
  );
  expect(lines(applySplices(without, [decrementMaxForwards(asRequest(without))]))).toContain('Max-Forwards: 70');
});

test('Record-Route values go above those already there', () => {
  const bytes = invite({ extra: ['Record-Route: <sip:first;lr>'] });

  const edited = applySplices(bytes, [insertRecordRoutes(asRequest(bytes), ['sip:in;lr', 'sip:out;lr'])]);

  const request = asRequest(edited);
  expect(listValues(request.head, 'record-route').map((value) => listText(request.head, value))).toEqual([
    '<sip:in;lr>',
    '<sip:out;lr>',
    '<sip:first;lr>',
  ]);
});

test.each([
  [['Route: <sip:1>, <sip:2>,<sip:3>'], 1, 3, ['Route: <sip:2>,<sip:3>']],
  [['Route: <sip:1>, <sip:2>', 'Route: <sip:3>'], 2, 3, ['Route: <sip:3>']],
  [['Route: <sip:1>', 'Route: <sip:2> ,  <sip:3>'], 1, 2, ['Route: <sip:2>']],
  [['Route: <sip:1>,\r\n <sip:2>'], 2, 2, []],
])('of %s the elements from %i to %i are kept', (routes, from, to, kept) => {
  const bytes = invite({ extra: routes });
  const request = asRequest(bytes);

  const edited = applySplices(bytes, keepListValues(listValues(request.head, 'route'), from, to));

  expect(lines(edited).filter((line) => line.startsWith('Route'))).toEqual(kept);
});

test('a body edit moves Content-Length with it, and no edit moves nothing', () => {
  const bytes = invite({ extra: ['Content-Type: application/sdp'], body: SDP });
  const { head } = asRequest(bytes);
  const at = SDP.indexOf('4000');

  const edited = asRequest(applySplices(bytes, editBody(head, [{ at, remove: 4, insert: '40000' }])));

  expect(edited.body.toString()).toBe(SDP.replace('4000', '40000'));
  expect(edited.head.bytes.toString()).toContain(`Content-Length: ${SDP.length + 1}\r\n`);
  expect(editBody(head, [])).toEqual([]);
});

test('a body edit where no length was stated states none', () => {
  const bytes = Buffer.from(
    invite({ body: SDP })
      .toString()
      .replace(/Content-Length: \d+\r\n/, ''),
  );
  const { head } = asRequest(bytes);

  const edited = applySplices(bytes, editBody(head, [{ at: 0, remove: 0, insert: 'x' }]));

  expect(edited.toString()).not.toContain('Content-Length');
  expect(asRequest(edited).body.length).toBe(SDP.length + 1);
});

test('with no edits the output is the input, whatever the spacing, folding, case and compact forms', () => {
  const name = fc.constantFrom(
    'Via',
    'VIA',
    'v',
    'From',
    'f',
    'To',
    't',
    'i',
    'CSeq',
    'Route',
    'X-Odd',
    'l',
    'Subject',
    's',
  );
  const value = fc.array(
    fc.constantFrom('a', ' ', '\t', '\r\n ', '<sip:x@y>', ';tag=1', ',', '"q,"', '1 INVITE', '\u00e9'),
    { maxLength: 8 },
  );
  const colon = fc.constantFrom(':', ' :', ': ', '\t:\t', ':\r\n ');
  const line = fc.tuple(name, colon, value).map(([n, c, v]) => `${n}${c}${v.join('')}`);
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), fc.string({ maxLength: 20 }), (heads, body) => {
      const bytes = Buffer.from(`INVITE sip:a@b SIP/2.0\r\n${heads.join('\r\n')}\r\n\r\n${body}`, 'latin1');

      const framed = frameMessage(bytes);
      if (framed.kind !== 'framed') return;
      const { head } = framed;

      expect(applySplices(head.bytes, [])).toBe(head.bytes);
      // The index covers the head without a hole: start-line, lines, empty line.
      const parts = head.lines.map((each) => bytes.subarray(each.start, each.end));
      const whole = Buffer.concat([bytes.subarray(0, head.startLineEnd + 2), ...parts, Buffer.from('\r\n')]);
      expect(whole).toEqual(bytes.subarray(0, head.bodyStart));
    }),
    { numRuns: 300 },
  );
});

test('pushing our Via and popping it again gives back the very bytes', () => {
  const sent = message(RESPONSE.filter((line) => !line.startsWith('Via')));
  const received = message(RESPONSE);

  const popped = applySplices(received, [popVia(asResponse(received))]);

  expect(popped).toEqual(sent);
});

test('a response of ours copies what it must, byte for byte, and names where the request came from', () => {
  const bytes = Buffer.from(
    invite({ extra: ['v:SIP/2.0/UDP  below ;branch=z9hG4bKb', 'Timestamp: 5'] })
      .toString()
      .replace('From: "Alice"', 'f:  "Alice"')
      .replace('z9hG4bKabc', 'z9hG4bKabc;rport'),
  );
  const { head } = asRequest(bytes);

  const response = buildResponse(
    head,
    { address: '203.0.113.5', port: 4000 },
    {
      status: 503,
      toTag: 'us',
      warning: { agent: '198.51.100.1:5060', text: 'no_routes' },
    },
  );

  expect(lines(response)).toEqual([
    'SIP/2.0 503 Service Unavailable',
    'Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKabc;rport=4000;received=203.0.113.5',
    'f:  "Alice" <sip:alice@example.org>;tag=alice1',
    'To: <sip:bob@example.com>;tag=us',
    'Call-ID: call-1@192.0.2.10',
    'CSeq: 1 INVITE',
    'v:SIP/2.0/UDP  below ;branch=z9hG4bKb',
    'Warning: 399 198.51.100.1:5060 "no_routes"',
    'Content-Length: 0',
    '',
    '',
  ]);
});

test('a 100 copies the Timestamp and adds no tag; a To that has a tag keeps it', () => {
  const { head } = asRequest(invite({ extra: ['Timestamp: 5'] }));
  const tagged = asRequest(
    Buffer.from(invite().toString().replace('bob@example.com>', 'bob@example.com> ; tag=b')),
  ).head;
  const source = { address: '192.0.2.10', port: 5060 };

  expect(lines(buildResponse(head, source, { status: 100 }))).toContain('Timestamp: 5');
  expect(lines(buildResponse(head, source, { status: 100 }))).toContain('To: <sip:bob@example.com>');
  expect(lines(buildResponse(tagged, source, { status: 400, toTag: 'us' }))).toContain(
    'To: <sip:bob@example.com> ; tag=b',
  );
});

test('the ACK of a refusal is the INVITE hop by hop with the To of the response', () => {
  const sent = asRequest(invite({ extra: ['Route: <sip:next;lr>', 'v: SIP/2.0/UDP below;branch=z9hG4bKb'] }));
  const refused = asResponse(message(RESPONSE));

  expect(lines(buildAck(sent, refused))).toEqual([
    'ACK sip:bob@example.com SIP/2.0',
    'Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKabc',
    'Route: <sip:next;lr>',
    'From: "Alice" <sip:alice@example.org>;tag=alice1',
    'To: <sip:c@d>;tag=2',
    'Call-ID: call-1@192.0.2.10',
    'CSeq: 1 ACK',
    'Max-Forwards: 70',
    'Content-Length: 0',
    '',
    '',
  ]);
});

test('a CANCEL carries the Reason it was asked with and no tag that the INVITE had not', () => {
  const sent = asRequest(invite());
  const cause = asRequest(
    Buffer.from(
      invite({ extra: ['Reason: SIP;cause=200;text="Call completed elsewhere"'] })
        .toString()
        .replaceAll('INVITE', 'CANCEL'),
    ),
  );

  const cancel = asRequest(buildCancel(sent, cause));

  expect(cancel).toMatchObject({ method: 'CANCEL', toTag: '', topVia: { branch: 'z9hG4bKabc' } });
  expect(lines(cancel.head.bytes)).toContain('Reason: SIP;cause=200;text="Call completed elsewhere"');
});
