import { describe, expect, test } from 'vitest';
import { flaws, type Carriage } from './carried.ts';
import { readMessages } from './trace.ts';

const MEDIA = { from: 28_000, to: 29_999 };
const PASSED: Carriage = { mode: 'signaling-only', media: MEDIA };
const ANCHORED: Carriage = { mode: 'anchored', media: MEDIA };
const SDP = 'v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 9998 RTP/AVP 0\r\na=sendrecv\r\n';

const SENT = invite({ via: 1, hops: 70, route: [], port: 9998 });
const GOOD = invite({ via: 2, hops: 69, route: ['Record-Route: <sip:node;lr>'], port: 9998 });
const MOVED = invite({ via: 2, hops: 69, route: ['Record-Route: <sip:node;lr>'], port: 28_004 });

describe('a message that was carried well has no flaw', () => {
  test.each([
    ['where its media passes by', GOOD, PASSED],
    ['where it is anchored', MOVED, ANCHORED],
  ])('%s', (_where, arrived, how) => {
    expect(found(arrived, how)).toEqual([]);
  });
});

describe('a flaw is found', () => {
  test.each([
    ['in SDP that was touched and should not have been', MOVED, PASSED],
    ['in SDP that was not anchored', GOOD, ANCHORED],
    ['in an attribute that is nobody’s to change', MOVED.replace('a=sendrecv', 'a=recvonly'), ANCHORED],
    ['in an attribute that is gone', MOVED.replace('a=sendrecv\r\n', ''), ANCHORED],
    ['in a header that was changed', GOOD.replace('Subject: x', 'Subject:  x'), PASSED],
    ['in a header that was added', GOOD.replace('Subject: x', 'Subject: x\r\nServer: us'), PASSED],
    ['in a Request-URI that was changed', GOOD.replace('INVITE sip:a@', 'INVITE sip:b@'), PASSED],
    ['in a hop that was not counted', GOOD.replace('Max-Forwards: 69', 'Max-Forwards: 70'), PASSED],
    ['in a Via that is not there', GOOD.replace('Via: hop\r\n', ''), PASSED],
    ['in a Record-Route that is not there', GOOD.replace('Record-Route: <sip:node;lr>\r\n', ''), PASSED],
    [
      'in a Route that went further than it should',
      GOOD.replace('Via: hop', 'Route: <sip:node;lr>\r\nVia: hop'),
      PASSED,
    ],
  ])('%s', (_where, arrived, how) => {
    expect(found(arrived, how)).toHaveLength(1);
  });

  test('in a message that never came, came twice, or was never sent', () => {
    const [sent] = readMessages(traced('sent', SENT));
    const [arrived] = readMessages(traced('received', GOOD));

    expect(flaws([sent!], [], PASSED)).toEqual(['INVITE 1 never arrived']);
    expect(flaws([sent!], [arrived!, arrived!], PASSED)).toEqual(['INVITE 1 arrived 2 times']);
    expect(flaws([], [arrived!], PASSED)).toEqual(['INVITE 1 was never sent']);
  });
});

function found(arrived: string, how: Carriage): string[] {
  return flaws(readMessages(traced('sent', SENT)), readMessages(traced('received', arrived)), how);
}

function invite({ via, hops, route, port }: { via: number; hops: number; route: string[]; port: number }): string {
  const vias = Array.from({ length: via }, (_, at) => (at === 0 ? 'Via: own' : 'Via: hop'));
  const head = ['INVITE sip:a@127.0.0.1 SIP/2.0', ...vias, ...route, 'From: <sip:c@x>;tag=1', 'To: <sip:a@x>'];
  const rest = ['Call-ID: one', 'CSeq: 1 INVITE', `Max-Forwards: ${hops}`, 'Subject: x', '', ''];
  return [...head, ...rest].join('\r\n') + SDP.replace('9998', String(port));
}

/** As sipp writes it down. */
function traced(direction: 'sent' | 'received', text: string): string {
  const heading = direction === 'sent' ? `sent (${text.length} bytes)` : `received [${text.length}] bytes `;
  return `----\nUDP message ${heading}:\n\n${text}\n`;
}
