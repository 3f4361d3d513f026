import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { commitInput, MAX_INPUT_BYTES } from '../../../src/governance/policy/commit-input.ts';
import type { PolicyInput } from '../../../src/model/decision.ts';
import { streamInput } from './fixtures.ts';

const zeros = (sizeBytes: number): Uint8Array => new Uint8Array(sizeBytes);

/** What no typed caller would send. */
const asInput = (value: unknown): PolicyInput => value as PolicyInput;

describe('committing to an input', () => {
  test('the commitment is over exactly the bytes that are evaluated', () => {
    const { bytes, commitment } = commitInput(streamInput(), zeros);

    expect(bytes).toBeDefined();
    expect(commitment).toBe(
      createHmac('sha256', zeros(32))
        .update(bytes ?? '')
        .digest('hex'),
    );
  });

  test('the order in which an input was built does not matter', () => {
    const input = streamInput();
    const reversed = asInput(Object.fromEntries(Object.entries(input).reverse()));

    expect(commitInput(reversed, zeros)).toEqual(commitInput(input, zeros));
  });

  test('the same input has another commitment each time, and its salt is gone', () => {
    const salts: Uint8Array[] = [];
    let next = 1;
    const random = (sizeBytes: number): Uint8Array => {
      const salt = new Uint8Array(sizeBytes).fill(next);
      next += 1;
      salts.push(salt);
      return salt;
    };

    const first = commitInput(streamInput(), random);
    const second = commitInput(streamInput(), random);

    expect(first.bytes).toEqual(second.bytes);
    expect(first.commitment).not.toBe(second.commitment);
    expect(salts.map((salt) => [salt.length, Math.max(...salt)])).toEqual([
      [32, 0],
      [32, 0],
    ]);
  });

  test('the bytes own their memory', () => {
    const { bytes } = commitInput(streamInput(), zeros);

    expect(bytes?.buffer.byteLength).toBe(bytes?.length);
  });

  test.each([null, false, 0, '', [], new Map(), 'text'])('only a plain object is asked about, not %o', (value) => {
    const { bytes, commitment } = commitInput(asInput(value), zeros);

    expect(bytes).toBeUndefined();
    expect(commitment).toMatch(/^[0-9a-f]{64}$/);
  });

  test('an input that is too large, endless or not JSON is not asked about', () => {
    const endless: Record<string, unknown> = {};
    endless['self'] = endless;

    expect(commitInput(streamInput('x'.repeat(MAX_INPUT_BYTES)), zeros).bytes).toBeUndefined();
    expect(commitInput(asInput(endless), zeros).bytes).toBeUndefined();
    expect(commitInput(asInput({ now_ms: Number.NaN }), zeros).bytes).toBeUndefined();
  });
});
