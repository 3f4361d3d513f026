import { expect, test } from 'vitest';
import { ManualClock } from '../../../../src/base/clock.ts';
import type { TapId } from '../../../../src/base/ids.ts';
import type { TapReport } from '../../../../src/call/media/messages.ts';
import { TapBoard } from '../../../../src/call/media/worker/tap-board.ts';
import { FrameReader } from '../../../../src/link/frame.ts';
import { TapWriter } from '../../../../src/link/tap-channel.ts';
import { decodeTapFrame, type TapFrame } from '../../../../src/link/tap-frame.ts';
import { BytePipe } from '../../../link/byte-pipe.ts';
import { rtpPacket } from '../../../protocol/rtp/packets.ts';
import { makeLeg } from './parts.ts';
import { CALL, CALLER, CALLER_STREAM, callerBranch } from './states.ts';

const TAP = `t_${'1'.repeat(32)}` as TapId;
const OTHER = `t_${'2'.repeat(32)}` as TapId;

function rig() {
  const clock = new ManualClock({ monoUs: 10_000_000 });
  const leg = makeLeg(callerBranch());
  const reports: TapReport[] = [];
  const writer = new TapWriter({ onReaderGone: () => board.endAll('reader_gone'), soon: (task) => task() });
  const board: TapBoard = new TapBoard({
    clock,
    writer,
    findLeg: (call, stream) => {
      if (call !== CALL) return 'unknown_call';
      return stream === CALLER_STREAM ? leg : 'unknown_stream';
    },
    report: (report) => reports.push(report),
  });
  const pipe = new BytePipe(1 << 20);
  writer.attach(pipe);
  const reader = new FrameReader({ maxBodyBytes: 4096 });
  const frames = (): (TapFrame | undefined)[] => reader.push(pipe.taken()).map(decodeTapFrame);
  const open = (tap = TAP, aheadMs = 5000) =>
    board.open({ tap, call: CALL, stream: CALLER_STREAM, deadlineUs: clock.monoUs() + aheadMs * 1000 });
  const offer = (packet = rtpPacket(), extendedSequence = 1) =>
    leg.tap?.offer(packet, extendedSequence, clock.monoUs());
  return { clock, leg, reports, writer, board, pipe, frames, open, offer };
}

test('a stream without a grant has no tap at all', () => {
  expect(rig().leg.tap).toBeUndefined();
});

test('an open tap begins with the origin of the timeline and carries packets as they were received', () => {
  const { leg, reports, frames, open, offer } = rig();
  leg.receiveRtp({ bytes: rtpPacket(), address: CALLER.address, port: CALLER.port, arrivalUs: 9_000_000 });

  open();
  offer(rtpPacket({ sequence: 3, timestamp: 480, ssrc: 9, payload: Buffer.from('speech') }), 65_539);

  expect(reports).toEqual([{ kind: 'tap.opened', tap: TAP, stream: CALLER_STREAM }]);
  expect(frames()).toEqual([
    { kind: 'begin', tap: TAP, stream: CALLER_STREAM, streamStartUs: 9_000_000 },
    {
      kind: 'media',
      tap: TAP,
      arrivalUs: 10_000_000,
      ssrc: 9,
      extendedSequence: 65_539,
      rtpTimestamp: 480,
      payloadType: 0,
      payload: Buffer.from('speech'),
    },
  ]);
});

test('header extensions, contributing sources and padding are not audio', () => {
  const { frames, open, offer } = rig();
  const packet = Buffer.concat([
    rtpPacket({ payload: Buffer.alloc(0) }),
    Buffer.alloc(4),
    Buffer.from('hello\0\0\x03'),
  ]);
  packet[0] = 0xa1;

  open();
  offer(packet);

  expect(frames()[1]).toMatchObject({ payload: Buffer.from('hello') });
});

test('of telephone events and comfort noise only the place goes, an unknown payload type goes under its number', () => {
  const { frames, open, offer } = rig();
  const payload = Buffer.from([5, 0x8a, 0, 160]);

  open();
  [101, 13, 96, 0].forEach((payloadType, at) => offer(rtpPacket({ payloadType, payload }), 10 + at));

  const media = frames().slice(1);
  expect(media).toMatchObject([
    { payloadType: 101, extendedSequence: 10, payload: Buffer.alloc(0) },
    { payloadType: 13, extendedSequence: 11, payload: Buffer.alloc(0) },
    { payloadType: 96, extendedSequence: 12, payload },
    { payloadType: 0, extendedSequence: 13, payload },
  ]);
});

test('a payload too large for a frame is left out instead of breaking the socket', () => {
  const { frames, open, offer } = rig();

  open();
  offer(rtpPacket({ payload: Buffer.alloc(5000) }));
  offer(rtpPacket({ payload: Buffer.alloc(4054) }));

  expect(frames().map((frame) => frame?.kind)).toEqual(['begin', 'media']);
});

test('the first packet past the deadline ends the tap and is not copied', () => {
  const { clock, leg, reports, frames, open, offer } = rig();
  open();
  offer();

  clock.advance(5001);
  offer();

  expect(frames().map((frame) => frame?.kind)).toEqual(['begin', 'media', 'end']);
  expect(leg.tap).toBeUndefined();
  expect(reports.at(-1)).toEqual({
    kind: 'tap.ended',
    tap: TAP,
    stream: CALLER_STREAM,
    reason: 'lapsed',
    frames: 1,
    dropped: 0,
  });
});

test('a tap on a silent stream lapses when it is swept', () => {
  const { clock, board, reports, open } = rig();
  open();

  clock.advance(5000);
  board.sweep();
  expect(board.size).toBe(1);
  clock.advance(1);
  board.sweep();

  expect(board.size).toBe(0);
  expect(reports.at(-1)).toMatchObject({ kind: 'tap.ended', reason: 'lapsed' });
});

test('renewal in time keeps a tap open, and cannot shorten it', () => {
  const { clock, board, frames, open, offer } = rig();
  open();

  clock.advance(4000);
  board.renew([TAP], clock.monoUs() + 5_000_000);
  board.renew([TAP], clock.monoUs() + 1000);
  clock.advance(4000);
  offer();

  expect(frames().map((frame) => frame?.kind)).toEqual(['begin', 'media']);
});

test('an open or a renewal that arrives late is refused', () => {
  const { clock, board, reports, open, offer, frames } = rig();

  open(TAP, 0);
  expect(reports).toEqual([{ kind: 'tap.refused', tap: TAP, stream: CALLER_STREAM, reason: 'late' }]);

  open(OTHER, 1000);
  const promisedUs = clock.monoUs() + 900_000;
  clock.advance(950);
  board.renew([OTHER], promisedUs);
  clock.advance(60);
  board.renew([OTHER], clock.monoUs() + 5_000_000);
  offer();

  expect(frames().map((frame) => frame?.kind)).toEqual(['begin', 'end']);
  expect(reports.at(-1)).toMatchObject({ kind: 'tap.ended', tap: OTHER, reason: 'lapsed' });
});

test('a deadline far ahead is cut to the life of a tap', () => {
  const { clock, leg, open, offer } = rig();
  open(TAP, 3_600_000);

  clock.advance(5001);
  offer();

  expect(leg.tap).toBeUndefined();
});

test('what cannot be tapped is refused with its reason', () => {
  const { clock, board, reports, pipe } = rig();
  const deadlineUs = clock.monoUs() + 5_000_000;

  board.open({ tap: TAP, call: `c_${'9'.repeat(32)}` as typeof CALL, stream: CALLER_STREAM, deadlineUs });
  board.open({ tap: TAP, call: CALL, stream: `s_${'9'.repeat(32)}` as typeof CALLER_STREAM, deadlineUs });
  pipe.destroy();
  const alone = new TapWriter({ onReaderGone: () => undefined });
  const deaf = new TapBoard({
    clock,
    writer: alone,
    findLeg: () => makeLeg(callerBranch()),
    report: (report) => reports.push(report),
  });
  deaf.open({ tap: TAP, call: CALL, stream: CALLER_STREAM, deadlineUs });

  const reasons = reports.map((report) => (report.kind === 'tap.refused' ? report.reason : report.kind));
  expect(reasons).toEqual(['unknown_call', 'unknown_stream', 'no_reader']);
});

test('a stream has one tap: a second one closes the first', () => {
  const { leg, reports, frames, open, offer } = rig();
  open();

  open(OTHER);
  offer();

  expect(leg.tap?.tap).toBe(OTHER);
  expect(frames().map((frame) => [frame?.kind, frame?.tap])).toEqual([
    ['begin', TAP],
    ['end', TAP],
    ['begin', OTHER],
    ['media', OTHER],
  ]);
  expect(reports.map(({ kind }) => kind)).toEqual(['tap.opened', 'tap.ended', 'tap.opened']);
});

test('an id that is in use cannot be opened again', () => {
  const { reports, open } = rig();

  open();
  open();

  expect(reports.at(-1)).toMatchObject({ kind: 'tap.refused', reason: 'too_many' });
});

test('closing ends a tap once', () => {
  const { board, reports, open, offer, frames } = rig();
  open();

  board.close(TAP);
  board.close(TAP);
  offer();

  expect(frames().map((frame) => frame?.kind)).toEqual(['begin', 'end']);
  expect(reports.filter(({ kind }) => kind === 'tap.ended')).toHaveLength(1);
});

test('when the reader is replaced every tap is over', () => {
  const { leg, writer, board, reports, open } = rig();
  open();

  writer.attach(new BytePipe());

  expect(board.size).toBe(0);
  expect(leg.tap).toBeUndefined();
  expect(reports.at(-1)).toMatchObject({ kind: 'tap.ended', reason: 'reader_gone' });
});
