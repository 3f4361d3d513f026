import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StreamId, TapId } from '../../src/base/ids.ts';
import { decodeTapFrame, encodeTapFrame, type TapFrame } from '../../src/link/tap-frame.ts';

const hex32 = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const tap = hex32.map((hex) => `t_${hex}` as TapId);
const micros = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });

const frame: fc.Arbitrary<TapFrame> = fc.oneof(
  fc.record({
    kind: fc.constant('begin' as const),
    tap,
    stream: hex32.map((hex) => `s_${hex}` as StreamId),
    streamStartUs: micros,
  }),
  fc.record({
    kind: fc.constant('media' as const),
    tap,
    arrivalUs: micros,
    ssrc: uint32,
    extendedSequence: micros,
    rtpTimestamp: uint32,
    payloadType: fc.integer({ min: 0, max: 127 }),
    payload: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  }),
  fc.record({ kind: fc.constant('dropped' as const), tap, count: uint32, fromUs: micros, toUs: micros }),
  fc.record({ kind: fc.constant('end' as const), tap }),
);

test('every frame means the same on the other side', () => {
  fc.assert(
    fc.property(frame, (sent) => {
      expect(decodeTapFrame(encodeTapFrame(sent))).toEqual(sent);
    }),
  );
});

test('bytes that are no frame are told apart, whatever they are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const read = decodeTapFrame(Buffer.from(bytes));

      if (read !== undefined) expect([1, 2, 3, 4]).toContain(bytes[0]);
    }),
  );
  expect(decodeTapFrame(Buffer.alloc(3))).toBeUndefined();
  expect(decodeTapFrame(Buffer.alloc(64, 9))).toBeUndefined();
});
