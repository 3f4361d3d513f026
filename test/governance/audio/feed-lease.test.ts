import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/base/clock.ts';
import { Feed } from '../../../src/governance/audio/feed.ts';
import { ENDPOINT, leaseWindow, RecordingProcessor } from './words.ts';

/** What a test may do to a feed; all of it in any order. */
const step = fc.oneof(
  {
    weight: 24,
    arbitrary: fc.record({ kind: fc.constant('speak' as const), lengthMs: fc.integer({ min: 1, max: 60 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('pause' as const), lengthMs: fc.integer({ min: 1, max: 400 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('extend' as const),
      moreMs: fc.integer({ min: -100, max: 300 }),
      moreBytes: fc.integer({ min: -500, max: 4000 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 1500 }) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('accept' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('break' as const, 'fill' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('empty' as const, 'tap.open' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('end' as const, 'revoke' as const, 'tap.close' as const) }),
  },
);

test('no byte is ever written that tap and lease do not both cover, and the account is what was written', () => {
  let writtenBytes = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
      const clock = new ManualClock();
      const processor = new RecordingProcessor();
      const window = leaseWindow({ fromMs: 100, throughMs: 600, maxBytes: 6000 });
      const feed = new Feed({
        window,
        endpoint: ENDPOINT,
        openAudio: processor.open,
        clock,
        handlers: {
          onOpened: () => undefined,
          onRecognition: () => undefined,
          onOversize: () => undefined,
          onGap: () => undefined,
          onDown: () => undefined,
          onFinished: () => undefined,
        },
        limits: { maxBytes: 8000, maxAgeMs: 5000 },
      });
      let { throughMs, maxBytes } = window;
      let isTapOpen = true;
      let closedBytes: number | undefined;
      let positionMs = 0;
      const spans: { startMs: number; endMs: number }[] = [];
      // Each chunk carries its own number, so that what arrives can be looked up; silence is all zeros.
      processor.onAudio = (pcm) => {
        const number = Buffer.from(pcm).readInt16LE(0);
        const span = spans[number - 1];
        expect(closedBytes).toBeUndefined();
        expect(isTapOpen).toBe(true);
        expect(processor.receivedBytes + pcm.length).toBeLessThanOrEqual(maxBytes);
        if (!span) return;
        expect(span.startMs).toBeGreaterThanOrEqual(window.fromMs);
        expect(span.endMs).toBeLessThanOrEqual(throughMs);
      };
      feed.openTap();

      for (const act of steps) {
        switch (act.kind) {
          case 'speak': {
            spans.push({ startMs: positionMs, endMs: positionMs + act.lengthMs });
            const pcm = new Int16Array(act.lengthMs * 8).fill(spans.length);
            feed.offer({ startMs: positionMs, endMs: positionMs + act.lengthMs, pcm });
            positionMs += act.lengthMs;
            break;
          }
          case 'pause':
            feed.offerPause(positionMs, positionMs + act.lengthMs);
            positionMs += act.lengthMs;
            break;
          case 'extend':
            throughMs = Math.max(0, throughMs + act.moreMs);
            maxBytes = Math.max(0, maxBytes + act.moreBytes);
            if (processor.receivedBytes > maxBytes) maxBytes = processor.receivedBytes;
            feed.extend(throughMs, maxBytes);
            break;
          case 'wait':
            clock.advance(act.ms);
            feed.tick();
            break;
          case 'accept':
            processor.connections.at(-1)?.handlers.onOpen();
            break;
          case 'break':
            processor.connections.at(-1)?.handlers.onEnd('error');
            break;
          case 'fill':
          case 'empty':
            for (const connection of processor.connections) connection.isFull = act.kind === 'fill';
            break;
          case 'tap.close':
            feed.closeTap();
            isTapOpen = false;
            break;
          case 'tap.open':
            isTapOpen = true;
            feed.openTap();
            break;
          case 'end':
          case 'revoke':
            closedBytes ??= feed.close(act.kind === 'end' ? 'end' : 'revoked').bytes;
            break;
        }
        expect(feed.use.bytes).toBe(processor.receivedBytes);
        if (closedBytes !== undefined) expect(processor.receivedBytes).toBe(closedBytes);
      }
      writtenBytes += processor.receivedBytes;
    }),
    { numRuns: 400 },
  );

  // It was about something: thousands of bytes a run were written.
  expect(writtenBytes).toBeGreaterThan(400 * 1000);
});
