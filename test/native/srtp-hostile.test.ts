/** The addon's SRTP functions called with everything they must not believe. None of it may read or write out of bounds. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SrtpExports } from '../../src/native/srtp-transforms.ts';
import { requirePeer } from '../peers/require-peer.ts';
import { addonUnderTest } from './addon-under-test.ts';

const loaded = addonUnderTest<SrtpExports>();
const addon = loaded.kind === 'loaded' ? loaded.exports : undefined;
/** Built by bootstrap where there is a compiler. */
const isMissing = requirePeer('c++') === undefined || addon === undefined;
const NONE = Buffer.alloc(0);
/** Sizes of AES_CM_128_HMAC_SHA1_80 and of AEAD_AES_256_GCM. */
const COUNTER = [16, 14, 20, 10] as const;
const GCM = [32, 12, 0, 16] as const;

function create(sizes: Sizes, mki = NONE): number {
  return addon!.createSrtp(...sizes, Buffer.alloc(2 * (sizes[0] + sizes[1] + sizes[2]), 3), mki);
}

/** Functions as JavaScript sees them, of any arguments, by how many they take. */
const ARGUMENTS = { createSrtp: 6, openSrtp: 4, sealSrtp: 5, openSrtcp: 2, sealSrtcp: 4, releaseSrtp: 1 } as const;
type Sizes = readonly [number, number, number, number];
type Callable = (...any: readonly unknown[]) => unknown;
const ours = (Object.keys(ARGUMENTS) as (keyof typeof ARGUMENTS)[]).map((name) => ({
  call: (addon as unknown as Readonly<Record<typeof name, Callable>> | undefined)?.[name] ?? (() => undefined),
  count: ARGUMENTS[name],
}));

test.skipIf(isMissing)('a context is made for the sizes of our suites and for no others', () => {
  for (const sizes of [COUNTER, GCM, [32, 14, 20, 4], [16, 12, 0, 16]] as const) {
    addon!.releaseSrtp(create(sizes));
  }
  const wrong: readonly Sizes[] = [
    [24, 14, 20, 10],
    [16, 14, 20, 16],
    [16, 12, 20, 10],
    [16, 12, 0, 8],
    [0, 14, 20, 10],
    [2 ** 31, 14, 20, 10],
    [16, 2 ** 32 - 1, 20, 10],
    [16, 14, 0, 10],
  ];
  for (const sizes of wrong) {
    expect(() => addon!.createSrtp(...sizes, Buffer.alloc(100), NONE)).toThrow('no suite has keys of these sizes');
  }
  for (const keysBytes of [0, 99, 101]) {
    expect(() => addon!.createSrtp(...COUNTER, Buffer.alloc(keysBytes), NONE)).toThrow(RangeError);
  }
  expect(() => create(COUNTER, Buffer.alloc(129))).toThrow(RangeError);
});

test.skipIf(isMissing)('a context that was released is not found, nor is one that takes its place', () => {
  const first = create(COUNTER);
  addon!.releaseSrtp(first);
  addon!.releaseSrtp(first);
  const second = create(GCM);

  expect(second).not.toBe(first);
  expect(() => addon!.openSrtp(first, Buffer.alloc(200), 12, 0)).toThrow('there is no such context');
  expect(addon!.openSrtp(second, Buffer.alloc(200), 12, 0)).toBe(false);
  addon!.releaseSrtp(second);
});

test.skipIf(isMissing)('a thousand contexts live and end side by side', () => {
  const contexts = Array.from({ length: 1000 }, (_, at) => create(at % 2 === 0 ? COUNTER : GCM));
  for (const context of contexts.filter((_, at) => at % 3 === 0)) addon!.releaseSrtp(context);

  const again = Array.from({ length: 400 }, () => create(COUNTER));

  expect(new Set([...contexts, ...again]).size).toBe(1400);
  for (const context of [...contexts, ...again]) addon!.releaseSrtp(context);
});

test.skipIf(isMissing)('sizes that do not fit the bytes are refused, and no byte is changed', () => {
  const sizes = fc.nat(300);
  const wild = fc.oneof(sizes, fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.constantFrom(2 ** 32 - 1, 2 ** 31, 65_535));
  for (const context of [create(COUNTER), create(GCM), create(GCM, Buffer.alloc(128, 1))]) {
    fc.assert(
      fc.property(sizes, wild, wild, wild, (capacity, size, header, number) => {
        const bytes = Buffer.alloc(capacity, 0x80);
        const before = Buffer.from(bytes);

        if (addon!.sealSrtp(context, bytes, size, header, number)) {
          expect(size < capacity && header >= 12 && header <= size).toBe(true);
          expect(bytes.subarray(0, header)).toEqual(before.subarray(0, header));
        } else expect(bytes).toEqual(before);

        const other = Buffer.alloc(capacity, 0x80);
        if (addon!.sealSrtcp(context, other, size, number)) expect(size).toBeLessThan(capacity);
        else expect(other).toEqual(before);

        expect(addon!.openSrtp(context, before, header, number)).toBe(false);
        expect(addon!.openSrtcp(context, before)).toBe(false);
        expect(before.every((byte) => byte === 0x80)).toBe(true);
      }),
    );
    addon!.releaseSrtp(context);
  }
});

test.skipIf(isMissing)('packets longer than UDP carries are refused', () => {
  const context = create(GCM);
  const bytes = Buffer.alloc(70_000, 0x80);

  expect(addon!.sealSrtp(context, bytes, 65_536, 12, 0)).toBe(false);
  expect(addon!.sealSrtcp(context, bytes, 65_536, 0)).toBe(false);
  expect(addon!.openSrtp(context, bytes, 12, 0)).toBe(false);
  expect(addon!.openSrtcp(context, bytes)).toBe(false);
  addon!.releaseSrtp(context);
});

test.skipIf(isMissing)('arguments that are not what they must be throw, whatever they are', () => {
  const context = create(COUNTER);
  const detached = new Uint8Array(64);
  structuredClone(detached, { transfer: [detached.buffer] });
  const strange: unknown[] = [
    undefined,
    null,
    'packet',
    {},
    [],
    Symbol.iterator,
    1n,
    Number.NaN,
    -1,
    1.5,
    2 ** 32,
    Number.POSITIVE_INFINITY,
    new Float64Array(8),
    new Uint16Array(40),
    new ArrayBuffer(64),
    new DataView(new ArrayBuffer(64)),
    new Proxy(new Uint8Array(64), {}),
    () => context,
  ];

  for (const value of strange) {
    for (const { call, count } of ours) {
      expect(() => call(...Array.from({ length: count }, () => value))).toThrow(TypeError);
      expect(() => call(...Array.from({ length: count + 1 }, () => value))).toThrow(TypeError);
    }
    expect(() => addon!.openSrtp(context, value as Buffer, 12, 0)).toThrow(TypeError);
    expect(() => addon!.sealSrtcp(context, value as Buffer, 12, 0)).toThrow(TypeError);
  }
  for (const { call } of ours) expect(() => call()).toThrow(TypeError);
  expect(addon!.openSrtp(context, detached, 12, 0)).toBe(false);
  expect(addon!.sealSrtp(context, detached, 40, 12, 0)).toBe(false);
  addon!.releaseSrtp(context);
});

test.skipIf(isMissing)('any bytes whatever are refused without a throw', () => {
  const contexts = [create(COUNTER), create(GCM)];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(300), fc.nat(), (packet, header, roc) => {
      for (const context of contexts) {
        expect(addon!.openSrtp(context, packet, header, roc)).toBe(false);
        expect(addon!.openSrtcp(context, packet)).toBe(false);
      }
    }),
  );
  for (const context of contexts) addon!.releaseSrtp(context);
});
