import fc from 'fast-check';
import { expect, test } from 'vitest';
import { frameMessage } from '../../../src/protocol/sip/frame.ts';
import { readMessage } from '../../../src/protocol/sip/read-message.ts';
import { asRequest, asResponse, invite, message, SDP, verdict } from './messages.ts';

const HEADERS = [
  'Via: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKabc',
  'Max-Forwards: 70',
  'From: <sip:a@b>;tag=1',
  'To: <sip:c@d>',
  'Call-ID: x@y',
  'CSeq: 1 INVITE',
];

function changed(name: string, ...lines: string[]): string[] {
  return HEADERS.flatMap((line) => (line.startsWith(`${name}:`) ? lines : [line]));
}

const START = 'INVITE sip:c@d SIP/2.0';

test('an INVITE is read into what a proxy needs', () => {
  const request = asRequest(invite({ extra: ['Content-Type: Application/SDP ; charset=x'], body: SDP }));

  expect(request).toMatchObject({
    method: 'INVITE',
    uri: 'sip:bob@example.com',
    fromTag: 'alice1',
    toTag: '',
    callId: 'call-1@192.0.2.10',
    cseq: { number: 1, method: 'INVITE' },
    maxForwards: 70,
    contentType: 'application/sdp',
    topVia: { host: '192.0.2.10', port: 5060, branch: 'z9hG4bKabc', transport: 'UDP' },
  });
  expect(request.body.toString()).toBe(SDP);
});

test('a message with every oddity the grammar allows is read like a plain one', () => {
  const bytes = Buffer.from(
    [
      'INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0',
      'TO :',
      ' sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n',
      'from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>',
      '  ;',
      '  tag = 98asjd8',
      'MaX-fOrWaRdS: 0068',
      'Call-ID: wsinv.ndaksdj@192.0.2.1',
      'Content-Length   : 3',
      'cseq: 0009',
      '  INVITE',
      'Via  : SIP  /   2.0',
      ' /UDP',
      '    192.0.2.2;branch=390skdjuw',
      's :',
      'NewFangledHeader:   newfangled value',
      ' continued newfangled value',
      'v:  SIP  / 2.0  / TCP     spindle.example.com   ;',
      '  branch  =   z9hG4bK9ikj8  ,',
      ' SIP  /    2.0   / UDP  192.168.255.111   ; branch=',
      ' z9hG4bK30239',
      'm:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam =',
      '      newvalue ;',
      '  secondparam ; q = 0.33',
      '',
      'abc',
    ].join('\r\n'),
    'latin1',
  );

  const request = asRequest(bytes);

  expect(request).toMatchObject({
    fromTag: '98asjd8',
    toTag: '1918181833n',
    maxForwards: 68,
    cseq: { number: 9, method: 'INVITE' },
    topVia: { host: '192.0.2.2', branch: '390skdjuw' },
    nextVia: { host: 'spindle.example.com', branch: 'z9hG4bK9ikj8', transport: 'TCP' },
  });
  expect(request.vias).toHaveLength(3);
});

test('a method may be any token, and percent signs in it are not unescaped', () => {
  const lines = changed('CSeq', "CSeq: 1 !interesting-Method0123456789_*+`.%indeed'~");

  const request = asRequest(message(["!interesting-Method0123456789_*+`.%indeed'~ sip:c@d SIP/2.0", ...lines]));

  expect(request.method).toBe("!interesting-Method0123456789_*+`.%indeed'~");
});

test('IPv6 in Via and Request-URI is read whole', () => {
  const lines = changed('Via', 'Via: SIP/2.0/UDP [2001:DB8::1]:5070;branch=z9hG4bKx;received=2001:db8::9');

  const request = asRequest(message(['INVITE sip:bob@[2001:db8::2]:5080;lr SIP/2.0', ...lines]));

  expect(request.topVia).toMatchObject({ host: '2001:db8::1', port: 5070, received: '2001:db8::9' });
  expect(request.uri).toBe('sip:bob@[2001:db8::2]:5080;lr');
});

test('a response is read with its status, and a reason phrase of any bytes', () => {
  const response = asResponse(message(['SIP/2.0 200 = 2**3 * 5**2 \u00fc\u00e9', ...HEADERS]));

  expect(response.status).toBe(200);
});

test.each([
  ['a method that differs from CSeq', ['OPTIONS sip:c@d SIP/2.0', ...HEADERS], 'cseq_method'],
  ['another version', ['INVITE sip:c@d SIP/7.0', ...HEADERS], 'version'],
  ['no version', ['INVITE sip:c@d', ...HEADERS], 'request_line'],
  ['two spaces in the request line', ['INVITE  sip:c@d SIP/2.0', ...HEADERS], 'request_line'],
  ['a space after the request line', ['INVITE sip:c@d SIP/2.0 ', ...HEADERS], 'request_line'],
  ['a URI in angle brackets', ['INVITE <sip:c@d> SIP/2.0', ...HEADERS], 'request_line'],
  ['a URI with a space', ['INVITE sip:c@d; lr SIP/2.0', ...HEADERS], 'request_line'],
  ['a control character in the URI', ['INVITE sip:c\u0001@d SIP/2.0', ...HEADERS], 'request_line'],
  ['two @ in the URI', ['INVITE sip:c@evil@d SIP/2.0', ...HEADERS], 'request_uri'],
  ['a URI with an empty user', ['INVITE sip:@d SIP/2.0', ...HEADERS], 'request_uri'],
  ['a URI with headers', ['INVITE sip:c@d?Route=%3Csip:e%3E SIP/2.0', ...HEADERS], 'request_uri'],
  ['a URI with headers behind a parameter', ['INVITE sips:c@d;lr?To=x SIP/2.0', ...HEADERS], 'request_uri'],
  ['a URI whose host is half an address', ['INVITE sip:2001:db8::10 SIP/2.0', ...HEADERS], 'request_uri'],
  ['a URI with a port of 99999', ['INVITE sip:c@d:99999 SIP/2.0', ...HEADERS], 'request_uri'],
  ['a URI without a scheme', ['INVITE :c@d SIP/2.0', ...HEADERS], 'request_uri'],
  ['a status of ten digits', ['SIP/2.0 4294967301 better', ...HEADERS], 'status'],
  ['a status of 700', ['SIP/2.0 700 no', ...HEADERS], 'status'],
  ['two From headers', [START, ...HEADERS, 'f: <sip:e@f>;tag=2'], 'repeated_header'],
  ['two To headers', [START, ...HEADERS, 'To: <sip:e@f>'], 'repeated_header'],
  ['two CSeq headers', [START, ...HEADERS, 'CSeq: 2 INVITE'], 'repeated_header'],
  ['two Call-IDs', [START, ...HEADERS, 'i: other'], 'repeated_header'],
  ['two Max-Forwards', [START, ...HEADERS, 'Max-Forwards: 5'], 'repeated_header'],
  ['two Content-Types', [START, ...HEADERS, 'c: a/b', 'Content-Type: c/d'], 'repeated_header'],
  ['no Via', [START, ...changed('Via')], 'missing_header'],
  ['no Call-ID', [START, ...changed('Call-ID')], 'missing_header'],
  ['a CSeq beyond 31 bits', [START, ...changed('CSeq', 'CSeq: 36893488147419103232 INVITE')], 'cseq'],
  ['a CSeq without method', [START, ...changed('CSeq', 'CSeq: 1')], 'cseq'],
  ['a Max-Forwards of 300', [START, ...changed('Max-Forwards', 'Max-Forwards: 300')], 'max_forwards'],
  ['a Max-Forwards in words', [START, ...changed('Max-Forwards', 'Max-Forwards: many')], 'max_forwards'],
  ['a space in the Call-ID', [START, ...changed('Call-ID', 'Call-ID: a b')], 'call_id'],
  ['an empty Call-ID', [START, ...changed('Call-ID', 'Call-ID:')], 'call_id'],
  ['an unfinished quote in To', [START, ...changed('To', 'To: "Mr. J. <sip:c@d>')], 'to'],
  ['an unfinished bracket in From', [START, ...changed('From', 'From: <sip:a@b;tag=1')], 'from'],
  ['a From without an address', [START, ...changed('From', 'From: ;tag=1')], 'from'],
  ['a Via without a host', [START, ...changed('Via', 'Via: SIP/2.0/UDP ;branch=z9hG4bKx')], 'via'],
  ['a Via of another version', [START, ...changed('Via', 'Via: SIP/3.0/UDP h;branch=z9hG4bKx')], 'via'],
  [
    'more Vias than any path has',
    [START, ...changed('Via', `Via: ${'SIP/2.0/UDP h;branch=z9hG4bKx,'.repeat(150)}SIP/2.0/UDP h`)],
    'via',
  ],
  ['a Via with a port of 0', [START, ...changed('Via', 'Via: SIP/2.0/UDP h:0;branch=z9hG4bKx')], 'via'],
])('%s is refused with its own word', (_name, lines, reason) => {
  expect(verdict(message(lines))).toBe(reason);
});

test('what a second reader would understand otherwise is refused', () => {
  const lines = changed('From', 'From: <sip:a@b>;tag=1;tag=2');

  expect(verdict(message([START, ...lines]))).toBe('disagreement');
});

test.each(['tel:+4930', 'urn:service:sos', 'sip:c@d;x=;;y', 'sip:a?b;c/d@e;lr', 'sips:[::1]:5061', 'soap.beep://h:1'])(
  '%s may stand in a request line',
  (uri) => {
    expect(asRequest(message([`INVITE ${uri} SIP/2.0`, ...HEADERS])).uri).toBe(uri);
  },
);

test('a header named like a property of every object does no harm', () => {
  expect(verdict(message([START, ...HEADERS, 'constructor: x', '__proto__: y']))).toBe('request');
});

test('a name in UTF-8 without quotes does not stop a call', () => {
  const lines = changed('From', 'From: J\u00c3\u00bcrgen <sip:a@b>;tag=1');

  expect(asRequest(message([START, ...lines])).fromTag).toBe('1');
});

test('a tag hidden in a quoted parameter or in the URI is not the tag', () => {
  const quoted = changed('To', 'To: sip:c@d;p="x;tag=no";tag=yes');
  const inside = changed('To', 'To: <sip:c@d;tag=no>');

  expect(asRequest(message([START, ...quoted])).toTag).toBe('yes');
  expect(asRequest(message([START, ...inside])).toTag).toBe('');
});

test('whatever arrives, reading never throws, and a message read keeps its bytes', () => {
  const piece = fc.constantFrom(
    'INVITE sip:c@d SIP/2.0',
    'SIP/2.0 200 OK',
    'Via:',
    'v: SIP/2.0/UDP [::1]:5060;branch=z9hG4bKx',
    'To: "',
    '<sip:a@b>',
    ';tag=1',
    'From: <sip:a@b>;tag=2',
    'CSeq: 1 INVITE',
    'Call-ID: x',
    'Content-Length: 4',
    '\r\n',
    '\r\n\r\n',
    ' ',
    '\t',
    ',',
    ';',
    '=',
    '"',
    '\\',
    '\0',
    'l:0',
    'body',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 6 })), { maxLength: 40 }), (pieces) => {
      const bytes = Buffer.from(pieces.join(''), 'latin1');

      const framed = frameMessage(bytes);
      if (framed.kind !== 'framed') return;
      const read = readMessage(framed.head);

      expect(bytes.includes(framed.head.bytes)).toBe(true);
      if (read.kind !== 'malformed') expect(read.head.bytes).toBe(framed.head.bytes);
    }),
    { numRuns: 500 },
  );
});

test('long runs of white space, commas, quotes and parameters stay cheap', () => {
  const long = [' '.repeat(15_000), ','.repeat(15_000), ';a=b'.repeat(3500), '"\\"'.repeat(4000), '<'.repeat(15_000)];
  for (const filler of long) {
    for (const name of ['Via', 'To', 'From', 'Call-ID', 'CSeq', 'Authorization', 'Route']) {
      verdict(
        message([
          START,
          ...changed(name, `${name}: a${filler}x`),
          ...(HEADERS.some((line) => line.startsWith(name)) ? [] : [`${name}: Digest a=b,${filler}x`]),
        ]),
      );
    }
  }
});
