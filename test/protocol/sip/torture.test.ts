import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readUri } from '../../../src/protocol/sip/uri.ts';
import { asRequest, asResponse, verdict } from './messages.ts';
import { tortureFile, tortureMessage, tortureNames } from './torture-messages.ts';

/** What the reader makes of each message of RFC 4475: its kind, or the closed word for what is wrong with it. */
const RFC4475: Readonly<Record<string, string>> = {
  '3.1.1.1-wsinv': 'request',
  '3.1.1.2-intmeth': 'request',
  '3.1.1.3-esc01': 'request',
  '3.1.1.4-escnull': 'request',
  '3.1.1.5-esc02': 'request',
  '3.1.1.6-lwsdisp': 'request',
  '3.1.1.7-longreq': 'request',
  '3.1.1.8-dblreq': 'request',
  '3.1.1.9-semiuri': 'request',
  '3.1.1.10-transports': 'request',
  '3.1.1.11-mpart01': 'request',
  '3.1.1.12-unreason': 'response',
  '3.1.1.13-noreason': 'response',
  '3.1.2.1-badinv01': 'via',
  '3.1.2.2-clerr': 'truncated_body',
  '3.1.2.3-ncl': 'content_length',
  '3.1.2.4-scalar02': 'cseq',
  '3.1.2.5-scalarlg': 'cseq',
  '3.1.2.6-quotbal': 'to',
  '3.1.2.7-ltgtruri': 'request_line',
  '3.1.2.8-lwsruri': 'request_line',
  '3.1.2.9-lwsstart': 'request_line',
  '3.1.2.10-trws': 'request_line',
  '3.1.2.11-escruri': 'request_uri',
  '3.1.2.12-baddate': 'request',
  '3.1.2.13-regbadct': 'request',
  '3.1.2.14-badaspec': 'request',
  // As archived it lacks the empty line that ends its head; with it, it is read.
  '3.1.2.15-baddn': 'no_head_end',
  '3.1.2.16-badvers': 'version',
  '3.1.2.17-mismatch01': 'cseq_method',
  '3.1.2.18-mismatch02': 'cseq_method',
  '3.1.2.19-bigcode': 'status',
  '3.2.1-badbranch': 'request',
  '3.3.1-insuf': 'missing_header',
  '3.3.2-unkscm': 'request',
  '3.3.3-novelsc': 'request',
  '3.3.4-unksm2': 'request',
  '3.3.5-bext01': 'request',
  '3.3.6-invut': 'request',
  '3.3.7-regaut01': 'request',
  '3.3.8-multi01': 'repeated_header',
  '3.3.9-mcl01': 'content_length',
  '3.3.10-bcast': 'response',
  '3.3.11-zeromf': 'request',
  '3.3.12-cparam01': 'request',
  '3.3.13-cparam02': 'request',
  '3.3.14-regescrt': 'request',
  '3.3.15-sdp01': 'request',
  '3.4.1-inv2543': 'request',
};

const RFC5118: Readonly<Record<string, string>> = {
  '4.1-ipv6-good': 'request',
  '4.2-ipv6-bad': 'request_uri',
  '4.3-port-ambiguous': 'request',
  '4.4-port-unambiguous': 'request',
  '4.5-via-received-param-with-delim': 'request',
  '4.5-via-received-param-no-delim': 'request',
  '4.6-ipv6-in-sdp': 'request',
  '4.7-mult-ip-in-header': 'request',
  '4.8-mult-ip-in-sdp': 'request',
  '4.9-ipv4-mapped-ipv6': 'request',
  '4.10-ipv6-bug-abnf-3-colons': 'request',
  '4.10-ipv6-correct-abnf-2-colons': 'request',
};

/** Of all files in the order of their names: a file that an editor touched is another test. */
const DIGESTS = {
  rfc4475: '2d3e5770cf1538f4ea8186fbe8371d62d6422adde1d41fa2d492bf5575262d4f',
  rfc5118: 'b0c4eebae232a2990327b0875e2e4e67892e7acf98b2c24f4587adc262cbb4e7',
};

describe.each(['rfc4475', 'rfc5118'] as const)('%s', (rfc) => {
  const expected = rfc === 'rfc4475' ? RFC4475 : RFC5118;

  test('every message is there, with the bytes of its archive, and none is left out of the table', () => {
    const hash = createHash('sha256');
    for (const name of tortureNames(rfc)) hash.update(tortureFile(rfc, name));

    expect(tortureNames(rfc)).toEqual(Object.keys(expected).sort());
    expect(hash.digest('hex')).toBe(DIGESTS[rfc]);
  });

  test.each(Object.entries(expected))('%s is read as %s', (name, word) => {
    expect(verdict(tortureMessage(rfc, name))).toBe(word);
  });
});

test('RFC 5118 as archived, with bare LF, is not a message (RFC 3261 §7)', () => {
  const words = tortureNames('rfc5118').map((name) => verdict(tortureFile('rfc5118', name)));

  expect(new Set(words)).toEqual(new Set(['no_head_end']));
});

test('§3.1.1.1: white space, folds and odd case are read like a plain message', () => {
  expect(asRequest(tortureMessage('rfc4475', '3.1.1.1-wsinv'))).toMatchObject({
    fromTag: '98asjd8',
    toTag: '1918181833n',
    maxForwards: 68,
    cseq: { number: 9, method: 'INVITE' },
    topVia: { host: '192.0.2.2', branch: '390skdjuw' },
    nextVia: { host: 'spindle.example.com', branch: 'z9hG4bK9ikj8', transport: 'TCP' },
  });
});

test('§3.1.1.2: a quoted NUL is a character like any other, and one that is not quoted is refused', () => {
  const intmeth = tortureMessage('rfc4475', '3.1.1.2-intmeth');
  const bare = Buffer.from(intmeth);
  bare[bare.indexOf('\\\0')] = 0x20;
  const after = Buffer.from(intmeth);
  after[after.indexOf('\\\0') - 1] = 0x5c;

  expect(asRequest(intmeth)).toMatchObject({
    method: "!interesting-Method0123456789_*+`.%indeed'~",
    callId: 'intmeth.word%ZK-!.*_+\'@word`~)(><:\\/"][?}{',
    fromTag: "_token~1'+`*%!-.",
    maxForwards: 255,
  });
  expect(verdict(bare)).toBe('nul_in_head');
  expect(verdict(after)).toBe('nul_in_head');
});

test('§3.1.1.7: long values are read whole', () => {
  const request = asRequest(tortureMessage('rfc4475', '3.1.1.7-longreq'));

  expect(request.vias).toHaveLength(34);
  expect(request.fromTag.length).toBe(155);
});

test('§3.1.1.8: what follows the length it states is not part of the message', () => {
  const request = asRequest(tortureMessage('rfc4475', '3.1.1.8-dblreq'));

  expect(request.method).toBe('REGISTER');
  expect(request.body).toHaveLength(0);
});

test('§3.1.1.9: semicolons before the @ belong to the user', () => {
  const { uri } = asRequest(tortureMessage('rfc4475', '3.1.1.9-semiuri'));

  expect(readUri(uri)).toMatchObject({ user: 'user;par=u%40example.net', host: 'example.com', params: [] });
});

test('§3.1.1.12 and §3.1.1.13: a reason phrase may be anything, or nothing', () => {
  expect(asResponse(tortureMessage('rfc4475', '3.1.1.12-unreason')).status).toBe(200);
  expect(asResponse(tortureMessage('rfc4475', '3.1.1.13-noreason')).status).toBe(100);
});

test('§3.1.2.15: with the empty line it lacks, a display name with a comma in it is read liberally', () => {
  const closed = Buffer.concat([tortureMessage('rfc4475', '3.1.2.15-baddn'), Buffer.from('\r\n')]);

  expect(asRequest(closed).fromTag).toBe('43');
});

test('RFC 5118 §4.3 and §4.4: digits after the last colon are an address within brackets and a port behind them', () => {
  const ambiguous = asRequest(tortureMessage('rfc5118', '4.3-port-ambiguous'));
  const plain = asRequest(tortureMessage('rfc5118', '4.4-port-unambiguous'));

  expect(readUri(ambiguous.uri)).toMatchObject({ host: '2001:db8::10:5070', port: undefined });
  expect(readUri(plain.uri)).toMatchObject({ host: '2001:db8::10', port: 5070 });
});

test('RFC 5118 §4.5: received is read with brackets and without', () => {
  const names = ['4.5-via-received-param-with-delim', '4.5-via-received-param-no-delim'];

  const received = names.map((name) => asRequest(tortureMessage('rfc5118', name)).topVia.received);

  expect(received).toEqual(['[2001:db8::9:255]', '2001:db8::9:255']);
});

test('RFC 5118 §4.10: three colons, as the grammar of RFC 3261 wrote them, are borne', () => {
  const { uri } = asRequest(tortureMessage('rfc5118', '4.10-ipv6-bug-abnf-3-colons'));

  expect(readUri(uri)).toMatchObject({ kind: 'sip', host: '2001:db8:::192.0.2.1' });
});
