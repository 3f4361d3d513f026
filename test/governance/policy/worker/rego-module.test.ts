import { describe, expect, test } from 'vitest';
import { readBundle } from '../../../../src/governance/policy/bundle.ts';
import { ModuleError, RegoModule } from '../../../../src/governance/policy/worker/rego-module.ts';
import { fixtureBundle } from '../fixtures.ts';

const DATA = Buffer.from('{}');
const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
/** One type, `() -> ()`. */
const TYPES = [0x01, 0x04, 0x01, 0x60, 0x00, 0x00];

function section(id: number, body: readonly number[]): number[] {
  return [id, body.length, ...body];
}

function name(text: string): number[] {
  return [text.length, ...Buffer.from(text)];
}

function imports(...entries: number[][]): number[] {
  return section(0x02, [entries.length, ...entries.flat()]);
}

const memoryImport = [...name('env'), ...name('memory'), 0x02, 0x00, 0x01];

function refusal(wasm: Uint8Array, data: Uint8Array = DATA): string {
  try {
    new RegoModule(wasm, data);
    return 'no refusal';
  } catch (thrown) {
    return thrown instanceof ModuleError ? thrown.code : `not coded: ${String(thrown)}`;
  }
}

describe('a policy module', () => {
  test.each([
    ['nothing', []],
    ['a header alone that is cut short', HEADER.slice(0, 6)],
    ['noise', [1, 2, 3, 4, 5, 6, 7, 8]],
  ])('%s is not a module', (_, bytes) => {
    expect(refusal(Uint8Array.from(bytes))).toBe('MODULE_INVALID');
  });

  test('one that brings its own memory is refused: its size could not be limited', () => {
    const ownMemory = section(0x05, [0x01, 0x00, 0x01]);

    expect(refusal(Uint8Array.from([...HEADER, ...ownMemory]))).toBe('IMPORT_FORBIDDEN');
  });

  test('one that imports what no policy needs is refused', () => {
    const stranger = imports(memoryImport, [...name('env'), ...name('opa_println'), 0x00, 0x00]);
    const elsewhere = imports(memoryImport, [...name('wasi'), ...name('opa_abort'), 0x00, 0x00]);

    expect(refusal(Uint8Array.from([...HEADER, ...TYPES, ...stranger]))).toBe('IMPORT_FORBIDDEN');
    expect(refusal(Uint8Array.from([...HEADER, ...TYPES, ...elsewhere]))).toBe('IMPORT_FORBIDDEN');
  });

  test('one without the exports of the interface is refused', () => {
    expect(refusal(Uint8Array.from([...HEADER, ...imports(memoryImport)]))).toBe('MODULE_INVALID');
  });

  test('one that wants the time from its host is refused', async () => {
    const { wasm, data } = await readBundle(fixtureBundle('reaching'));

    expect(refusal(wasm, data)).toBe('BUILTIN_FORBIDDEN');
  });

  test.each(['', '[]', 'null', '{', '7'])('a data document that is no object is refused: %o', async (text) => {
    const { wasm } = await readBundle(fixtureBundle('wayward'));

    expect(refusal(wasm, Buffer.from(text))).toBe('DATA_INVALID');
  });
});
