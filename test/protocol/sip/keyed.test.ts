import { expect, test } from 'vitest';
import type { CallId } from '../../../src/base/ids.ts';
import { makeBranch, verifyBranch } from '../../../src/protocol/sip/branch.ts';
import type { Flow } from '../../../src/protocol/sip/flow.ts';
import { hopTarget, isOwnUri, readLooseRoute } from '../../../src/protocol/sip/loose-route.ts';
import { makePathToken, verifyPathToken } from '../../../src/protocol/sip/path-token.ts';
import { deriveProxyKeys, macOf } from '../../../src/protocol/sip/proxy-keys.ts';
import { markedHop } from '../../../src/protocol/sip/reply-address.ts';
import { makeRouteToken, verifyRouteToken } from '../../../src/protocol/sip/route-token.ts';
import { readUri } from '../../../src/protocol/sip/uri.ts';
import { applySplices } from '../../../src/protocol/splice.ts';
import { asRequest, asResponse, invite, message } from './messages.ts';

const KEYS = deriveProxyKeys(Buffer.alloc(32, 7));
const OTHER = deriveProxyKeys(Buffer.alloc(32, 8));
const SOURCE = { address: '192.0.2.10', port: 5060 };
const NAMES = ['outside', 'inside'];
const CALL = `c_${'ab'.repeat(16)}` as CallId;

function responseWith(branch: string, below = 'SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKabc', cseq = '1 INVITE') {
  return asResponse(
    message([
      'SIP/2.0 200 OK',
      `Via: SIP/2.0/UDP 198.51.100.1:5060;branch=${branch}`,
      `Via: ${below}`,
      'From: <sip:alice@example.org>;tag=alice1',
      'To: <sip:bob@example.com>;tag=bob1',
      'Call-ID: call-1@192.0.2.10',
      `CSeq: ${cseq}`,
    ]),
  );
}

function branchFor(bytes = invite(), fields = { attempt: 2, ingress: 1 }): string {
  const request = asRequest(bytes);
  return makeBranch(KEYS.branch, request, markedHop(request.topVia, SOURCE), fields);
}

test('keys of different purposes differ, and parts cannot be shifted into each other', () => {
  expect(new Set([KEYS.branch, KEYS.route, KEYS.tag].map((key) => key.toString('hex'))).size).toBe(3);
  expect(macOf(KEYS.tag, ['ab', 'c'], 8)).not.toEqual(macOf(KEYS.tag, ['a', 'bc'], 8));
});

test('a branch of ours is known again by the response alone, and says where the request came in', () => {
  expect(verifyBranch(KEYS.branch, responseWith(branchFor()))).toEqual({ attempt: 2, ingress: 1 });
});

test('the same request gets the same branch, another attempt another', () => {
  expect(branchFor()).toBe(branchFor());
  expect(branchFor(invite(), { attempt: 3, ingress: 1 })).not.toBe(branchFor());
});

test.each([
  ['another next hop below', 'SIP/2.0/UDP 203.0.113.66:5060;branch=z9hG4bKabc', '1 INVITE'],
  ['another port below', 'SIP/2.0/UDP 192.0.2.10:9999;branch=z9hG4bKabc', '1 INVITE'],
  ['a received that we never wrote', 'SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKabc;received=203.0.113.66', '1 INVITE'],
  ['an rport that we never wrote', 'SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKabc;rport=53', '1 INVITE'],
  ['another transaction', 'SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKabc', '2 INVITE'],
  ['another transport below', 'SIP/2.0/TCP 192.0.2.10:5060;branch=z9hG4bKabc', '1 INVITE'],
])('a response with %s is not ours to send on', (_name, below, cseq) => {
  expect(verifyBranch(KEYS.branch, responseWith(branchFor(), below, cseq))).toBeUndefined();
});

test('a branch made with another key, or made up, proves nothing', () => {
  expect(verifyBranch(OTHER.branch, responseWith(branchFor()))).toBeUndefined();
  expect(verifyBranch(KEYS.branch, responseWith(`z9hG4bKe21${'0'.repeat(24)}`))).toBeUndefined();
  expect(verifyBranch(KEYS.branch, responseWith('z9hG4bKe'))).toBeUndefined();
});

const TOKEN = makeRouteToken(KEYS.route, NAMES, asRequest(invite()), { ingress: 0, egress: 1, call: CALL });

function inDialog(fromTag: string, toTag: string, callId = 'call-1@192.0.2.10') {
  return asRequest(
    message([
      'BYE sip:x@y SIP/2.0',
      'Via: SIP/2.0/UDP h;branch=z9hG4bKbye',
      `From: <sip:f@g>;tag=${fromTag}`,
      `To: <sip:t@g>;tag=${toTag}`,
      `Call-ID: ${callId}`,
      'CSeq: 2 BYE',
    ]),
  );
}

test('a token is short, fits a URI, and tells which side of the dialog speaks', () => {
  expect(TOKEN).toMatch(/^[A-Za-z0-9_-]{35}$/);
  const fields = { ingress: 0, egress: 1, call: CALL, flows: {} };

  expect(verifyRouteToken(KEYS.route, NAMES, inDialog('alice1', 'bob1'), TOKEN)).toEqual({ ...fields, from: 'caller' });
  expect(verifyRouteToken(KEYS.route, NAMES, inDialog('bob1', 'alice1'), TOKEN)).toEqual({ ...fields, from: 'callee' });
});

test('a dialog that is no call has a token without a call', () => {
  const token = makeRouteToken(KEYS.route, NAMES, asRequest(invite()), { ingress: 0, egress: 0, call: undefined });

  expect(verifyRouteToken(KEYS.route, NAMES, inDialog('alice1', 'bob1'), token)?.call).toBeUndefined();
});

test('a token opens no other dialog, and none at all once changed', () => {
  const accepted = (request: ReturnType<typeof inDialog>, token = TOKEN, keys = KEYS, names = NAMES) =>
    verifyRouteToken(keys.route, names, request, token) !== undefined;

  expect(accepted(inDialog('alice1', 'bob1', 'other-call'))).toBe(false);
  expect(accepted(inDialog('mallory', 'bob1'))).toBe(false);
  expect(accepted(inDialog('alice1', 'bob1'), TOKEN, OTHER)).toBe(false);
  expect(accepted(inDialog('alice1', 'bob1'), TOKEN, KEYS, ['outside', 'renamed'])).toBe(false);
  for (let at = 0; at < 34; at += 1) {
    const flipped = TOKEN.slice(0, at) + (TOKEN[at] === 'A' ? 'B' : 'A') + TOKEN.slice(at + 1);
    expect(accepted(inDialog('alice1', 'bob1'), flipped)).toBe(false);
  }
});

const isOurs = (host: string, port: number): boolean => host === 'us' && port === 5060;

function routed(uri: string, routes: readonly string[], mend = true) {
  const bytes = Buffer.from(
    invite({ extra: routes.map((route) => `Route: ${route}`) })
      .toString()
      .replace('sip:bob@example.com SIP', `${uri} SIP`),
  );
  const request = asRequest(bytes);
  const loose = readLooseRoute(request, isOurs, mend);
  const after = loose && asRequest(applySplices(bytes, loose.splices));
  const rest = after?.head.bytes.toString().match(/^Route: .*$/gm) ?? [];
  return { loose, uri: after?.uri, rest: rest.map((line) => line.trim()) };
}

test('our own Route values come off, both of a pair, and the next one is the target', () => {
  const { loose, uri, rest } = routed('sip:bob@10.0.0.2', [
    `<sip:${TOKEN}@us;lr>, <sip:${TOKEN}@us:5060;lr>`,
    '<sip:next:5070;lr>',
  ]);

  expect(loose?.tokens).toEqual([TOKEN, TOKEN]);
  expect(rest).toEqual(['Route: <sip:next:5070;lr>']);
  expect(uri).toBe('sip:bob@10.0.0.2');
  expect(hopTarget(loose?.target)).toEqual({ host: 'next', port: 5070 });
});

test('without further Route the Request-URI is the target, IPv6 included', () => {
  const { loose } = routed('sip:bob@[2001:db8::1]:5066', [`<sip:${TOKEN}@us;lr>`]);

  expect(hopTarget(loose?.target)).toEqual({ host: '2001:db8::1', port: 5066 });
});

test('a foreign Route on top gives us no token', () => {
  expect(routed('sip:bob@x', ['<sip:stranger;lr>', `<sip:${TOKEN}@us;lr>`]).loose?.tokens).toEqual([]);
});

test('a strict router before us gets its damage mended', () => {
  const { loose, uri, rest } = routed(`sip:${TOKEN}@us;lr`, ['<sip:next;lr>', '<sip:bob@10.0.0.2>']);

  expect(loose?.tokens).toEqual([TOKEN]);
  expect(uri).toBe('sip:bob@10.0.0.2');
  expect(rest).toEqual(['Route: <sip:next;lr>']);
});

test('a last Route that is no URI does not become the request line', () => {
  const folded = '<sip:bob@10.0.0.2\r\n smuggled>';

  expect(routed(`sip:${TOKEN}@us;lr`, ['<sip:next;lr>', folded]).loose).toBeUndefined();
  expect(routed(`sip:${TOKEN}@us;lr`, ['<sip:next;lr>', '<bob>']).loose).toBeUndefined();
});

test('a strict router after us gets the request as it wants it', () => {
  const { loose, uri, rest } = routed('sip:bob@10.0.0.2', [`<sip:${TOKEN}@us;lr>`, '<sip:strict>', '<sip:then;lr>']);

  expect(uri).toBe('sip:strict');
  expect(rest).toEqual(['Route: <sip:then;lr>', 'Route: <sip:bob@10.0.0.2>']);
  expect(hopTarget(loose?.target)).toEqual({ host: 'strict', port: undefined });
});

test('where we choose the next hop, a foreign Route is left alone', () => {
  const { uri, rest } = routed('sip:bob@10.0.0.2', ['<sip:us;lr>', '<sip:strict>'], false);

  expect(uri).toBe('sip:bob@10.0.0.2');
  expect(rest).toEqual(['Route: <sip:strict>']);
});

test('an unreadable or endless Route set is refused', () => {
  expect(routed('sip:bob@x', ['<sip:a']).loose).toBeUndefined();
  expect(
    routed(
      'sip:bob@x',
      Array.from({ length: 40 }, () => '<sip:a;lr>'),
    ).loose,
  ).toBeUndefined();
});

test('a URI says by what and where it is reached, and one that cannot be is said so', () => {
  expect(hopTarget(readUri('tel:+1'))).toBe('unsupported_scheme');
  expect(hopTarget(readUri('sip:a@b'))).toEqual({ host: 'b', port: undefined, transport: undefined });
  expect(hopTarget(readUri('sip:a@b;transport=TCP'))).toEqual({ host: 'b', port: undefined, transport: 'tcp' });
  expect(hopTarget(readUri('sip:a@b:5066;transport=ws'))).toEqual({ host: 'b', port: 5066, transport: 'ws' });
  expect(hopTarget(readUri('sip:a@b;transport=sctp'))).toBe('unsupported_transport');
  expect(hopTarget(readUri('sip:a@b;maddr=10.1.1.1'))).toEqual({ host: '10.1.1.1', port: undefined });
});

test('a SIPS URI is reached by TLS and by nothing weaker', () => {
  expect(hopTarget(readUri('sips:a@b'))).toEqual({ host: 'b', port: undefined, transport: 'tls' });
  expect(hopTarget(readUri('sips:a@b;transport=tcp'))).toMatchObject({ transport: 'tls' });
  expect(hopTarget(readUri('sips:a@b;transport=ws'))).toMatchObject({ transport: 'wss' });
  expect(hopTarget(readUri('sips:a@b;transport=udp'))).toBe('unsupported_transport');
  // A certificate is for the name that was asked for, not for the address it was bent to.
  expect(hopTarget(readUri('sips:a@b;maddr=10.1.1.1'))).toMatchObject({ host: '10.1.1.1', domain: 'b' });
});

test('a URI of ours without a port is known by the default of its transport', () => {
  const at = (own: number) => (uri: string) => isOwnUri(readUri(uri), (host, port) => host === 'us' && port === own);

  expect(['sip:us', 'sip:us;transport=tcp', 'sip:us:5060'].map(at(5060))).toEqual([true, true, true]);
  expect(['sips:us', 'sip:us;transport=tls', 'sip:us:5061'].map(at(5061))).toEqual([true, true, true]);
  expect(['sip:us;transport=sctp', 'sips:us', 'sip:them', 'tel:+1'].map(at(5060))).toEqual([true, false, false, false]);
});

const CONNECTION: Flow = { kind: 'connection', id: '0123456789abcdef', isOnly: true };
const FROM_4: Flow = { kind: 'datagram', listener: 3, address: '203.0.113.5', port: 40_000 };
const FROM_6: Flow = {
  kind: 'datagram',
  listener: 0,
  address: '2001:0db8:0000:0000:0000:0000:0000:0005',
  port: 65_535,
};

test.each([
  ['a connection', { caller: CONNECTION }],
  ['where datagrams came from', { caller: FROM_4 }],
  ['the same over IPv6', { callee: FROM_6 }],
  ['a connection beside its name', { caller: { ...CONNECTION, isOnly: false } }],
  ['both ends of a dialog', { caller: FROM_6, callee: CONNECTION }],
])('a token carries %s as the way back, and fits a URI with it', (_name, flows) => {
  const fields = { ingress: 0, egress: 1, call: CALL, flows };

  const token = makeRouteToken(KEYS.route, NAMES, asRequest(invite()), fields);

  expect(token).toMatch(/^[A-Za-z0-9_-]{36,88}$/);
  expect(verifyRouteToken(KEYS.route, NAMES, inDialog('bob1', 'alice1'), token)).toEqual({ ...fields, from: 'callee' });
});

test.each([
  ['a connection', CONNECTION],
  ['where datagrams came from', FROM_4],
  ['the same over IPv6', FROM_6],
])('a word in Path leads to %s, as long as its interface is the same, and changed it leads nowhere', (_name, flow) => {
  const token = makePathToken(KEYS.route, NAMES, { at: 1, flow });
  const bytes = Buffer.from(token, 'base64url');

  expect(verifyPathToken(KEYS.route, NAMES, token)).toEqual({ at: 1, flow });
  expect(verifyPathToken(KEYS.route, ['outside', 'renamed'], token)).toBeUndefined();
  expect(verifyPathToken(OTHER.route, NAMES, token)).toBeUndefined();
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(verifyPathToken(KEYS.route, NAMES, changed.toString('base64url'))).toBeUndefined();
  }
});

test('a route token is no word of Path, nor the other way round', () => {
  const path = makePathToken(KEYS.route, NAMES, { at: 0, flow: FROM_6 });

  expect(verifyPathToken(KEYS.route, NAMES, TOKEN)).toBeUndefined();
  expect(verifyRouteToken(KEYS.route, NAMES, inDialog('alice1', 'bob1'), path)).toBeUndefined();
  for (const odd of ['', 'bob', 'A'.repeat(30), 'A'.repeat(200)]) {
    expect(verifyPathToken(KEYS.route, NAMES, odd)).toBeUndefined();
  }
});

test('nobody can put another way back into a token', () => {
  const token = makeRouteToken(KEYS.route, NAMES, asRequest(invite()), {
    ingress: 0,
    egress: 1,
    call: CALL,
    flows: { caller: FROM_4 },
  });
  const bytes = Buffer.from(token, 'base64url');

  for (let at = 18; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    const forged = changed.toString('base64url');
    expect(verifyRouteToken(KEYS.route, NAMES, inDialog('alice1', 'bob1'), forged)).toBeUndefined();
  }
  const cut = Buffer.concat([bytes.subarray(0, 18), bytes.subarray(-8)]).toString('base64url');
  expect(verifyRouteToken(KEYS.route, NAMES, inDialog('alice1', 'bob1'), cut)).toBeUndefined();
});
