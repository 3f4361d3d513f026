import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DemoError } from '../../src/demo/error.ts';
import { readWav, writeWav } from '../../src/demo/wav.ts';

const wavs = fc.record({
  sampleRateHz: fc.constantFrom(8000, 16_000, 48_000),
  samples: fc.int16Array({ maxLength: 400 }),
});

test('what was written reads back the same', () => {
  fc.assert(
    fc.property(wavs, (wav) => {
      const read = readWav(writeWav(wav));

      expect(read).toEqual(wav);
    }),
  );
});

test('a file cut anywhere is refused', () => {
  fc.assert(
    fc.property(wavs, fc.nat(), (wav, cut) => {
      const file = writeWav(wav);

      const act = () => readWav(file.subarray(0, cut % file.length));

      expect(act).toThrow(DemoError);
    }),
  );
});

test('any change of the header is refused or read as another valid file, and nothing else is thrown', () => {
  fc.assert(
    fc.property(wavs, fc.nat({ max: 43 }), fc.integer({ min: 0, max: 255 }), (wav, at, byte) => {
      const file = writeWav(wav);
      file[at] = byte;

      expect(outcomeOf(file)).toMatch(/^(read|WAV_INVALID)$/);
    }),
  );
});

test('junk is refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (junk) => {
      expect(outcomeOf(junk)).toBe('WAV_INVALID');
    }),
  );
});

test('an unknown chunk before the samples is skipped', () => {
  const file = writeWav({ sampleRateHz: 8000, samples: Int16Array.of(1, -2, 3) });
  const list = Buffer.from('LIST\x03\x00\x00\x00abc\x00', 'latin1');
  const longer = Buffer.concat([file.subarray(0, 36), list, file.subarray(36)]);
  longer.writeUInt32LE(longer.length - 8, 4);

  expect([...readWav(longer).samples]).toEqual([1, -2, 3]);
});

test('stereo, 8-bit and compressed recordings are refused', () => {
  for (const { at, value } of [
    { at: 22, value: 2 },
    { at: 34, value: 8 },
    { at: 20, value: 7 },
  ]) {
    const file = writeWav({ sampleRateHz: 8000, samples: Int16Array.of(1, 2) });
    file.writeUInt16LE(value, at);

    expect(outcomeOf(file)).toBe('WAV_INVALID');
  }
});

function outcomeOf(file: Uint8Array): string {
  try {
    readWav(file);
    return 'read';
  } catch (thrown) {
    return thrown instanceof DemoError ? thrown.code : String(thrown);
  }
}
