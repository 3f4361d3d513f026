import { expect, test } from 'vitest';
import { PayloadTable } from '../../../../src/call/media/worker/payload-table.ts';

test('what SDP said of a payload type holds, the first word of it, and the usual where it said nothing', () => {
  const table = new PayloadTable([
    { payloadType: 9, encoding: 'G722', clockRateHz: 8000 },
    { payloadType: 96, encoding: 'other', clockRateHz: 48_000 },
    { payloadType: 101, encoding: 'telephone-event', clockRateHz: 16_000 },
    { payloadType: 101, encoding: 'PCMU', clockRateHz: 8000 },
  ]);

  expect([9, 96, 101, 0, 13].map((type) => table.isAudio(type))).toEqual([true, true, false, true, false]);
  expect([101, 96].map((type) => table.isDtmf(type))).toEqual([true, false]);
  expect([96, 101, 55].map((type) => table.clockRateHz(type))).toEqual([48_000, 16_000, 8000]);
});

test('13 is comfort noise unless SDP gives it to something else', () => {
  const table = new PayloadTable([{ payloadType: 13, encoding: 'PCMA', clockRateHz: 8000 }]);

  expect(table.isAudio(13)).toBe(true);
});

test('what cannot be a payload type or a clock is passed over', () => {
  const table = new PayloadTable([
    { payloadType: -1, encoding: 'telephone-event', clockRateHz: 8000 },
    { payloadType: 300, encoding: 'telephone-event', clockRateHz: 8000 },
    { payloadType: 97, encoding: 'other', clockRateHz: 0 },
  ]);

  expect([300, -1].some((type) => table.isDtmf(type))).toBe(false);
  expect(table.clockRateHz(97)).toBe(8000);
});
