import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeFrame, FrameReader } from '../../src/link/frame.ts';

test('bodies come back whole and in order however the stream was cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 9 })),
      (bodies, cuts) => {
        const stream = Buffer.concat(bodies.map(encodeFrame));
        const reader = new FrameReader({ maxBodyBytes: 64 });
        const received: Buffer[] = [];

        let at = 0;
        for (let turn = 0; at < stream.length; turn += 1) {
          const size = cuts[turn % Math.max(cuts.length, 1)] ?? 3;
          received.push(...reader.push(stream.subarray(at, at + size)).map((body) => Buffer.from(body)));
          at += size;
        }

        expect(received.map((body) => [...body])).toEqual(bodies.map((body) => [...body]));
      },
    ),
  );
});

test('a length above the limit is refused before its body arrives', () => {
  const reader = new FrameReader({ maxBodyBytes: 16 });

  expect(() => reader.push(Buffer.from([0, 0, 0, 17]))).toThrow('larger than its limit');
});
