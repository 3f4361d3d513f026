import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, expectTypeOf, test } from 'vitest';
import type { z } from 'zod';
import { packageRoot } from '../../../src/base/package-root.ts';
import { GOLDEN_INPUTS } from '../../../src/governance/policy/golden-inputs.ts';
import { anyInput, describeInputs, inputOf } from '../../../src/governance/policy/input-schema.ts';
import type { PolicyInput } from '../../../src/model/decision.ts';

/** The parts of an input, and the names within each. */
type Parts<Input> = {
  -readonly [Part in keyof Input]-?: NonNullable<Input[Part]> extends object
    ? keyof NonNullable<Input[Part]>
    : NonNullable<Input[Part]>;
};

const folder = join(packageRoot, 'docs', 'policy');

describe('the input of a policy', () => {
  test('authors are shown the shape that use cases send', () => {
    expectTypeOf<Parts<z.infer<typeof anyInput>>>().toEqualTypeOf<Parts<PolicyInput>>();
  });

  test('the published schemas are the ones in the source', () => {
    const published = readdirSync(folder).filter((name) => name.endsWith('.schema.json'));

    expect(published.sort()).toEqual([...describeInputs().keys()].sort());
    for (const [name, text] of describeInputs()) expect(readFileSync(join(folder, name), 'utf8')).toBe(text);
  });

  test.each(['stream', 'release', 'retain', 'emit'] as const)(
    'the golden question for %s is an ordinary one',
    (entrypoint) => {
      expect(inputOf[entrypoint].safeParse(GOLDEN_INPUTS[entrypoint]).error).toBeUndefined();
      expect(anyInput.safeParse(GOLDEN_INPUTS[entrypoint]).success).toBe(true);
    },
  );
});
