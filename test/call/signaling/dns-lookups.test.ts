import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { systemLookups } from '../../../src/call/signaling/dns-lookups.ts';

const SRV = 33;
const NAPTR = 35;
const NXDOMAIN = 3;
const SERVFAIL = 2;

let server: Socket | undefined;

afterEach(() => server?.close());

function nameBytes(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  return Buffer.concat([
    ...labels.map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`)),
    Buffer.of(0),
  ]);
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, at) => bytes.writeUInt16BE(value, at * 2));
  return bytes;
}

function word(text: string): Buffer {
  return Buffer.from(`${String.fromCharCode(text.length)}${text}`);
}

/** The answer to one question: its records as their own data, or a refusal by number. */
function answer(asked: Buffer, type: number, records: readonly Buffer[] | number): Buffer {
  const questionEnd = asked.indexOf(0, 12) + 5;
  const found = typeof records === 'number' ? [] : records;
  const flags = 0x8180 | (typeof records === 'number' ? records : 0);
  const head = Buffer.concat([asked.subarray(0, 2), numbers(flags, 1, found.length, 0, 0)]);
  const rows = found.map((data) => Buffer.concat([numbers(0xc00c, type, 1, 0, 60, data.length), data]));
  return Buffer.concat([head, asked.subarray(12, questionEnd), ...rows]);
}

/** A DNS server on loopback that says one thing about each type. */
async function serve(
  zone: Readonly<Record<number, readonly Buffer[] | number>>,
): Promise<ReturnType<typeof systemLookups>> {
  const socket = createSocket('udp4');
  server = socket;
  socket.on('message', (asked, from) => {
    const type = asked.readUInt16BE(asked.indexOf(0, 12) + 1);
    socket.send(answer(asked, type, zone[type] ?? NXDOMAIN), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return systemLookups([`127.0.0.1:${socket.address().port}`]);
}

test('SRV and NAPTR records come as they were said', async () => {
  const lookups = await serve({
    [SRV]: [Buffer.concat([numbers(10, 60, 5061), nameBytes('one.example')])],
    [NAPTR]: [Buffer.concat([numbers(50, 20), word('s'), word('SIPS+D2T'), word(''), nameBytes('_sips._tcp.example')])],
  });

  expect(await lookups.srv('_sips._tcp.example')).toEqual([
    { priority: 10, weight: 60, port: 5061, name: 'one.example' },
  ]);
  expect(await lookups.naptr('example')).toEqual([
    { order: 50, preference: 20, flags: 's', service: 'SIPS+D2T', regexp: '', replacement: '_sips._tcp.example' },
  ]);
});

test('no such name is an answer, and a server that cannot say is none', async () => {
  const lookups = await serve({ [SRV]: NXDOMAIN, [NAPTR]: SERVFAIL });

  expect(await lookups.srv('_sip._udp.example')).toEqual([]);
  await expect(lookups.naptr('example')).rejects.toThrow();
});

test('addresses are those of the system, whose hosts file counts', async () => {
  const lookups = await serve({});

  const { addresses } = await lookups.addresses('localhost');

  expect(['127.0.0.1', '::1']).toContain(addresses[0]);
});
