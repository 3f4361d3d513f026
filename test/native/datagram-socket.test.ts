/** The border of datagram sockets: whatever is said to it from outside the types is refused, and harms nobody after it. */

import { createSocket, type Socket } from 'node:dgram';
import { afterEach, describe, expect, test } from 'vitest';
import {
  ERRNO_AT,
  loadDatagrams,
  MAX_DATAGRAM_BYTES,
  MEMORY_BYTES,
  RECEIVE_ROW_BYTES,
  RECEIVE_ROWS,
  SEND_BYTES_AT,
  SEND_ROW_BYTES,
  SEND_ROWS,
  SENDS_AT,
  SLOT_BYTES,
  SLOTS_AT,
  TARGET_AT,
  type DatagramExports,
  type DatagramSocket,
} from '../../src/native/datagram-socket.ts';
import { addonUnderTest } from './addon-under-test.ts';

const loaded = loadDatagrams(addonUnderTest<Partial<DatagramExports>>());
const addon = loaded.kind === 'loaded' ? loaded.exports : undefined;
const addons = addon ? [addon] : [];
const made: DatagramSocket[] = [];
const peers: Socket[] = [];

afterEach(() => {
  for (const socket of made.splice(0)) {
    try {
      socket.close();
    } catch {
      // The test closed it.
    }
  }
  for (const peer of peers.splice(0)) peer.close();
});

type OnBatch = (socket: DatagramSocket, rows: number, errno: number) => void;

function make(onBatch: OnBatch = () => undefined, port = 0, family: 4 | 6 = 4): DatagramSocket {
  const address = family === 4 ? '127.0.0.1' : '::1';
  const socket: DatagramSocket = new addon!.DatagramSocket(address, port, family, (rows, errno) =>
    onBatch(socket, rows, errno),
  );
  made.push(socket);
  return socket;
}

function texts(socket: DatagramSocket, rows: number): string[] {
  const words = new Int32Array(socket.memory);
  return Array.from({ length: rows }, (_, row) => {
    const length = words[(row * RECEIVE_ROW_BYTES) / 4]!;
    return Buffer.from(socket.memory, SLOTS_AT + row * SLOT_BYTES, length).toString();
  });
}

/** Lays messages into the rows as `native-datagrams.ts` does. */
function lay(socket: DatagramSocket, messages: readonly string[], toPort: number): void {
  const bytes = Buffer.from(socket.memory);
  const sockaddr = Buffer.from(addon!.readSockaddr('127.0.0.1', 4)!);
  sockaddr.writeUInt16BE(toPort, 2);
  let used = SEND_BYTES_AT;
  for (const [row, text] of messages.entries()) {
    const at = SENDS_AT + row * SEND_ROW_BYTES;
    bytes.writeInt32LE(text.length, at);
    bytes.set(sockaddr, at + TARGET_AT);
    used += bytes.write(text, used);
  }
}

async function listen(): Promise<{ readonly port: number; readonly heard: string[] }> {
  const peer = createSocket('udp4');
  peers.push(peer);
  const heard: string[] = [];
  peer.on('message', (bytes) => heard.push(bytes.toString()));
  await new Promise<void>((resolve) => peer.bind(0, '127.0.0.1', resolve));
  return { port: peer.address().port, heard };
}

describe.each(addons)('a datagram socket', ({ DatagramSocket: Constructor, readSockaddr }) => {
  const construct = Constructor as unknown as new (...values: unknown[]) => unknown;

  test('has a memory as large as the picture of it', () => {
    expect(make().memory.byteLength).toBe(MEMORY_BYTES);
  });

  test('is not made of what is no address, port, family or function', () => {
    const on = (): void => undefined;
    const wrong = [
      [],
      ['127.0.0.1'],
      ['127.0.0.1', 0, 4],
      ['127.0.0.1', 0, 4, {}],
      [1, 0, 4, on],
      ['127.0.0.1', '0', 4, on],
      ['127.0.0.1', -1, 4, on],
      ['127.0.0.1', 65_536, 4, on],
      ['127.0.0.1', 0.5, 4, on],
      ['127.0.0.1', NaN, 4, on],
      ['127.0.0.1', 2 ** 53, 4, on],
      ['127.0.0.1', 0, 5, on],
      ['127.0.0.1', 0, '4', on],
      ['1'.repeat(10_000), 0, 4, on],
      [Symbol(), 0, 4, on],
    ];

    for (const values of wrong) expect(() => new construct(...values)).toThrow(TypeError);
    const call = Constructor as unknown as (this: unknown, ...values: unknown[]) => unknown;
    expect(() => call.call({}, '127.0.0.1', 0, 4, on)).toThrow(TypeError);
    for (const text of ['', 'localhost', '::1', '127.0.0.1\0', '127.0.0.1%lo'])
      expect(() => new construct(text, 0, 4, on)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
  });

  test('is refused by the code of the system where somebody else listens', () => {
    const { port } = make();

    expect(() => make(undefined, port)).toThrow(expect.objectContaining({ code: 'EADDRINUSE' }));
  });

  test('is no other object that its methods are called on', () => {
    const socket = make();
    const others = [undefined, {}, [], Object.create(socket) as object, addon, new Proxy(socket, {})];

    for (const receiver of others) {
      expect(() => socket.flush.call(receiver as DatagramSocket, 0)).toThrow(TypeError);
      expect(() => socket.sourceText.call(receiver as DatagramSocket, 0)).toThrow(TypeError);
      expect(() => socket.close.call(receiver as DatagramSocket)).toThrow(TypeError);
    }
  });

  test('does not flush or name rows that there are not', () => {
    const socket = make();
    const flush = socket.flush.bind(socket) as (...values: unknown[]) => unknown;
    const sourceText = socket.sourceText.bind(socket) as (...values: unknown[]) => unknown;

    expect(() => flush()).toThrow(TypeError);
    expect(() => sourceText()).toThrow(TypeError);
    for (const rows of [-1, SEND_ROWS + 1, 0.5, NaN, Infinity, 2 ** 32, '1', {}, null])
      expect(() => flush(rows)).toThrow(RangeError);
    for (const row of [-1, RECEIVE_ROWS, 0.5, NaN, 2 ** 32, '1', undefined])
      expect(() => sourceText(row)).toThrow(RangeError);
    expect(() => sourceText(0)).toThrow(expect.objectContaining({ code: 'EAFNOSUPPORT' }));
  });

  test('sends nothing at all of rows that are longer than a datagram or than the memory', async () => {
    const { port, heard } = await listen();
    const socket = make();
    const words = new Int32Array(socket.memory);
    for (const length of [-1, -(2 ** 31), MAX_DATAGRAM_BYTES + 1, 2 ** 31 - 1]) {
      lay(socket, ['before', 'wrong'], port);
      words[(SENDS_AT + SEND_ROW_BYTES) / 4] = length;
      expect(() => socket.flush(2)).toThrow(RangeError);
    }
    // Eight of the longest fill the memory but for eight bytes.
    for (let row = 0; row < 9; row++) words[(SENDS_AT + row * SEND_ROW_BYTES) / 4] = MAX_DATAGRAM_BYTES;
    expect(() => socket.flush(9)).toThrow(RangeError);

    lay(socket, ['right'], port);

    expect(socket.flush(1)).toBe(0);
    await expect.poll(() => heard).toEqual(['right']);
  });

  test('says which row did not leave and why, and those behind it leave', async () => {
    const { port, heard } = await listen();
    const socket = make();
    const words = new Int32Array(socket.memory);
    lay(socket, ['one', 'two', 'three'], port);
    // Port 0 is nowhere.
    Buffer.from(socket.memory).writeUInt16BE(0, SENDS_AT + SEND_ROW_BYTES + TARGET_AT + 2);

    const failed = socket.flush(3);

    expect(failed).toBe(1);
    expect([0, 1, 2].map((row) => words[(SENDS_AT + row * SEND_ROW_BYTES + ERRNO_AT) / 4])).toEqual([0, 22, 0]);
    await expect.poll(() => heard).toEqual(['one', 'three']);
  });

  test('sends to no family but its own, whatever the row says', async () => {
    const { port, heard } = await listen();
    const socket = make();
    lay(socket, ['four'], port);
    Buffer.from(socket.memory).writeUInt16LE(0xffff, SENDS_AT + TARGET_AT);

    socket.flush(1);

    await expect.poll(() => heard).toEqual(['four']);
  });

  test('goes on when its memory was given away', async () => {
    const heard: number[] = [];
    const socket = make((_, rows) => heard.push(rows));
    structuredClone(socket.memory, { transfer: [socket.memory] });

    expect(socket.flush(0)).toBe(0);
    const other = make();
    lay(other, ['hello'], socket.port);
    other.flush(1);
    await expect.poll(() => heard).toEqual([1]);
  });

  test('a batch that throws costs itself', async () => {
    const heard: string[] = [];
    const socket = make((self, rows) => {
      heard.push(...texts(self, rows));
      if (heard.length === 1) throw new Error('a bug');
    });
    lay(socket, ['first'], socket.port);
    socket.flush(1);
    await expect.poll(() => heard).toEqual(['first']);

    lay(socket, ['second'], socket.port);
    socket.flush(1);

    await expect.poll(() => heard).toEqual(['first', 'second']);
  });

  test('closed within a batch its port is free at once, and it is refused from then on', async () => {
    const refusals: unknown[] = [];
    const socket = make((self) => {
      self.close();
      make(undefined, self.port);
      for (const method of [() => self.flush(0), () => self.sourceText(0), () => self.close()]) {
        try {
          method();
        } catch (thrown) {
          refusals.push(thrown);
        }
      }
    });
    lay(socket, ['stop', 'and no more'], socket.port);
    socket.flush(2);

    await expect.poll(() => refusals).toMatchObject(Array(3).fill({ code: 'ESHUTDOWN' }));
    expect(new Uint8Array(socket.memory).length).toBe(MEMORY_BYTES);
  });

  test('the same port opens again a hundred times, each time at once', () => {
    const { port } = make();
    made.pop()!.close();

    for (let n = 0; n < 100; n++) {
      expect(make(undefined, port).port).toBe(port);
      made.pop()!.close();
    }
  });

  test('reads literals of a family as sockaddr and nothing else', () => {
    const read = readSockaddr as (...values: unknown[]) => ArrayBuffer | undefined;
    const wrong = [
      [],
      ['127.0.0.1'],
      ['127.0.0.1', 6],
      ['::1', 4],
      ['127.0.0.1', 5],
      ['127.0.0.1', '4'],
      ['127.1', 4],
      ['localhost', 4],
      ['', 4],
      ['127.0.0.1\0', 4],
      ['::1\0', 6],
      ['1'.repeat(10_000), 4],
      [`::1%${'z'.repeat(100)}`, 6],
      [7, 4],
      [{}, 6],
    ];

    for (const values of wrong) expect(read(...values)).toBeUndefined();
    expect([...new Uint8Array(read('192.0.2.1', 4)!)].slice(2, 8)).toEqual([0, 0, 192, 0, 2, 1]);
    expect(Buffer.from(read('2001:db8::1', 6)!).subarray(8, 24).toString('hex')).toBe(
      '20010db8000000000000000000000001',
    );
    // A link-local address is somewhere only with its interface, of which number 1 is the loopback.
    expect(Buffer.from(read('fe80::1%lo', 6)!).readUInt32LE(24)).toBe(1);
  });
});

test('an addon of another build, or none, is refused by a word', () => {
  const other = { DatagramSocket: Map, readSockaddr: () => undefined, datagramLayout: [1, 2, 3] };
  const exports = other as unknown as Partial<DatagramExports>;

  expect(loadDatagrams({ kind: 'loaded', exports })).toEqual({ kind: 'absent', reason: 'OTHER_BUILD' });
  expect(loadDatagrams({ kind: 'loaded', exports: {} })).toEqual({ kind: 'absent', reason: 'OTHER_BUILD' });
  expect(loadDatagrams({ kind: 'absent', reason: 'MODULE_NOT_FOUND' })).toEqual({
    kind: 'absent',
    reason: 'MODULE_NOT_FOUND',
  });
});
