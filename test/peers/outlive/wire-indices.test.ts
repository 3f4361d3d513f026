import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SDES_SUITE } from '../../../src/protocol/sdp/sdes.ts';
import { SrtpSender } from '../../../src/protocol/srtp/sender.ts';
import { createTransform } from '../../../src/protocol/srtp/suites.ts';
import { rtpPacket, senderReport } from '../../protocol/rtp/packets.ts';
import { judgeWire } from './wire-indices.ts';

const KEY = '07'.repeat(30);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-wire-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** One life of whoever sends: it begins with no memory of indices. */
function life(key = KEY) {
  const sender = new SrtpSender(createTransform(SDES_SUITE, Buffer.from(key, 'hex')));
  return {
    say: (sequence: number, timestamp: number) => sender.protectRtp(rtpPacket({ ssrc: 5, sequence, timestamp })),
    report: (about: number) => sender.protectRtcp(senderReport(5, about)),
  };
}

/** Judges what was sent to receiver 3, who was told one key. */
function judge(...packets: readonly unknown[]) {
  const file = join(folder, 'wire');
  const frames = packets.flatMap((packet) => {
    const bytes = Buffer.isBuffer(packet) ? packet : Buffer.alloc(0);
    const header = Buffer.alloc(4);
    header.writeUInt16LE(3, 0);
    header.writeUInt16LE(bytes.length, 2);
    return [header, bytes];
  });
  writeFileSync(file, Buffer.concat(frames));
  return judgeWire(file, (receiver) => (receiver === 3 ? [KEY] : []));
}

test('one life that counts, past the end of a cycle, uses nothing twice', () => {
  const one = life();

  const verdict = judge(
    one.say(65_534, 1),
    one.say(65_535, 2),
    one.say(0, 3),
    one.say(1, 4),
    one.report(1),
    one.report(2),
  );

  expect(verdict).toEqual({ rtp: 4, rtcp: 2, unopened: 0, reused: 0, keys: 1, names: 1 });
});

test('a second life that begins again is found out, in SRTP and in SRTCP', () => {
  const [one, two] = [life(), life()];

  const verdict = judge(one.say(7, 1), one.report(1), two.say(7, 2), two.report(2));

  expect(verdict).toMatchObject({ rtp: 2, rtcp: 2, reused: 2 });
});

test('the same number in another cycle is another index, and one packet that came twice is one packet', () => {
  const one = life();
  const first = one.say(1, 1);

  const verdict = judge(first, first, one.say(30_000, 2), one.say(60_000, 3), one.say(1, 4));

  expect(verdict).toMatchObject({ rtp: 5, reused: 0 });
});

test('what none of its keys opens is said, too', () => {
  expect(judge(life('08'.repeat(30)).say(1, 1), Buffer.from('noise'))).toMatchObject({ rtp: 0, unopened: 2 });
});
