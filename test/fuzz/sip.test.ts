import { deepEqual, ok } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  decrementMaxForwards,
  editBody,
  insertRecordRoutes,
  popVia,
  pushVia,
  replaceRequestUri,
} from '../../src/protocol/sip/edits.ts';
import { frameMessage } from '../../src/protocol/sip/frame.ts';
import type { SipMessage, SipRequest } from '../../src/protocol/sip/message.ts';
import { readMessage } from '../../src/protocol/sip/read-message.ts';
import { StreamFramer } from '../../src/protocol/sip/stream-framer.ts';
import { applySplices } from '../../src/protocol/splice.ts';
import { fuzz, fuzzTimeoutMs } from './fuzzer.ts';

const VECTORS = join(import.meta.dirname, '../vectors/sip');
const words = [
  ...[
    '\r\n\r\n',
    '\r\n ',
    '\r\n\t',
    '\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK',
    '\r\nv: SIP/2.0/TCP y',
    '\r\nContent-Length: ',
  ],
  ...['\r\nl:0', '\r\nRoute: <sip:a;lr>,', '\r\nMax-Forwards: 0', '\r\nCSeq: 1 INVITE', 'INVITE sip:a@b SIP/2.0\r\n'],
  ...['SIP/2.0 200 OK\r\n', '\0', '"', '\\', '<', '>', ';tag=', ',', '%00', '[::1]', ' '.repeat(40), ';x=y'.repeat(20)],
];

test(
  'no bytes make the SIP readers throw or slow, and what we splice reads back with our lines and no others',
  { timeout: fuzzTimeoutMs },
  async () => {
    const seeds = readdirSync(VECTORS, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name)));

    const { outcomes } = await fuzz({ name: 'sip', seeds, words, maxBytes: 70_000, check: judge });

    expect(outcomes.get('request')).toBeGreaterThan(0);
    expect(outcomes.get('response')).toBeGreaterThan(0);
  },
);

function judge(input: Buffer): string {
  const original = Buffer.from(input);
  cutAsStream(input);
  const framed = frameMessage(input);
  if (framed.kind === 'keepalive') return 'keepalive';
  if (framed.kind === 'malformed') return framed.reason;
  const message = readMessage(framed.head);
  ok(input.equals(original), 'reading changes nothing');
  if (message.kind === 'malformed') return `read ${message.reason}`;
  const { bytes } = message.head;
  ok(applySplices(bytes, []) === bytes, 'no edits, no change');
  if (message.kind === 'request') forward(message);
  else ok(applySplices(bytes, [popVia(message)]).length < bytes.length, 'a Via goes');
  return message.kind;
}

/** What a proxy does to every request, then read as the next one would. */
function forward(request: SipRequest): void {
  const { bytes } = request.head;
  const hops = request.maxForwards;
  const written = applySplices(bytes, [
    pushVia(request, { sentBy: '192.0.2.7:5060', branch: 'z9hG4bK-ours', transport: 'udp' }),
    decrementMaxForwards(request),
    insertRecordRoutes(request, ['sip:192.0.2.7;lr']),
    replaceRequestUri(request, 'sip:next@192.0.2.8'),
    ...editBody(request.head, request.body.length > 0 ? [{ at: 0, remove: 1, insert: 'longer' }] : []),
  ]);
  const again = readBack(written);
  if (again === undefined) return;
  ok(again.kind === 'request' && again.method === request.method, 'a request stays the request it was');
  ok(again.uri === 'sip:next@192.0.2.8' && again.topVia.branch === 'z9hG4bK-ours', 'our lines are read as ours');
  deepEqual([again.fromTag, again.toTag, again.callId], [request.fromTag, request.toTag, request.callId]);
  ok(again.vias.length === request.vias.length + 1, 'one Via is added');
  ok(again.maxForwards === (hops === undefined ? 70 : Math.max(0, hops - 1)), 'a hop is counted');
}

/** Undefined where it has only grown over a limit. */
function readBack(written: Buffer): SipMessage | undefined {
  const framed = frameMessage(written);
  if (framed.kind === 'malformed' && GROWN.includes(framed.reason)) return undefined;
  if (framed.kind !== 'framed') throw new Error(framed.kind === 'malformed' ? framed.reason : framed.kind);
  const message = readMessage(framed.head);
  if (message.kind === 'malformed' && GROWN.includes(message.reason)) return undefined;
  if (message.kind === 'malformed') throw new Error(message.reason);
  return message;
}

const GROWN: readonly string[] = ['head_too_large', 'body_too_large', 'too_many_headers', 'via', 'too_long'];

/** A stream is cut the same however it arrives: whole, or in pieces. */
function cutAsStream(input: Buffer): void {
  const whole = cut([input]);
  const half = input.length >> 1;
  deepEqual(cut([input.subarray(0, half), input.subarray(half)]), whole);
  if (input.length < 600) deepEqual(cut(Array.from(input, (byte) => Buffer.from([byte]))), whole);
}

function cut(chunks: readonly Buffer[]): string[] {
  const framer = new StreamFramer();
  const items: string[] = [];
  for (const chunk of chunks) {
    framer.push(Buffer.from(chunk));
    for (let item = framer.next(); item; item = framer.next()) {
      items.push(
        item.kind === 'framed' ? item.head.bytes.toString('latin1') : item.kind === 'malformed' ? item.reason : 'ping',
      );
    }
  }
  return items;
}
