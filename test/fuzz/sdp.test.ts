import { deepEqual, ok } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { attributeName, hasAttribute, readDirection, readPtimeMs } from '../../src/protocol/sdp/attribute.ts';
import { readConnection, readRtcp } from '../../src/protocol/sdp/connection.ts';
import type { Sdp } from '../../src/protocol/sdp/description.ts';
import { readIce } from '../../src/protocol/sdp/ice.ts';
import { readPayloads } from '../../src/protocol/sdp/payload.ts';
import { rewriteSdp } from '../../src/protocol/sdp/rewrite.ts';
import { MAX_MEDIA_SECTIONS, MAX_SDP_BYTES, scanSdp } from '../../src/protocol/sdp/scan.ts';
import { readCryptos } from '../../src/protocol/sdp/sdes.ts';
import type { SectionEdit } from '../../src/protocol/sdp/section-edit.ts';
import { applySplices } from '../../src/protocol/splice.ts';
import { fuzz, fuzzTimeoutMs } from './fuzzer.ts';

const VECTORS = join(import.meta.dirname, '../vectors/sdp');
const words = [
  ...[
    '\r\nm=audio 9 RTP/AVP 0\r\n',
    '\r\nm=video 0 RTP/SAVPF 31\r\n',
    '\r\nc=IN IP4 192.0.2.1\r\n',
    '\r\nc=IN IP6 ::1',
  ],
  ...['\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:', '\r\na=rtcp:9 IN IP4 0.0.0.0', '\r\na=rtcp-mux', '\r\na=mid:0'],
  ...[
    '\r\na=group:BUNDLE 0 1',
    '\r\na=ice-lite',
    '\r\na=ice-ufrag:abcd',
    '\r\na=setup:actpass',
    '\r\na=fingerprint:sha-256 AA',
  ],
  ...['\r\na=bundle-only', '\r\na=sendonly', '\r\nt=0 0', '\r', '\n', '\0', 'UDP/TLS/RTP/SAVPF', 'RTP/AVP', 'v=0\r\n'],
];

const OURS = [
  'rtcp-mux',
  'setup:passive',
  'fingerprint:sha-256 AA:BB',
  'ice-ufrag:oUrS',
  'ice-pwd:0123456789012345678901',
];
const place = { address: '192.0.2.77', family: 4, rtpPort: 40_000, rtcpPort: undefined } as const;
const anchored: SectionEdit = {
  kind: 'anchored',
  transport: 'tls',
  place,
  attributes: OURS,
  iceLite: true,
  bundle: { mid: 'm0' },
};
const plain: SectionEdit = {
  kind: 'anchored',
  transport: 'avp',
  place: { ...place, rtcpPort: 40_003 },
  attributes: [],
  iceLite: false,
};
const shut: SectionEdit = { kind: 'anchored', transport: undefined, place: undefined, attributes: [], iceLite: false };
const relayed: SectionEdit = { kind: 'relayed', place: { ...place, rtcpPort: 40_001 } };

/** What ties media to the peer's own keys and transport: none of theirs may reach the other side of an anchored line. */
const THEIRS = ['crypto', 'fingerprint', 'setup', 'tls-id', 'candidate', 'ice-ufrag', 'ice-pwd', 'rtcp-mux', 'ssrc'];

test(
  'no description makes its readers throw, and what we rewrite reads back as what we meant',
  { timeout: fuzzTimeoutMs },
  async () => {
    const seeds = readdirSync(VECTORS, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.sdp'))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name)));

    const { outcomes } = await fuzz({ name: 'sdp', seeds, words, maxBytes: MAX_SDP_BYTES + 10, check: judge });

    expect(outcomes.get('sdp 1')).toBeGreaterThan(0);
  },
);

function judge(input: Buffer): string {
  const scan = scanSdp(input);
  if (scan.kind === 'refused') return scan.reason;
  const { sdp } = scan;
  checkOffsets(sdp, input.length);
  readAll(sdp);
  ok(applySplices(input, []) === input, 'no edits, no change');
  if (sdp.media.length === 0) return 'sdp without media';
  for (const edit of [anchored, plain, shut, relayed]) rewriteFirst(input, sdp, edit);
  rewriteEvery(input, sdp);
  return `sdp ${Math.min(sdp.media.length, 4)}`;
}

function checkOffsets(sdp: Sdp, length: number): void {
  let at = 0;
  for (const line of [sdp.session, ...sdp.media].flatMap((section) => section.lines)) {
    ok(line.at === at && line.at + 2 <= line.end && line.end <= line.next, 'lines follow each other');
    ok(line.next <= length, 'lines end within the description');
    at = line.next;
  }
}

function readAll(sdp: Sdp): void {
  for (const section of sdp.media) {
    readConnection(sdp, section);
    readRtcp(section);
    readDirection(sdp, section);
    readPtimeMs(section);
    readPayloads(section);
    readCryptos(section);
    readIce(sdp, section);
  }
}

function rewriteFirst(input: Buffer, sdp: Sdp, edit: SectionEdit): void {
  const written = applySplices(input, rewriteSdp(sdp, new Map([[0, edit]])));
  // Moving what the session said for the others into them may cost them at most a share of it each.
  ok(written.length <= (input.length + 1000) * (MAX_MEDIA_SECTIONS + 1), 'a rewritten description is bounded');
  const again = scanSdp(written);
  if (again.kind === 'refused') {
    ok(['too_long', 'too_many_lines'].includes(again.reason), again.reason);
    return;
  }
  const [first] = again.sdp.media;
  ok(again.sdp.media.length === sdp.media.length, 'no section comes or goes');
  const wanted = edit.kind === 'closed' ? 0 : (edit.place?.rtpPort ?? 0);
  ok(first!.media.port.value === wanted, 'the port is ours');
  if (edit.kind === 'closed' || !edit.place) return;
  const addresses = first!.lines.filter(({ type }) => type === 'c').map(({ value }) => value);
  ok(addresses.length > 0 && addresses.every((value) => value === `IN IP4 ${place.address}`), 'the address is ours');
  if (edit.kind === 'relayed') return;
  const theirs = first!.lines.filter((line) => THEIRS.includes(attributeName(line) ?? '')).map(({ value }) => value);
  deepEqual(theirs.sort(), edit.attributes.filter((text) => THEIRS.includes(text.split(':')[0]!)).sort());
  ok(!edit.iceLite || hasAttribute(again.sdp.session, 'ice-lite'), 'a lite agent says so');
}

function rewriteEvery(input: Buffer, sdp: Sdp): void {
  const edits = new Map(sdp.media.map((_, index) => [index, index === 0 ? plain : relayed] as const));
  applySplices(input, rewriteSdp(sdp, edits));
}
