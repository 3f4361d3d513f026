import { expect, test } from 'vitest';
import { loadResampler } from '../../../src/governance/audio/resampler.ts';

const createResampler = await loadResampler();

function tone(rateHz: number, hz: number): Int16Array {
  return Int16Array.from({ length: rateHz / 5 }, (_, i) =>
    Math.round(8000 * Math.sin((2 * Math.PI * hz * i) / rateHz)),
  );
}

function rms(pcm: Int16Array): number {
  return Math.sqrt(pcm.reduce((sum, sample) => sum + sample * sample, 0) / pcm.length);
}

test('as many ms come out as went in, packet by packet', () => {
  const up = createResampler({ fromHz: 8000, toHz: 16_000 });
  const down = createResampler({ fromHz: 16_000, toHz: 8000 });

  for (let n = 0; n < 20; n += 1) {
    expect(up.resample(new Int16Array(160)).length).toBe(320);
    expect(down.resample(new Int16Array(320)).length).toBe(160);
  }
  up.close();
  down.close();
});

test('what was sampled for music comes out at the rates of telephony, to the millisecond', () => {
  for (const toHz of [8000, 16_000] as const) {
    const resampler = createResampler({ fromHz: 44_100, toHz });

    const heard = Array.from({ length: 10 }, () => resampler.resample(new Int16Array(882)).length);
    const tones = resampler.resample(tone(44_100, 1000));

    expect(heard).toEqual(heard.map(() => toHz / 50));
    expect(rms(tones.subarray(400))).toBeGreaterThan(5500);
    resampler.close();
  }
});

test('a tone keeps its level upwards, and what would alias is taken out downwards', () => {
  const up = createResampler({ fromHz: 8000, toHz: 16_000 });
  const down = createResampler({ fromHz: 16_000, toHz: 8000 });

  const heard = up.resample(tone(8000, 1000)).subarray(400);
  const aliased = down.resample(tone(16_000, 6000)).subarray(400);

  expect(rms(heard)).toBeGreaterThan(5500);
  expect(rms(heard)).toBeLessThan(5800);
  expect(rms(aliased)).toBeLessThan(60);
});

test('input longer than its memory is done in parts', () => {
  const up = createResampler({ fromHz: 8000, toHz: 16_000 });

  expect(up.resample(new Int16Array(20_000)).length).toBe(40_000);
});

test('equal rates are the same samples', () => {
  const pcm = Int16Array.of(1, 2, 3);

  expect(createResampler({ fromHz: 8000, toHz: 8000 }).resample(pcm)).toBe(pcm);
});

test('many resamplers may come and go', () => {
  for (let n = 0; n < 2000; n += 1) {
    const resampler = createResampler({ fromHz: 8000, toHz: 16_000 });
    resampler.resample(new Int16Array(160));
    resampler.close();
    resampler.close();
  }
});

test('a closed resampler is not used again', () => {
  const resampler = createResampler({ fromHz: 8000, toHz: 16_000 });
  resampler.close();

  expect(() => resampler.resample(new Int16Array(1))).toThrow();
});
