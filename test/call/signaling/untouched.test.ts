/**
 * Whole messages of every legal shape through the proxy and the real anchor, in memory: what leaves differs from what
 * came by the closed list and nothing else. The judge here reads lines by itself and shares no code with the proxy.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import { Metrics } from '../../../src/base/metrics.ts';
import { Anchor } from '../../../src/call/signaling/anchor/anchor.ts';
import { Signaling } from '../../../src/call/signaling/signaling.ts';
import { countingRandom, FakePorts, keyOf, pair } from './anchor/rig.ts';
import { FakeNetwork } from './fake-network.ts';
import { CARRIER, INSIDE, OUTSIDE, PBX, ROUTES } from './stage.ts';

/** SDP lines that may change, come or go in an anchored section, or at session level for its sake (`c=` is not among these). */
const CLOSED_LIST =
  /^a=(rtcp|rtcp-mux|rtcp-mux-only|crypto|setup|fingerprint|tls-id|ssrc|ssrc-group|candidate|remote-candidates|end-of-candidates|ice-[a-z]+)(:|$)/i;

const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
/** Any text a header may hold: punctuation, bytes beyond ASCII, folds. */
const text = fc
  .array(
    fc.oneof(fc.stringMatching(/^[\x21-\x7e\x80-\xff]{1,20}$/), fc.constantFrom('a, b', '\r\n ', '\r\n\t  ', '  ')),
    {
      maxLength: 5,
    },
  )
  .map((parts) => `x${parts.join(' ')}y`);

const otherHeader = fc
  .tuple(
    fc.constantFrom(
      'Subject',
      's',
      'X-Anything',
      'USER-AGENT',
      'P-Asserted-Identity',
      'k',
      'Allow',
      'Session-ID',
      'Date',
    ),
    fc.constantFrom(':', ': ', ' : ', ':\t'),
    text,
  )
  .map(([name, colon, value]) => `${name}${colon}${value}`);

const from = fc.constantFrom(
  'From: <sip:alice@example.org>;tag=alice1',
  'f: "Alice, \\"A\\" <x>" <sip:alice@example.org;user=phone>;x="a;tag=no";tag=alice1',
  'FROM :sip:alice@example.org;tag=alice1',
);
const to = fc.constantFrom(
  'To: <sip:bob@example.com>',
  't:"B\xe9b" <sip:bob@example.com>;a=b',
  'to: sip:bob@example.com',
);
const topVia = fc.constantFrom(
  'Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKcarrier1',
  'v: SIP/2.0/UDP 192.0.2.10;rport;branch=z9hG4bKcarrier1;x="a,b"',
  'VIA : SIP / 2.0 / UDP carrier.example:5062 ;branch=z9hG4bKcarrier1, SIP/2.0/TLS 10.1.1.1;branch=z9hG4bKbelow',
  'Via: SIP/2.0/UDP 192.0.2.77:5060;received=1.2.3.4;branch=z9hG4bKcarrier1;rport',
);
const lowerVias = fc.array(
  word.map((branch) => `Via: SIP/2.0/UDP 10.2.2.2;branch=z9hG4bK${branch}`),
  { maxLength: 3 },
);
const recordRoutes = fc.array(
  word.map((host) => `Record-Route: <sip:${host};lr>, <sip:two@${host}>`),
  { maxLength: 2 },
);
const maxForwards = fc.constantFrom('Max-Forwards: 70', 'max-forwards :\t1', 'Max-Forwards: 255', undefined);
const contentLength = fc.constantFrom('Content-Length: #', 'l: #', 'CONTENT-LENGTH :   #', undefined);

const sectionAttribute = fc.oneof(
  fc.constantFrom(
    'a=rtcp:4001',
    'a=rtcp:4001 IN IP4 192.0.2.10',
    'a=rtcp-mux',
    'a=SSRC:1 cname:x',
    'a=ssrc-group:FID 1 2',
    'a=candidate:1 1 UDP 1 192.0.2.10 4000 typ host',
    'a=ice-ufrag:abcd',
    'a=end-of-candidates',
    'a=setup:actpass',
    'a=rtpmap:0 PCMU/8000',
    'a=ptime:20',
    'a=sendrecv',
    'a=rtcp-fb:* nack',
    'a=rtcp-xr:voip-metrics',
    'a=cryptography:none',
    'a=label:1',
    'b=AS:64',
    'k=prompt',
    'i=spoken',
  ),
  text.filter((value) => !/[\r\n]/.test(value)).map((value) => `a=x-${value}`),
);
const otherSection = fc
  .tuple(
    fc.constantFrom(
      'm=video 5000 RTP/AVP 99',
      'm=audio 0 RTP/AVP 0',
      'm=image 7000 udptl t38',
      'm=text 7002/2 RTP/AVP 98',
    ),
    fc.array(sectionAttribute, { maxLength: 3 }),
  )
  .map(([media, attributes]) => [media, ...attributes]);
const sessionAttribute = fc.constantFrom(
  'a=fingerprint:sha-1 AA:BB',
  'a=setup:passive',
  'a=ice-lite',
  'a=ice-options:trickle',
  'a=ice-pwd:abcdefghijklmnopqrstuvwx',
  'a=msid-semantic: WMS *',
  'a=tool:anything',
  'a=recvonly',
);

const description = fc.record({
  isSecure: fc.boolean(),
  eol: fc.constantFrom('\r\n', '\n'),
  isEnded: fc.boolean(),
  session: fc.array(sessionAttribute, { maxLength: 4 }),
  hasOwnConnection: fc.boolean(),
  before: fc.array(otherSection, { maxLength: 2 }),
  audio: fc.array(sectionAttribute, { maxLength: 6 }),
  after: fc.array(otherSection, { maxLength: 2 }),
});
type Description = typeof description extends fc.Arbitrary<infer Value> ? Value : never;

function writeSdp(it: Description, address: string, port: number, crypto: string): string {
  const lines = [
    'v=0',
    `o=- 1 1 IN IP4 ${address}`,
    's=caf\xe9',
    `c=IN IP4 ${address}`,
    't=0 0',
    ...it.session,
    ...it.before.flat(),
    `m=audio ${port} RTP/${it.isSecure ? 'S' : ''}AVP 0 8`,
    ...(it.hasOwnConnection ? [`c=IN IP4 ${address}`] : []),
    ...(it.isSecure ? [crypto] : []),
    ...it.audio,
    ...it.after.flat(),
  ];
  return lines.join(it.eol) + (it.isEnded ? it.eol : '');
}

/** What an answer takes from its offer: the profile, and the other sections as they stand. */
function shapeOf({ isSecure, before, after }: Description): Pick<Description, 'isSecure' | 'before' | 'after'> {
  return { isSecure, before, after };
}

const message = fc.record({
  from,
  to,
  topVia,
  lowerVias,
  recordRoutes,
  maxForwards,
  contentLength,
  others: fc.array(otherHeader, { maxLength: 6 }),
  order: fc.array(fc.nat({ max: 1000 }), { minLength: 20, maxLength: 20 }),
  description,
});
type Message = typeof message extends fc.Arbitrary<infer Value> ? Value : never;

function writeHead(it: Message, start: string, vias: readonly string[], more: readonly string[], body: string): string {
  const length = it.contentLength?.replace('#', String(body.length));
  const blocks = [
    vias.join('\r\n'),
    ...(it.recordRoutes.length > 0 ? [it.recordRoutes.join('\r\n')] : []),
    ...more,
    ...it.others,
    'Call-ID: call-1@192.0.2.10',
    'CSeq: 1 INVITE',
    'c: application/sdp',
    ...(length === undefined ? [] : [length]),
  ];
  const shuffled = blocks.map((block, index) => ({ block, key: it.order[index] ?? 0 })).sort((a, b) => a.key - b.key);
  return [start, ...shuffled.map(({ block }) => block), '', body].join('\r\n');
}

/** Headers as logical lines, folds kept inside. */
function headLines(bytes: string): string[] {
  const head = bytes.slice(0, bytes.indexOf('\r\n\r\n'));
  return head.split(/\r\n(?![ \t])/);
}

function bodyOf(bytes: string): string {
  return bytes.slice(bytes.indexOf('\r\n\r\n') + 4);
}

function expectSameHeads(before: readonly string[], after: readonly string[], body: string): void {
  expect(after).toHaveLength(before.length);
  for (const [index, line] of before.entries()) {
    const now = after[index] ?? '';
    if (now === line) continue;
    if (/^(content-length|l)\s*:/i.test(line)) {
      expect(now).toBe(line.replace(/\d+$/, String(body.length)));
    } else if (/^max-forwards\s*:/i.test(line)) {
      expect(now).toBe(line.replace(/\d+$/, (hops) => String(Number(hops) - 1)));
    } else {
      expect(line).toMatch(/^(via|v)\s*:/i);
      const unmarked = now.replace(';received=192.0.2.10', '').replace(';rport=5060', ';rport');
      expect(unmarked).toBe(line.replace(';received=1.2.3.4', ''));
    }
  }
}

/** Lines with their ends, in sections. */
function sections(sdp: string): string[][] {
  const all: string[][] = [[]];
  for (const line of sdp.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    if (line.startsWith('m=')) all.push([]);
    all.at(-1)?.push(line);
  }
  return all;
}

/** What must be the same in the anchored section: all but the closed list, with port and profile of its m-line masked. */
function kept(section: readonly string[]): string[] {
  return section
    .filter((line) => !CLOSED_LIST.test(line.trimEnd()) && !line.startsWith('c='))
    .map((line) => line.trimEnd().replace(/^(m=\S+) \d+ RTP\/S?AVP/, '$1 PORT PROFILE'));
}

function expectSameBodies(before: string, after: string): void {
  const [oldSession = [], ...oldMedia] = sections(before);
  const [newSession = [], ...newMedia] = sections(after);
  const anchored = oldMedia.findIndex(([media]) => media?.startsWith('m=audio ') && !media.startsWith('m=audio 0 '));
  const inheritable = oldSession.filter((line) => CLOSED_LIST.test(line.trimEnd())).map((line) => line.trimEnd());

  expect(newSession.filter((line) => !inheritable.includes(line.trimEnd()))).toEqual(
    oldSession.filter((line) => !inheritable.includes(line.trimEnd())),
  );
  expect(newMedia).toHaveLength(oldMedia.length);
  for (const [index, section] of oldMedia.entries()) {
    const now = newMedia[index] ?? [];
    if (index === anchored) {
      expect(kept(now)).toEqual(kept(section));
    } else {
      const old = section.join('');
      expect(now.join('').startsWith(old)).toBe(true);
      const copies = now.join('').slice(old.length).split(/\r?\n/).filter(Boolean);
      expect(copies.filter((line) => !inheritable.includes(line))).toEqual([]);
    }
  }
  // A message keeps the line ends it came with, and gets no other.
  expect(/(^|[^\r])\n/.test(after)).toBe(/(^|[^\r])\n/.test(before));
}

async function open(): Promise<{ network: FakeNetwork; metrics: Metrics }> {
  const network = new FakeNetwork();
  const metrics = new Metrics();
  const signaling = new Signaling({
    interfaces: [
      { name: 'outside', listeners: [OUTSIDE], advertisedHost: OUTSIDE.address },
      { name: 'inside', listeners: [INSIDE], advertisedHost: INSIDE.address },
    ],
    clock: new ManualClock(),
    random: countingRandom(),
    log: silentLog,
    metrics,
    tokenKey: Buffer.alloc(32, 5),
    anchor: new Anchor({
      ports: new FakePorts([pair(1, 'outside'), pair(2, 'inside')]),
      random: countingRandom(),
      metrics,
    }),
    sink: { callStarted: () => undefined, callChanged: () => undefined, callEnded: () => undefined },
    openPort: network.open,
  });
  await signaling.start();
  signaling.setRoutes(ROUTES);
  return { network, metrics };
}

test('an INVITE and its 200, whatever their shape, leave as they came but for the closed list', async () => {
  let anchored = 0;
  const runs = 300;

  await fc.assert(
    fc.asyncProperty(message, message, async (asked, answered) => {
      const { network, metrics } = await open();
      const offer = writeSdp(
        asked.description,
        '192.0.2.10',
        4000,
        `a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:${keyOf('A')}`,
      );
      const vias = [asked.topVia, ...asked.lowerVias];
      const limits = asked.maxForwards === undefined ? [] : [asked.maxForwards];
      const invite = writeHead(
        asked,
        'INVITE sip:bob@example.com;x=y SIP/2.0',
        vias,
        [asked.from, asked.to, ...limits],
        offer,
      );

      network.deliver(CARRIER, OUTSIDE, invite);
      const forwarded = network.take().find(({ to: target }) => target.address === PBX.address)?.text ?? '';
      expectRequest(invite, forwarded, asked.maxForwards === undefined);

      const answer = writeSdp(
        { ...answered.description, ...shapeOf(asked.description) },
        '10.0.0.20',
        6000,
        `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${keyOf('B')}`,
      );
      const viasBack = headLines(forwarded).filter((line) => /^(via|v)\s*:/i.test(line));
      const ok = writeHead(
        answered,
        'SIP/2.0 200 Tr\xe8s bien',
        viasBack,
        [asked.from, `${asked.to};tag=bob1`],
        answer,
      );

      network.deliver(PBX, INSIDE, ok);
      const [returned] = network.take();
      expectResponse(ok, returned?.text ?? '');
      anchored += metrics.counter('earshot_anchor_total', { step: 'answer', result: 'edit', reason: 'none' }).value;
    }),
    { numRuns: runs },
  );

  // The property says nothing about calls that went by unanchored: most must not have.
  expect(anchored).toBeGreaterThan(runs / 2);
});

function expectRequest(before: string, after: string, isNewToHops: boolean): void {
  const own =
    /^(Via: SIP\/2\.0\/UDP 10\.0\.0\.1:5060;branch=z9hG4bKe[0-9a-z]{26}|Record-Route: <sip:[\w-]{35}@[0-9.]+:5060;lr>)$/;
  const lines = headLines(after);
  expect(lines.filter((line) => own.test(line))).toHaveLength(3);
  const rest = lines.filter((line) => !own.test(line));
  if (isNewToHops) {
    expect(rest.filter((line) => line === 'Max-Forwards: 70')).toHaveLength(1);
    rest.splice(rest.indexOf('Max-Forwards: 70'), 1);
  }
  expectSameHeads(headLines(before), rest, bodyOf(after));
  expectSameBodies(bodyOf(before), bodyOf(after));
}

function expectResponse(before: string, after: string): void {
  const lines = headLines(before);
  const ours = lines.findIndex((line) => /^Via: SIP\/2\.0\/UDP 10\.0\.0\.1:5060;branch=z9hG4bKe/.test(line));
  expectSameHeads([...lines.slice(0, ours), ...lines.slice(ours + 1)], headLines(after), bodyOf(after));
  expectSameBodies(bodyOf(before), bodyOf(after));
}
