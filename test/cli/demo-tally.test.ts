import { expect, test } from 'vitest';
import { whatIsMissing } from '../../src/cli/demo.ts';
import { DemoTally, type DemoSummary } from '../../src/cli/demo-tally.ts';

const RTP = { sent: 10, received: 10, lost: 0 };
const GOOD: DemoSummary = {
  calls: 1,
  streams: 2,
  decisions: { allow: 5, deny: 1 },
  segments: 4,
  releases: 3,
  redactions: 1,
  entries: 20,
  verified: true,
  recogniser: 'scripted',
  rtp: RTP,
};

test('the summary counts what the events tell, and each stream once', () => {
  const tally = new DemoTally('scripted');

  for (const event of [
    { kind: 'call', state: 'started' },
    { kind: 'decision', allow: true },
    { kind: 'decision', allow: false },
    { kind: 'lease', state: 'opened', stream: 's1' },
    { kind: 'segment', stream: 's1', final: false },
    { kind: 'segment', stream: 's1', final: true },
    { kind: 'segment', stream: 's2', final: true },
    { kind: 'release', stream: 's1', entities: { CARD: 1, PHONE: 2 } },
    { kind: 'release', stream: 's2', entities: {} },
    { kind: 'call', state: 'ended' },
    { kind: 'something new' },
    'junk',
  ]) {
    tally.count(event);
  }

  expect(tally.summary({ rtp: RTP, report: { entries: 7, verified: true }, deniedBytes: 0 })).toEqual({
    calls: 1,
    streams: 2,
    decisions: { allow: 1, deny: 1 },
    segments: 2,
    releases: 2,
    redactions: 3,
    entries: 7,
    verified: true,
    recogniser: 'scripted',
    rtp: RTP,
  });
});

test('it does not verify when a verdict failed, or when the refused processor heard a single byte', () => {
  const tally = new DemoTally('scripted');
  const verified = (isVerified: boolean, deniedBytes: number): boolean =>
    tally.summary({ rtp: RTP, report: { entries: 1, verified: isVerified }, deniedBytes }).verified;

  expect(verified(true, 0)).toBe(true);
  expect(verified(false, 0)).toBe(false);
  expect(verified(true, 1)).toBe(false);
});

test('the end of the call is noticed, and not waited for without end', async () => {
  const ended = new DemoTally('scripted');
  ended.count({ kind: 'call', state: 'ended' });

  await expect(ended.callClosed(60_000)).resolves.toBeUndefined();
  await expect(new DemoTally('scripted').callClosed(0)).resolves.toBeUndefined();
});

test('a demo that showed everything lacks nothing', () => {
  expect(whatIsMissing(GOOD)).toEqual([]);
});

test.each<[Partial<DemoSummary>, string]>([
  [{ verified: false }, 'the evidence does not hold'],
  [{ rtp: { sent: 10, received: 8, lost: 2 } }, '2 RTP packets were lost'],
  [{ calls: 0 }, '0 calls were seen instead of one'],
  [{ segments: 0 }, 'nothing was recognised'],
  [{ releases: 0 }, 'nothing was released'],
  [{ redactions: 0 }, 'no card number was taken out'],
])('a demo with %j says what it lacks', (change, missing) => {
  expect(whatIsMissing({ ...GOOD, ...change })).toEqual([missing]);
});
