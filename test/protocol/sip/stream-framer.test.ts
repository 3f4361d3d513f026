import fc from 'fast-check';
import { expect, test } from 'vitest';
import { frameMessage, MAX_BODY_BYTES, MAX_HEAD_BYTES } from '../../../src/protocol/sip/frame.ts';
import { StreamFramer } from '../../../src/protocol/sip/stream-framer.ts';
import { invite, message, SDP } from './messages.ts';

const PING = Buffer.from('\r\n\r\n');
const OPTIONS = message(['OPTIONS sip:a@b SIP/2.0', 'Via: SIP/2.0/TCP h;branch=z9hG4bKx']);
const WITH_BODY = invite({ extra: ['Content-Type: application/sdp'], body: SDP });

/** What a stream holds, in the chunks given: messages as text, everything else by its word. */
function cut(chunks: readonly Buffer[]): string[] {
  const framer = new StreamFramer();
  const found: string[] = [];
  for (const chunk of chunks) {
    framer.push(Buffer.from(chunk));
    for (let item = framer.next(); item; item = framer.next()) {
      if (item.kind === 'framed') found.push(item.head.bytes.toString('latin1'));
      else found.push(item.kind === 'ping' ? 'ping' : item.reason);
    }
  }
  return found;
}

/** The bytes in pieces, cut at these places. */
function inPieces(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((start, index) => bytes.subarray(start, at[index] ?? bytes.length));
}

test('messages that follow each other without a break come out one by one, each with its own body', () => {
  const stream = Buffer.concat([WITH_BODY, OPTIONS, WITH_BODY]);

  expect(cut([stream])).toEqual([WITH_BODY, OPTIONS, WITH_BODY].map((bytes) => bytes.toString('latin1')));
});

test('a message of a stream reads exactly as the same message in a datagram', () => {
  const framer = new StreamFramer();
  framer.push(WITH_BODY);

  expect(framer.next()).toEqual(frameMessage(WITH_BODY));
});

test('two line breaks between messages are a ping, one is nothing, and inside a body they are the body', () => {
  const body = invite({ extra: ['Content-Type: text/plain'], body: '\r\n\r\n\r\n\r\n' });
  const stream = Buffer.concat([PING, OPTIONS, Buffer.from('\r\n'), OPTIONS, PING, PING, body, PING]);
  const text = OPTIONS.toString('latin1');

  expect(cut([stream])).toEqual(['ping', text, text, 'ping', 'ping', body.toString('latin1'), 'ping']);
});

test('however the bytes fall into chunks, the same comes out', () => {
  const part = fc.oneof(
    fc.constantFrom(OPTIONS, WITH_BODY, PING, Buffer.from('\r\n'), Buffer.from('\r\n\r\n\r\n')),
    // Also what is none: the word for it, and where it stands, must not depend on the chunks either.
    fc.constantFrom(
      Buffer.from('\n'),
      Buffer.from(' '),
      Buffer.from('\r'),
      Buffer.from('OPTIONS sip:a@b SIP/2.0\r\nTo: x\r\n\r\n'),
      Buffer.from('OPTIONS sip:a@b SIP/2.0\r\nl: 1\r\nl: 1\r\n\r\n'),
      Buffer.from('OPTIONS sip:a@b SIP/2.0\nTo: x\r\n\r\n'),
      Buffer.from(`X: ${'y'.repeat(MAX_HEAD_BYTES)}`),
    ),
  );
  const stream = fc.array(part, { maxLength: 12 }).map((parts) => Buffer.concat(parts));

  fc.assert(
    fc.property(stream, fc.array(fc.nat(), { maxLength: 60 }), (bytes, places) => {
      expect(cut(inPieces(bytes, places))).toEqual(cut([bytes]));
    }),
    { numRuns: 300 },
  );
});

test('anything at all neither throws nor depends on its chunks', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.array(fc.nat(), { maxLength: 20 }), (bytes, places) => {
      expect(cut(inPieces(Buffer.from(bytes), places))).toEqual(cut([Buffer.from(bytes)]));
    }),
  );
});

test('what was cut before is not touched by what comes after', () => {
  const framer = new StreamFramer();
  const kept: Buffer[] = [];
  for (let round = 0; round < 50; round += 1) {
    for (const piece of inPieces(WITH_BODY, [1, 40, 41, 300])) {
      framer.push(Buffer.from(piece));
      const item = framer.next();
      if (item?.kind === 'framed') kept.push(item.head.bytes);
    }
  }

  expect(kept).toHaveLength(50);
  for (const bytes of kept) expect(bytes.equals(WITH_BODY)).toBe(true);
});

test('single bytes cost no more copying than twice their number', () => {
  const body = 'x'.repeat(MAX_BODY_BYTES);
  const bytes = invite({ extra: ['Content-Type: text/plain'], body });
  let copied = 0;
  const pieces = Array.from({ length: bytes.length }, (_, at) => {
    const piece = Buffer.from(bytes.subarray(at, at + 1));
    const copy = piece.copy.bind(piece);
    piece.copy = (...args: Parameters<Buffer['copy']>) => {
      const count = copy(...args);
      copied += count;
      return count;
    };
    return piece;
  });
  const framer = new StreamFramer();
  let messages = 0;

  for (const piece of pieces) {
    framer.push(piece);
    if (framer.next()) messages += 1;
  }

  expect(messages).toBe(1);
  expect(copied).toBeLessThanOrEqual(bytes.length);
});

test.each([
  ['without Content-Length', 'OPTIONS sip:a@b SIP/2.0\r\nVia: x\r\n\r\n', 'no_content_length'],
  ['with two', 'OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 0\r\nl: 0\r\n\r\n', 'content_length'],
  ['with a negative one', 'OPTIONS sip:a@b SIP/2.0\r\nContent-Length: -1\r\n\r\n', 'content_length'],
  ['with a huge one', 'OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 99999999\r\n\r\n', 'body_too_large'],
  ['with a line feed alone', 'OPTIONS sip:a@b SIP/2.0\nl: 0\r\n\r\n', 'bare_newline'],
  ['with a NUL', 'OPTIONS sip:a@b SIP/2.0\r\nl:\0 0\r\n\r\n', 'nul_in_head'],
  ['of another protocol', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 'leading_space'],
])('a message %s ends the stream, and nothing behind it is believed', (_name, text, reason) => {
  const smuggled = Buffer.concat([Buffer.from(text, 'latin1'), OPTIONS, PING]);

  expect(cut([OPTIONS, smuggled, OPTIONS])).toEqual([OPTIONS.toString('latin1'), reason]);
});

test('a head that does not end is given up at its limit, and nothing more is kept of it', () => {
  const framer = new StreamFramer();
  const chunk = Buffer.from('x'.repeat(1000));
  const found = [];
  for (let count = 0; count < 40; count += 1) {
    framer.push(chunk);
    found.push(framer.next());
  }

  expect(found.filter(Boolean)).toMatchObject([{ kind: 'malformed', reason: 'head_too_large' }]);
  expect(found.findIndex(Boolean)).toBe(Math.ceil(MAX_HEAD_BYTES / 1000) - 1);
  expect(framer.isMidMessage).toBe(false);
});

test('it says whether a message has begun', () => {
  const framer = new StreamFramer();
  const states = [Buffer.from('\r\n'), OPTIONS.subarray(0, 10), OPTIONS.subarray(10)].map((chunk) => {
    framer.push(chunk);
    framer.next();
    return framer.isMidMessage;
  });

  expect(states).toEqual([false, true, false]);
});
