/** The addon's own border: whatever is said to it from outside the types is refused, and harms no packet after it. */

import { afterEach, describe, expect, test } from 'vitest';
import {
  ARRIVALS_AT,
  loadUdp,
  MEMORY_BYTES,
  SEND_BYTES_AT,
  SEND_SLOTS,
  SENDS_AT,
  SLOT_BYTES,
  WORD,
  type UdpExports,
  type UdpKind,
  type UdpPorts,
} from '../../src/native/udp-port.ts';
import { addonUnderTest } from './addon-under-test.ts';

const loaded = loadUdp(addonUnderTest<Partial<UdpExports>>());
const addon = loaded.kind === 'loaded' ? loaded.exports : undefined;
const kinds = (['io_uring', 'mmsg'] as const).filter(isAllowed);
const made: UdpPorts[] = [];

function isAllowed(kind: UdpKind): boolean {
  try {
    if (addon) new addon.UdpPorts(kind, () => undefined).stop();
    return addon !== undefined;
  } catch {
    return false;
  }
}

afterEach(() => {
  for (const ports of made.splice(0)) {
    try {
      ports.stop();
    } catch {
      // The test stopped it.
    }
  }
});

/** Ports whose batches are kept as text. */
function make(kind: UdpKind, onBatch: (ports: UdpPorts, count: number) => void = () => undefined) {
  const ports: UdpPorts = new addon!.UdpPorts(kind, (count) => onBatch(ports, count));
  made.push(ports);
  return { ports, words: new Int32Array(ports.memory), bytes: Buffer.from(ports.memory) };
}

function texts(ports: UdpPorts, count: number): string[] {
  const words = new Int32Array(ports.memory);
  return Array.from({ length: count }, (_, n) => {
    const [, length = 0, at = 0] = words.subarray(ARRIVALS_AT / 4 + 8 * n);
    return Buffer.from(ports.memory, at, length).toString();
  });
}

/** Puts a packet into the next slot as `native-port.ts` does. */
function say(ports: UdpPorts, text: string, { from, to }: { readonly from: number; readonly to: number }): void {
  const words = new Int32Array(ports.memory);
  const slot = words[WORD.queued / 4]!;
  const at = SENDS_AT + slot * SLOT_BYTES;
  words.set([from, text.length, ...new Int32Array(addon!.readAddress('127.0.0.1', to, 4)!)], at / 4);
  Buffer.from(ports.memory).write(text, at + SEND_BYTES_AT);
  words[WORD.queued / 4] = slot + 1;
}

describe.each(kinds)('%s', (kind) => {
  test('the memory is as large as the picture of it', () => {
    expect(make(kind).ports.memory.byteLength).toBe(MEMORY_BYTES);
  });

  test('what is no address, port, family or open port is refused by a code', () => {
    const { ports } = make(kind);
    const open = ports.open.bind(ports) as (...values: unknown[]) => unknown;
    const close = ports.close.bind(ports) as (...values: unknown[]) => unknown;
    const wrong = [[], ['127.0.0.1'], [1, 2, 4], ['127.0.0.1', '0', 4], ['127.0.0.1', 0, 5], [{}, 0, 4]];

    for (const values of wrong) expect(() => open(...values)).toThrow(TypeError);
    for (const port of [-1, 65_536, 2 ** 31]) expect(() => open('127.0.0.1', port, 4)).toThrow();
    for (const text of ['', 'localhost', '::1', '127.0.0.1\0', '1'.repeat(10_000)])
      expect(() => open(text, 0, 4)).toThrow();
    for (const index of [undefined, -1, 0, 1, 2 ** 31, NaN, '0']) expect(() => close(index)).toThrow();
  });

  test('a method called on another object is refused', () => {
    const { ports } = make(kind);

    for (const receiver of [undefined, {}, [], Object.create(ports) as object, addon]) {
      expect(() => ports.flush.call(receiver as UdpPorts)).toThrow(TypeError);
    }
  });

  test('a count of sends beyond the slots, and slots of nonsense, send nothing and fault nothing', async () => {
    const heard: string[] = [];
    const { ports, words } = make(kind, (self, count) => heard.push(...texts(self, count)));
    const [index, port] = ports.open('127.0.0.1', 0, 4);
    for (const queued of [-1, -(2 ** 31), 2 ** 31 - 1, SEND_SLOTS + 1]) {
      words[WORD.queued / 4] = queued;
      ports.flush();
    }
    for (const [from, length] of [
      [-1, 5],
      [7, 5],
      [2 ** 31 - 1, 5],
      [index, -1],
      [index, 0],
      [index, SLOT_BYTES],
    ]) {
      say(ports, 'wrong', { from: from!, to: port });
      words[SENDS_AT / 4 + 1] = length!;
      ports.flush();
    }
    say(ports, 'right', { from: index, to: port });
    ports.flush();

    await expect.poll(() => heard).toEqual(['right']);
    expect(words[WORD.queued / 4]).toBe(0);
    expect(words[WORD.faults / 4]).toBe(0);
  });

  test('what waits to leave by a port that is closed does not leave by the next one of its number', async () => {
    const heard: string[] = [];
    const { ports } = make(kind, (self, count) => heard.push(...texts(self, count)));
    const [, listening] = ports.open('127.0.0.1', 0, 4);
    const [first] = ports.open('127.0.0.1', 0, 4);
    say(ports, 'too late', { from: first, to: listening });
    ports.close(first);

    const [second] = ports.open('127.0.0.1', 0, 4);
    say(ports, 'in time', { from: second, to: listening });
    ports.flush();

    expect(second).toBe(first);
    await expect.poll(() => heard).toEqual(['in time']);
  });

  test('a batch that throws costs itself, and is counted', async () => {
    let calls = 0;
    const { ports, words } = make(kind, () => {
      calls += 1;
      if (calls === 1) throw new Error('a bug');
    });
    const [index, port] = ports.open('127.0.0.1', 0, 4);
    say(ports, 'first', { from: index, to: port });
    ports.flush();
    await expect.poll(() => words[WORD.faults / 4]).toBe(1);

    say(ports, 'second', { from: index, to: port });
    ports.flush();

    await expect.poll(() => calls).toBe(2);
  });

  test('a datagram that does not fit into a slot is counted and its neighbours arrive', async () => {
    const heard: string[] = [];
    const { ports, words } = make(kind, (self, count) => heard.push(...texts(self, count)));
    const [index, port] = ports.open('127.0.0.1', 0, 4);
    say(ports, 'x'.repeat(SLOT_BYTES - SEND_BYTES_AT), { from: index, to: port });
    say(ports, 'fits', { from: index, to: port });
    ports.flush();

    await expect.poll(() => heard).toEqual(['fits']);
    expect(words[WORD.tooLong / 4]).toBe(1);
  });

  test('stopped within a batch, it ends after it, and is refused from then on', async () => {
    let refusal: unknown;
    const { ports } = make(kind, (self) => {
      self.stop();
      try {
        self.flush();
      } catch (thrown) {
        refusal = thrown;
      }
    });
    const [index, port] = ports.open('127.0.0.1', 0, 4);
    say(ports, 'stop', { from: index, to: port });
    ports.flush();

    await expect.poll(() => refusal).toMatchObject({ code: 'ESHUTDOWN' });
    expect(() => ports.open('127.0.0.1', port, 4)).toThrow(/stopped/);
    expect(new Uint8Array(ports.memory).length).toBe(MEMORY_BYTES);
    expect(make(kind).ports.open('127.0.0.1', port, 4)[1]).toBe(port);
  });

  test('the same port opens again a thousand times, each time at once', () => {
    const { ports } = make(kind);
    const [index, port] = ports.open('127.0.0.1', 0, 4);
    ports.close(index);

    for (let n = 0; n < 1000; n++) ports.close(ports.open('127.0.0.1', port, 4)[0]);

    expect(ports.open('127.0.0.1', port, 4)).toEqual([index, port]);
  });
});

test('the class asks for a kind it knows and a function', () => {
  const construct = addon?.UdpPorts as unknown as new (...values: unknown[]) => unknown;
  const wrong = addon ? [[], ['io_uring'], ['mmsg', {}], ['dgram', () => undefined], [7, () => undefined]] : [];

  for (const values of wrong) expect(() => new construct(...values)).toThrow(/a kind and a function/);
});

test('an addon of another build, or none, is refused by a word', () => {
  const other = { UdpPorts: Map, readAddress: () => undefined, udpLayout: [1, 2, 3] };
  const exports = other as unknown as Partial<UdpExports>;

  expect(loadUdp({ kind: 'loaded', exports })).toEqual({ kind: 'absent', reason: 'OTHER_BUILD' });
  expect(loadUdp({ kind: 'loaded', exports: {} })).toEqual({ kind: 'absent', reason: 'OTHER_BUILD' });
  expect(loadUdp({ kind: 'absent', reason: 'MODULE_NOT_FOUND' })).toEqual({
    kind: 'absent',
    reason: 'MODULE_NOT_FOUND',
  });
});
