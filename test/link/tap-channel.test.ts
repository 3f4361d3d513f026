import { expect, test } from 'vitest';
import type { StreamId, TapId } from '../../src/base/ids.ts';
import { encodeFrame, FrameReader } from '../../src/link/frame.ts';
import { readTapSocket, TapWriter } from '../../src/link/tap-channel.ts';
import { decodeTapFrame, encodeTapFrame, type TapFrame } from '../../src/link/tap-frame.ts';
import { BytePipe, settle } from './byte-pipe.ts';

const TAP = `t_${'1'.repeat(32)}` as TapId;
const OTHER = `t_${'2'.repeat(32)}` as TapId;
const STREAM = `s_${'1'.repeat(32)}` as StreamId;

const begin = (tap: TapId): TapFrame => ({ kind: 'begin', tap, stream: STREAM, streamStartUs: 5 });
const end = (tap: TapId): TapFrame => ({ kind: 'end', tap });

function media(arrivalUs: number, tap: TapId = TAP, sizeBytes = 160): TapFrame {
  const numbers = { ssrc: 7, extendedSequence: arrivalUs, rtpTimestamp: 0, payloadType: 0 };
  return { kind: 'media', tap, arrivalUs, ...numbers, payload: Buffer.alloc(sizeBytes) };
}

/** A writer whose pump runs at once, with its reader's end. */
function connected() {
  const gone: string[] = [];
  const writer = new TapWriter({ onReaderGone: () => gone.push('gone'), soon: (task) => task() });
  const pipe = new BytePipe();
  writer.attach(pipe);
  return { writer, pipe, gone };
}

function framesOf(bytes: Buffer): (TapFrame | undefined)[] {
  return new FrameReader({ maxBodyBytes: 4096 }).push(bytes).map(decodeTapFrame);
}

function briefly(frame: TapFrame | undefined): string {
  switch (frame?.kind) {
    case 'media':
      return `media ${frame.arrivalUs}`;
    case 'dropped':
      return `dropped ${frame.count} ${frame.fromUs}-${frame.toUs}`;
    default:
      return frame?.kind ?? 'malformed';
  }
}

test('frames reach the reader in the order they were sent', () => {
  const { writer, pipe } = connected();

  for (const frame of [begin(TAP), media(1), media(2), end(TAP)]) writer.send(frame);

  expect(framesOf(pipe.taken()).map(briefly)).toEqual(['begin', 'media 1', 'media 2', 'end']);
});

test('without a reader nothing is kept', () => {
  const writer = new TapWriter({ onReaderGone: () => undefined, soon: (task) => task() });
  const pipe = new BytePipe();

  writer.send(media(1));
  writer.attach(pipe);
  writer.send(media(2));

  expect(framesOf(pipe.taken()).map(briefly)).toEqual(['media 2']);
});

test('a slow reader loses the oldest media, is told how much and when, and loses no mark', async () => {
  const { writer, pipe } = connected();
  pipe.stall();
  writer.send(begin(TAP));
  for (let arrivalUs = 1; arrivalUs <= 3000; arrivalUs++) writer.send(media(arrivalUs));
  writer.send(end(TAP));

  const dropped = writer.droppedOf(TAP);
  pipe.resumeReading();
  await settle();

  const told = framesOf(pipe.taken()).map(briefly);
  expect(dropped).toBeGreaterThan(900);
  const at = told.findIndex((line) => line.startsWith('dropped'));
  expect(told[0]).toBe('begin');
  expect(told.at(-1)).toBe('end');
  expect(told[at]).toBe(`dropped ${dropped} ${at}-${at + dropped - 1}`);
  expect(told[at + 1]).toBe(`media ${at + dropped}`);
  expect(told.filter((line) => line.startsWith('media'))).toHaveLength(3000 - dropped);
});

test('what waits is bounded in bytes too', () => {
  const { writer, pipe } = connected();
  pipe.stall();

  for (let arrivalUs = 1; arrivalUs <= 1500; arrivalUs++) writer.send(media(arrivalUs, TAP, 4000));

  expect(1500 - writer.droppedOf(TAP)).toBeLessThanOrEqual((2 * 1024 * 1024) / 4000 + 3);
  expect(pipe.writableLength).toBeLessThan(10_000);
});

test('losses of one tap are told before its own next frame, not before those of another', async () => {
  const { writer, pipe } = connected();
  pipe.stall();
  for (let arrivalUs = 1; arrivalUs <= 2200; arrivalUs++) writer.send(media(arrivalUs));
  writer.send(media(9001, OTHER));
  writer.send(end(OTHER));

  pipe.resumeReading();
  await settle();

  const frames = framesOf(pipe.taken());
  expect(frames.filter((frame) => frame?.kind === 'dropped').map((frame) => frame.tap)).toEqual([TAP]);
  expect(frames.slice(-2).map(briefly)).toEqual(['media 9001', 'end']);
});

test('losses are told at the end of a tap when no media of it is left', async () => {
  const { writer, pipe } = connected();
  pipe.stall();
  for (let arrivalUs = 1; arrivalUs <= 10; arrivalUs++) writer.send(media(arrivalUs));
  for (let arrivalUs = 1; arrivalUs <= 2100; arrivalUs++) writer.send(media(arrivalUs, OTHER));
  writer.send(end(TAP));

  pipe.resumeReading();
  await settle();

  const ofTap = framesOf(pipe.taken()).filter((frame) => frame?.tap === TAP);
  expect(ofTap.slice(-2).map((frame) => frame?.kind)).toEqual(['dropped', 'end']);
});

test('a reader that is too slow even for marks is disconnected, and its taps are over', () => {
  const { writer, pipe, gone } = connected();
  pipe.stall();

  for (let count = 0; count < 8500; count++) writer.send(begin(TAP));

  expect(gone).toEqual(['gone']);
  expect(pipe.destroyed).toBe(true);
  expect(writer.hasReader).toBe(false);
});

test('a new reader replaces the old one and gets nothing that was meant for it', () => {
  const { writer, pipe, gone } = connected();
  pipe.stall();
  for (let arrivalUs = 1; arrivalUs <= 50; arrivalUs++) writer.send(media(arrivalUs));
  const next = new BytePipe();

  writer.attach(next);
  writer.send(begin(OTHER));

  expect(gone).toEqual(['gone']);
  expect(pipe.destroyed).toBe(true);
  expect(framesOf(next.taken()).map(briefly)).toEqual(['begin']);
  expect(writer.droppedOf(TAP)).toBe(0);
});

test('a reader that hangs up is noticed once', async () => {
  const { writer, pipe, gone } = connected();

  pipe.destroy();
  await settle();
  writer.send(media(1));

  expect(gone).toEqual(['gone']);
  expect(writer.hasReader).toBe(false);
});

test('what a reader says is ignored', async () => {
  const { writer, pipe } = connected();

  pipe.push(Buffer.alloc(5000));
  await settle();
  writer.send(media(1));

  expect(framesOf(pipe.taken()).map(briefly)).toEqual(['media 1']);
});

test('the reading side gives frames out whole, however they were cut', async () => {
  const pipe = new BytePipe();
  const read: string[] = [];
  readTapSocket(pipe, { onFrame: (frame) => read.push(briefly(frame)), onEnd: (reason) => read.push(reason) });
  const bytes = Buffer.concat([begin(TAP), media(1), end(TAP)].map((frame) => encodeFrame(encodeTapFrame(frame))));

  for (let at = 0; at < bytes.length; at += 7) pipe.push(bytes.subarray(at, at + 7));
  await settle();

  expect(read).toEqual(['begin', 'media 1', 'end']);
});

test('the reading side hangs up on a frame that is none, and on one that is too large', async () => {
  for (const junk of [encodeFrame(Buffer.from('not a tap frame at all')), Buffer.from([0xff, 0, 0, 0, 1])]) {
    const pipe = new BytePipe();
    const read: string[] = [];
    readTapSocket(pipe, { onFrame: (frame) => read.push(briefly(frame)), onEnd: (reason) => read.push(reason) });

    pipe.push(Buffer.concat([encodeFrame(encodeTapFrame(media(1))), junk]));
    pipe.push(encodeFrame(encodeTapFrame(media(2))));
    await settle();

    expect(read.at(-1)).toBe('malformed');
    expect(read).not.toContain('media 2');
    expect(pipe.destroyed).toBe(true);
  }
});
