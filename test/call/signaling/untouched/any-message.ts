/** SIP messages and session descriptions of every legal shape, for properties: what differs between two is left to chance. */

import fc from 'fast-check';

const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
/** Any text a header may hold: punctuation, bytes beyond ASCII, folds. */
const text = fc
  .array(
    fc.oneof(fc.stringMatching(/^[\x21-\x7e\x80-\xff]{1,20}$/), fc.constantFrom('a, b', '\r\n ', '\r\n\t  ', '  ')),
    { maxLength: 5 },
  )
  .map((parts) => `x${parts.join(' ')}y`);
const lineText = text.filter((value) => !/[\r\n]/.test(value));

const otherHeader = fc
  .tuple(
    fc.constantFrom(
      ...['Subject', 's', 'X-Anything', 'USER-AGENT', 'P-Asserted-Identity', 'k', 'Allow', 'Session-ID', 'Date'],
      ...['Accept', 'Retry-After', 'Reason', 'Privacy', 'x-content-length', 'X-Via'],
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
  'Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK#',
  'v: SIP/2.0/UDP 192.0.2.10;rport;branch=z9hG4bK#;x="a,b"',
  'VIA : SIP / 2.0 / UDP carrier.example:5062 ;branch=z9hG4bK#, SIP/2.0/TLS 10.1.1.1;branch=z9hG4bKbelow',
  'Via: SIP/2.0/UDP 192.0.2.77:5060;received=1.2.3.4;branch=z9hG4bK#;rport',
);
const lowerVias = fc.array(
  word.map((branch) => `Via: SIP/2.0/UDP 10.2.2.2;branch=z9hG4bK${branch}`),
  { maxLength: 3 },
);
const recordRoutes = fc.array(
  word.map((host) => `Record-Route: <sip:${host};lr>, <sip:two@${host}>`),
  { maxLength: 2 },
);

/** A head, but for what a test says of it. */
export const anyHead = fc.record({
  from,
  to,
  topVia,
  lowerVias,
  recordRoutes,
  maxForwards: fc.constantFrom('Max-Forwards: 70', 'max-forwards :\t1', 'Max-Forwards: 255', undefined),
  contentLength: fc.constantFrom('Content-Length: #', 'l: #', 'CONTENT-LENGTH :   #', undefined),
  contentType: fc.constantFrom('Content-Type: #', 'c:#', 'content-TYPE : #'),
  others: fc.array(otherHeader, { maxLength: 6 }),
  /** Chooses where header blocks stand, and which values of a list share a line. */
  order: fc.array(fc.nat({ max: 1000 }), { minLength: 24, maxLength: 24 }),
});
export type AnyHead = typeof anyHead extends fc.Arbitrary<infer Value> ? Value : never;

export interface Filling {
  readonly start: string;
  readonly cseq: string;
  /** Blocks of header lines that stay in order: Via, Route, From, To and so on. */
  readonly blocks: readonly (readonly string[])[];
  readonly body?: { readonly type: string; readonly bytes: string; readonly extra?: string } | undefined;
}

/** The whole message, as latin1 text. */
export function writeMessage(head: AnyHead, { start, cseq, blocks, body }: Filling): string {
  const length = head.contentLength?.replace('#', String(body?.bytes.length ?? 0));
  const all = [
    ...blocks,
    ...head.others.map((line) => [line]),
    ['Call-ID: call-1@192.0.2.10'],
    [`CSeq: ${cseq}`],
    ...(body === undefined ? [] : [[head.contentType.replace('#', body.type)]]),
    ...(body?.extra === undefined ? [] : [[body.extra]]),
    ...(length === undefined ? [] : [[length]]),
  ].filter((block) => block.length > 0);
  const shuffled = all.map((block, index) => ({ block, key: head.order[index] ?? 0 })).sort((a, b) => a.key - b.key);
  return [start, ...shuffled.flatMap(({ block }) => block), '', body?.bytes ?? ''].join('\r\n');
}

/** The values of a list header in their order, some on a line of their own and some on one with others. */
export function writeList(head: AnyHead, name: string, values: readonly string[]): string[] {
  const lines: string[] = [];
  for (const [index, value] of values.entries()) {
    const chance = head.order[(index + 7) % head.order.length] ?? 0;
    const last = lines.pop();
    if (last === undefined || chance % 3 === 0) lines.push(...(last === undefined ? [] : [last]), `${name}: ${value}`);
    else lines.push(`${last}${chance % 3 === 1 ? ', ' : ',\r\n '}${value}`);
  }
  return lines;
}

/** Bodies that are no description of ours to edit, whatever they hold. */
export const anyOtherBody = fc.oneof(
  fc.record({
    type: fc.constantFrom('text/plain', 'application/octet-stream', 'message/sipfrag', 'application/sdpx'),
    bytes: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  }),
  fc.constantFrom(
    {
      type: 'multipart/mixed;boundary=b',
      bytes: '--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\nm=audio 4000 RTP/AVP 0\r\n--b--\r\n',
    },
    { type: 'application/sdp', bytes: '\x1f\x8b\x08zipped', extra: 'Content-Encoding: gzip' },
    {
      type: 'application/sdp',
      bytes: 'v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\nt=0 0\r\nm=video 4000 RTP/AVP 99\r\n',
    },
  ),
);

const attribute = fc.oneof(
  fc.constantFrom(
    ...['a=rtcp:4001', 'a=rtcp:4001 IN IP4 192.0.2.10', 'a=rtcp-mux', 'a=SSRC:1 cname:x', 'a=ssrc-group:FID 1 2'],
    ...['a=candidate:1 1 UDP 1 192.0.2.10 4000 typ host', 'a=ice-ufrag:abcd', 'a=end-of-candidates'],
    ...['a=setup:actpass', 'a=fingerprint:sha-256 AA:BB', 'a=tls-id:abc', 'a=ice-pwd:abcdefghijklmnopqrstuv'],
    ...['a=rtpmap:0 PCMU/8000', 'a=ptime:20', 'a=sendrecv', 'a=rtcp-fb:* nack', 'a=rtcp-xr:voip-metrics'],
    ...['a=cryptography:none', 'a=label:1', 'b=AS:64', 'k=prompt', 'i=spoken', 'a=ice', 'a=setups:1'],
  ),
  lineText.map((value) => `a=x-${value}`),
);
const CRYPTO = 'a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz';
const sectionBeside = fc
  .tuple(
    fc.constantFrom(
      ...['m=video 5000 RTP/AVP 99', 'm=video 5002 RTP/SAVP 99', 'm=image 7000 udptl t38', 'm=text 7002/2 RTP/AVP 98'],
      ...['m=audio 0 RTP/AVP 0', 'm=video 0 RTP/AVP 99'],
    ),
    fc.array(fc.oneof(attribute, fc.constantFrom(CRYPTO, 'c=IN IP4 192.0.2.99', 'a=bundle-only')), { maxLength: 4 }),
  )
  .map(([media, attributes]) => [media, ...attributes]);
const secondAudio = fc
  .array(attribute, { maxLength: 3 })
  .map((attributes) => ['m=audio 5004 RTP/AVP 8', ...attributes]);
const sessionAttribute = fc.constantFrom(
  ...['a=fingerprint:sha-1 AA:BB', 'a=setup:passive', 'a=ice-lite', 'a=ice-options:trickle', 'a=tls-id:session'],
  ...['a=ice-pwd:abcdefghijklmnopqrstuvwx', 'a=ice-ufrag:wxyz', 'a=rtcp-mux', 'a=msid-semantic: WMS *'],
  ...['a=tool:anything', 'a=recvonly', 'a=group:LS 1 2', 'a=extmap-allow-mixed'],
);

/** How the audio is keyed, and with that what of the lines about it means something. */
export const KEYINGS = ['rtp', 'sdes', 'osrtp', 'dtls', 'ice'] as const;
export type AnyKeying = (typeof KEYINGS)[number];

export const anyDescription = fc.record({
  keying: fc.constantFrom(...KEYINGS),
  /** Whether the line is named, and in a bundle of its own. */
  isNamed: fc.boolean(),
  hasFeedback: fc.boolean(),
  eol: fc.constantFrom('\r\n', '\n'),
  isEnded: fc.boolean(),
  /** Lines between `s=` and `c=`, and between `c=` and `t=`. */
  about: fc.subarray(['i=caf\xe9', 'u=http://example.com/', 'e=a@example.com', 'p=+1 617 555']),
  bandwidth: fc.subarray(['b=AS:128', 'b=X-any:1']),
  times: fc.subarray(['r=7d 1h 0 25h', 'z=2882844526 -1h', 'k=clear:x']),
  session: fc.array(sessionAttribute, { maxLength: 5 }),
  connection: fc.constantFrom('session', 'section', 'both'),
  before: fc.array(sectionBeside, { maxLength: 2 }),
  title: fc.subarray(['i=the audio']),
  audio: fc.array(attribute, { maxLength: 6 }),
  after: fc.array(fc.oneof(sectionBeside, secondAudio), { maxLength: 2 }),
});
export type AnyDescription = typeof anyDescription extends fc.Arbitrary<infer Value> ? Value : never;

const PROTOS: Readonly<Record<AnyKeying, string>> = {
  rtp: 'RTP/AVP',
  sdes: 'RTP/SAVP',
  osrtp: 'RTP/AVP',
  dtls: 'UDP/TLS/RTP/SAVP',
  ice: 'UDP/TLS/RTP/SAVP',
};
/** Lines that would say something else about the audio than its own do. */
const CONTRADICTING = /^a=(setup|fingerprint|tls-id|ice-[a-z]+|rtcp-mux-only)(:|$)/i;

export interface Speaker {
  readonly address: string;
  readonly port: number;
  /** Its key line, and what it wants of a handshake. */
  readonly crypto: string;
  readonly setup: string;
}

export function writeSdp(it: AnyDescription, media: Speaker): string {
  const { address, port, crypto, setup } = media;
  const hasKeys = it.keying === 'sdes' || it.keying === 'osrtp';
  const hasDtls = it.keying === 'dtls' || it.keying === 'ice';
  const noise = hasDtls ? it.audio.filter((line) => !CONTRADICTING.test(line)) : it.audio;
  const fingerprint = Array.from({ length: 32 }, () => setup.length.toString(16).padStart(2, 'A').toUpperCase());
  const lines = [
    'v=0',
    `o=- 1 1 IN IP4 ${address}`,
    's=caf\xe9',
    ...it.about,
    ...(it.connection === 'section' ? [] : [`c=IN IP4 ${address}`]),
    ...it.bandwidth,
    't=0 0',
    ...it.times,
    // A name without a password, or the other way round, would make ICE of what is meant to do none.
    ...it.session.filter((line) => it.keying !== 'dtls' || !/^a=ice-(ufrag|pwd)/.test(line)),
    ...(it.isNamed ? ['a=group:BUNDLE au'] : []),
    ...it.before.flat(),
    `m=audio ${port} ${PROTOS[it.keying]}${it.hasFeedback ? 'F' : ''} 0 8`,
    ...it.title,
    ...(it.connection === 'session' ? [] : [`c=IN IP4 ${address}`]),
    ...(hasKeys ? [crypto] : []),
    ...(hasDtls ? [`a=setup:${setup}`, `a=fingerprint:sha-256 ${fingerprint.join(':')}`] : []),
    ...(it.keying === 'ice' ? ['a=ice-ufrag:thei', 'a=ice-pwd:theirsheirsheirsheirsh'] : []),
    ...(it.isNamed ? ['a=mid:au'] : []),
    ...noise,
    ...it.after.flat(),
  ];
  return lines.join(it.eol) + (it.isEnded ? it.eol : '');
}

/** A description that could be the answer to `offer`: the same profile, and the other sections as they stand. */
export function answering(offer: AnyDescription, answer: AnyDescription): AnyDescription {
  const { keying, hasFeedback, before, after } = offer;
  return { ...answer, keying, hasFeedback, before, after };
}
