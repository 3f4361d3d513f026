/** What every kind of UDP listener does alike, on real sockets. The addon's is tried where it is built. */

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDgramPort } from '../../../src/call/signaling/dgram-port.ts';
import { openUdpPort } from '../../../src/call/signaling/datagram-port.ts';
import { openNativePort } from '../../../src/call/signaling/native-datagrams.ts';
import type { OpenPort, OpenPortOptions } from '../../../src/call/signaling/open-port.ts';
import type { Remote, SipPort } from '../../../src/call/signaling/transport/sip-port.ts';
import { loadDatagrams, type DatagramExports } from '../../../src/native/datagram-socket.ts';
import { addonUnderTest } from '../../native/addon-under-test.ts';

const LOOPBACK = { 4: '127.0.0.1', 6: '::1' } as const;
/** What UDP over IPv4 can carry. */
const MOST_BYTES = 65_507;

const addon = loadDatagrams(addonUnderTest<Partial<DatagramExports>>());
const openAddonPort: OpenPort = (options) =>
  new Promise((resolve, reject) => {
    if (addon.kind === 'loaded') resolve(openNativePort(addon.exports, options));
    else reject(new Error(addon.reason));
  });
const kinds: [string, OpenPort][] = [
  ['node:dgram', openDgramPort],
  ['whatever is chosen', openUdpPort],
];
if (addon.kind === 'loaded') kinds.push(['the addon', openAddonPort]);

const closing: (() => unknown)[] = [];
const errors: string[] = [];

beforeEach(() => {
  errors.length = 0;
});

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** The other end: what it hears it may answer, and it never loses what the kernel took. */
async function peer(family: 4 | 6 = 4): Promise<{ socket: Socket; heard: Buffer[]; at: Remote }> {
  const socket = createSocket({ type: family === 4 ? 'udp4' : 'udp6', recvBufferSize: 4 * 1024 * 1024 });
  const heard: Buffer[] = [];
  socket.on('message', (bytes) => heard.push(bytes));
  socket.bind(0, LOOPBACK[family]);
  await once(socket, 'listening');
  closing.push(() => socket.close());
  return { socket, heard, at: { address: LOOPBACK[family], port: socket.address().port } };
}

const asText = (messages: readonly Buffer[]): string[] => messages.map((bytes) => bytes.toString());
const numbered = (count: number): string[] => Array.from({ length: count }, (_, n) => `message ${n}`);

describe.each(kinds)('%s', (_, openPort) => {
  /** A listener that keeps what it hears, unless told what to do with it. */
  async function open(
    onDatagram?: (port: SipPort, bytes: Buffer, from: Remote) => void,
    place: Partial<OpenPortOptions> = {},
  ) {
    const heard: { bytes: Buffer; from: Remote }[] = [];
    const port: SipPort = await openPort({
      address: LOOPBACK[4],
      port: 0,
      onDatagram: (bytes, from) => {
        heard.push({ bytes, from });
        onDatagram?.(port, bytes, from);
      },
      onError: (code) => errors.push(code),
      ...place,
    });
    closing.push(() => port.close());
    return { port, heard };
  }

  const echo = (port: SipPort, bytes: Buffer, from: Remote): void => port.send(bytes, from);

  test('a message arrives with its source, and the answer at whoever sent it', async () => {
    const [{ port, heard }, other] = [await open(echo), await peer()];

    other.socket.send('hello', port.local.port, port.local.address);

    await expect.poll(() => asText(other.heard)).toEqual(['hello']);
    expect(heard).toEqual([{ bytes: Buffer.from('hello'), from: other.at }]);
    expect(port).toMatchObject({ transport: 'udp', family: 4, local: { address: '127.0.0.1' } });
    expect(port.hasFlow('any')).toBe(false);
    expect(errors).toEqual([]);
  });

  test.each([0, 1, 65_000, MOST_BYTES])('a message of %i bytes goes both ways', async (length) => {
    const [{ port, heard }, other] = [await open(echo), await peer()];
    const message = Buffer.alloc(length, 'abcdefg');

    other.socket.send(message, port.local.port, port.local.address);

    await expect.poll(() => other.heard.length).toBe(1);
    expect(heard[0]!.bytes.equals(message)).toBe(true);
    expect(other.heard[0]!.equals(message)).toBe(true);
  });

  test('a message that is kept keeps its bytes', async () => {
    const [{ port, heard }, other] = [await open(), await peer()];
    for (let n = 0; n < 100; n++) other.socket.send(`${n}`, port.local.port, port.local.address);

    await expect.poll(() => heard.length).toBe(100);

    expect(heard.map(({ bytes }) => bytes.toString())).toEqual(Array.from({ length: 100 }, (_, n) => `${n}`));
  });

  test('thousands of messages arrive and are answered, each peer’s in their order', async () => {
    const { port } = await open(echo);
    const others = [await peer(), await peer()];
    const expected = numbered(2500);

    // As many as the system's buffer holds for sure; the next ones when those have been answered.
    for (let at = 0; at < expected.length; at += 50) {
      for (const { socket } of others) {
        for (const text of expected.slice(at, at + 50)) socket.send(text, port.local.port, port.local.address);
      }
      await expect.poll(() => others.map(({ heard }) => heard.length), { interval: 1 }).toEqual([at + 50, at + 50]);
    }

    expect(others.map(({ heard }) => asText(heard))).toEqual([expected, expected]);
    expect(errors).toEqual([]);
  });

  test('a burst, silence, a lone message, and a burst again: all are answered', async () => {
    const [{ port }, other] = [await open(echo), await peer()];
    const send = (text: string): void => other.socket.send(text, port.local.port, port.local.address);

    numbered(150).forEach(send);
    await expect.poll(() => asText(other.heard)).toEqual(numbered(150));
    send('alone');
    await expect.poll(() => other.heard.length).toBe(151);
    numbered(150).forEach(send);

    await expect.poll(() => asText(other.heard)).toEqual([...numbered(150), 'alone', ...numbered(150)]);
  });

  test('IPv6 carries messages both ways, and addresses are written as the kernel does', async () => {
    const [{ port, heard }, other] = [await open(echo, { address: '::1' }), await peer(6)];

    other.socket.send('six', port.local.port, '::1');
    await expect.poll(() => asText(other.heard)).toEqual(['six']);
    port.send(Buffer.from('long form'), { ...other.at, address: '0:0:0:0:0:0:0:1' });

    await expect.poll(() => asText(other.heard)).toEqual(['six', 'long form']);
    expect(heard).toEqual([{ bytes: Buffer.from('six'), from: other.at }]);
    expect(port.family).toBe(6);
  });

  test('a listener on IPv6 leaves IPv4 to others', async () => {
    const { port } = await open(undefined, { address: '::' });

    const { port: four } = await open(undefined, { address: '0.0.0.0', port: port.local.port });

    expect(four.local.port).toBe(port.local.port);
  });

  test('an address that is taken, is no literal or is not of this machine is refused by the code of the system', async () => {
    const { port } = await open();

    await expect(open(undefined, { port: port.local.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await expect(open(undefined, { address: '192.0.2.1' })).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
    await expect(open(undefined, { address: 'localhost' })).rejects.toMatchObject({ code: 'EINVAL' });
  });

  test('what cannot be sent is told of by itself, later, and what is sent behind it leaves', async () => {
    const [{ port }, other] = [await open(), await peer()];
    const failed: string[] = [];
    const send = (bytes: Buffer, to: Remote, name: string): void => port.send(bytes, to, () => failed.push(name));

    send(Buffer.from('first'), other.at, 'first');
    send(Buffer.alloc(MOST_BYTES + 1), other.at, 'too long');
    send(Buffer.alloc(100_000), other.at, 'far too long');
    send(Buffer.from('lost'), { ...other.at, address: '::1' }, 'other family');
    send(Buffer.from('lost'), { ...other.at, address: 'localhost' }, 'a name');
    for (const number of [0, -1, 65_536, NaN]) send(Buffer.from('lost'), { ...other.at, port: number }, `${number}`);
    send(Buffer.from('last'), other.at, 'last');
    const atOnce = [...failed];

    await expect.poll(() => asText(other.heard)).toEqual(['first', 'last']);
    expect(atOnce).toEqual([]);
    expect(failed.sort()).toEqual(
      ['too long', 'far too long', 'other family', 'a name', '0', '-1', '65536', 'NaN'].sort(),
    );
    expect(errors.sort()).toEqual([...Array<string>(6).fill('EINVAL'), 'EMSGSIZE', 'EMSGSIZE']);
  });

  test('a failed send may be followed by another one from where it is told', async () => {
    const [{ port }, other] = [await open(), await peer()];

    port.send(Buffer.from('lost'), { address: '::1', port: 5060 }, () => port.send(Buffer.from('second'), other.at));

    await expect.poll(() => asText(other.heard)).toEqual(['second']);
  });

  test('outside of a message all sends of a turn leave in their order, however many', async () => {
    const [{ port }, other] = [await open(), await peer()];
    const small = numbered(300);
    small.slice(0, 150).forEach((text) => port.send(Buffer.from(text), other.at));
    await Promise.resolve();
    small.slice(150).forEach((text) => port.send(Buffer.from(text), other.at));

    await expect.poll(() => asText(other.heard)).toEqual(small);
  });

  test('bytes that change after they were sent do not change what arrives', async () => {
    const [{ port }, other] = [await open(), await peer()];
    const bytes = Buffer.from('as sent');

    port.send(bytes, other.at);
    await expect.poll(() => asText(other.heard)).toEqual(['as sent']);
    bytes.fill(0);

    expect(asText(other.heard)).toEqual(['as sent']);
  });

  test('closed by a message, it hears none of those that came with it', async () => {
    const [{ port, heard }, other] = [await open((self) => void self.close()), await peer()];

    numbered(20).forEach((text) => other.socket.send(text, port.local.port, port.local.address));

    await expect.poll(() => heard.length).toBe(1);
    const again = await open(undefined, { port: port.local.port });
    other.socket.send('after', again.port.local.port, '127.0.0.1');
    await expect.poll(() => again.heard.at(-1)?.bytes.toString()).toBe('after');
    expect(heard).toHaveLength(1);
  });

  test('closed, what was sent before leaves, and nothing after it', async () => {
    const [{ port }, other] = [await open(), await peer()];
    port.send(Buffer.from('before'), other.at);

    await port.close();
    port.send(Buffer.from('after'), other.at, () => errors.push('told of a closed port'));
    await port.close();
    const again = await open(undefined, { port: port.local.port });
    again.port.send(Buffer.from('by the next'), other.at);

    await expect.poll(() => asText(other.heard)).toEqual(['before', 'by the next']);
    expect(errors).toEqual([]);
  });
});

describe.each(addon.kind === 'loaded' ? [addon.exports] : [])('the addon’s port alone', (exports) => {
  test('a message that meets a bug, and a telling that does, cost nobody else anything', async () => {
    const heard: string[] = [];
    const port = openNativePort(exports, {
      address: LOOPBACK[4],
      port: 0,
      onDatagram: (bytes) => {
        heard.push(bytes.toString());
        if (heard.length % 2 === 1) throw new RangeError('a bug');
      },
      onError: (code) => errors.push(code),
    });
    closing.push(() => port.close());
    const other = await peer();
    port.send(Buffer.from('x'), { address: 'nowhere', port: 5060 }, () => {
      throw new TypeError('a bug');
    });
    port.send(Buffer.from('x'), { address: 'nowhere', port: 5060 }, () => port.send(Buffer.from('told'), other.at));
    numbered(40).forEach((text) => other.socket.send(text, port.local.port, port.local.address));

    await expect.poll(() => heard).toEqual(numbered(40));

    await expect.poll(() => asText(other.heard)).toEqual(['told']);
    expect(errors.filter((code) => code === 'RangeError')).toHaveLength(20);
    expect(errors.filter((code) => code === 'TypeError')).toHaveLength(1);
  });

  test('a message that is kept keeps no more memory than its own bytes', async () => {
    const heard: Buffer[] = [];
    const port = openNativePort(exports, {
      address: LOOPBACK[4],
      port: 0,
      onDatagram: (bytes) => heard.push(bytes),
      onError: (code) => errors.push(code),
    });
    closing.push(() => port.close());
    const other = await peer();

    for (const length of [10, 1000]) other.socket.send(Buffer.alloc(length), port.local.port, port.local.address);

    await expect.poll(() => heard.map(({ buffer }) => buffer.byteLength)).toEqual([10, 1000]);
  });

  test('what a batch causes leaves in one system call, and nothing of it before', async () => {
    const flushes: number[] = [];
    class Counting extends exports.DatagramSocket {
      override flush(rows: number): number {
        flushes.push(rows);
        return super.flush(rows);
      }
    }
    const port = openNativePort(
      { ...exports, DatagramSocket: Counting },
      {
        address: LOOPBACK[4],
        port: 0,
        onDatagram: (bytes, from) => {
          port.send(bytes, from);
          port.send(bytes, from);
        },
        onError: (code) => errors.push(code),
      },
    );
    closing.push(() => port.close());
    const other = await peer();

    numbered(10).forEach((text) => other.socket.send(text, port.local.port, port.local.address));
    await expect.poll(() => other.heard.length).toBe(20);

    expect(flushes.reduce((sum, rows) => sum + rows, 0)).toBe(20);
    expect(flushes.every((rows) => rows % 2 === 0)).toBe(true);
  });

  test.each(['EAGAIN', 'ENOBUFS'] as const)(
    '%s is a loss of UDP: counted, and nobody is told to go elsewhere',
    async (code) => {
      const errno = { EAGAIN: 11, ENOBUFS: 105 }[code];
      class Full extends exports.DatagramSocket {
        override flush(rows: number): number {
          super.flush(rows);
          // As the addon reports it: in the row.
          new Int32Array(this.memory)[(1024 + 4) / 4] = errno;
          return 1;
        }
      }
      const port = openNativePort(
        { ...exports, DatagramSocket: Full },
        { address: LOOPBACK[4], port: 0, onDatagram: () => undefined, onError: (error) => errors.push(error) },
      );
      closing.push(() => port.close());
      let told = 0;

      port.send(Buffer.from('x'), { address: LOOPBACK[4], port: 9 }, () => (told += 1));

      await expect.poll(() => errors).toEqual([code]);
      expect(told).toBe(0);
    },
  );

  test('sources and targets without end leave nothing behind and go on arriving', async () => {
    const [heard, other] = [new Set<string>(), await peer()];
    const port = openNativePort(exports, {
      address: '0.0.0.0',
      port: 0,
      onDatagram: (_, from) => heard.add(from.address),
      onError: (code) => errors.push(code),
    });
    closing.push(() => port.close());

    for (let n = 0; n < 5000; n++) port.send(Buffer.from('x'), { address: `127.1.${n >> 8}.${n & 255}`, port: 9 });
    port.send(Buffer.from('still here'), other.at);

    await expect.poll(() => asText(other.heard)).toEqual(['still here']);
    expect(errors).toEqual([]);
  });
});
