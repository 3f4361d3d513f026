/** What every kind of UDP port does alike. Kinds that the system does not allow are not here to be tried. */

import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../../src/base/clock.ts';
import { PACKET_PORT_KINDS, type PacketPortKind } from '../../../../src/call/media/messages.ts';
import { choosePort, type ChosenPort } from '../../../../src/call/media/worker/choose-port.ts';
import type { Arrival, PacketPort } from '../../../../src/call/media/worker/packet-port.ts';
import { loadUdp } from '../../../../src/native/udp-port.ts';

const LOOPBACK = { 4: '127.0.0.1', 6: '::1' } as const;
const drops: string[] = [];
const opened: PacketPort[] = [];

function choose(wanted: PacketPortKind): Promise<ChosenPort> {
  return choosePort({
    wanted,
    address: LOOPBACK[4],
    family: 4,
    clock: systemClock,
    countDrop: (reason) => drops.push(reason),
  });
}

const tried = await Promise.all(PACKET_PORT_KINDS.map(async (kind) => ({ kind, chosen: await choose(kind) })));
const kinds = tried.filter(({ kind, chosen }) => chosen.kind === kind);

afterEach(() => {
  for (const port of opened.splice(0)) port.close();
  drops.length = 0;
});

/** The next datagrams a port delivers, copied out of what it reuses. */
function next(port: PacketPort, count = 1): Promise<Arrival[]> {
  const heard: Arrival[] = [];
  return new Promise((resolve) => {
    port.receiver = {
      onBatch: (arrivals) => {
        for (const arrival of arrivals) heard.push({ ...arrival, bytes: Buffer.from(arrival.bytes) });
        if (heard.length >= count) resolve(heard);
      },
    };
  });
}

const at = (port: PacketPort, family: 4 | 6 = 4) => ({ address: LOOPBACK[family], port: port.localPort });

test('where the addon is built, the system calls that are always allowed carry packets', () => {
  const hasAddon = loadUdp().kind === 'loaded';

  expect(kinds.map(({ kind }) => kind).includes('mmsg')).toBe(hasAddon);
});

describe.each(kinds)('$kind', ({ chosen }) => {
  async function open(port = 0, family: 4 | 6 = 4): Promise<PacketPort> {
    const bound = await chosen.openPort({ address: LOOPBACK[family], port, family });
    opened.push(bound);
    return bound;
  }

  test('what is queued leaves on flush and arrives with its source and its time', async () => {
    const [from, to] = [await open(), await open()];
    const arrived = next(to);
    const beforeUs = systemClock.monoUs();

    from.queue(Buffer.from('one packet'), at(to));
    from.flush();

    const [arrival] = await arrived;
    expect(arrival).toMatchObject({ bytes: Buffer.from('one packet'), address: '127.0.0.1', port: from.localPort });
    expect(arrival!.arrivalUs).toBeGreaterThanOrEqual(beforeUs - 1000);
    expect(arrival!.arrivalUs).toBeLessThanOrEqual(systemClock.monoUs());
  });

  test('IPv6 addresses arrive as the kernel writes them, and are no IPv4 ones', async () => {
    const [from, to] = [await open(0, 6), await open(0, 6)];
    const arrived = next(to);

    from.queue(Buffer.from('six'), { address: '0:0:0:0:0:0:0:1', port: to.localPort });
    from.queue(Buffer.from('four'), { address: '::ffff:127.0.0.1', port: to.localPort });
    from.flush();

    expect(await arrived).toMatchObject([{ bytes: Buffer.from('six'), address: '::1', port: from.localPort }]);
  });

  test('a name is never resolved: sending to one fails and is counted', async () => {
    const [from, to] = [await open(), await open()];
    const arrived = next(to);

    from.queue(Buffer.from('lost'), { address: 'localhost', port: to.localPort });
    from.queue(Buffer.from('kept'), at(to));
    from.flush();

    expect((await arrived)[0]!.bytes.toString()).toBe('kept');
    expect(drops).toEqual(['send_failed']);
  });

  test('the queue has a limit, and is empty after a flush', async () => {
    const port = await open();
    let taken = 0;
    while (taken < 5000 && port.queue(Buffer.alloc(1), at(port))) taken += 1;

    port.flush();

    expect(taken).toBeGreaterThanOrEqual(256);
    expect(taken).toBeLessThan(5000);
    await next(port, 10);
    expect(port.queue(Buffer.alloc(1), at(port))).toBe(true);
  });

  test('a packet nobody waits for, and one that meets a bug, are counted and the port goes on', async () => {
    const [from, to] = [await open(), await open()];
    const faulty = new Promise<void>((resolve) => {
      to.receiver = {
        onBatch: () => {
          resolve();
          throw new Error('a bug');
        },
      };
    });
    from.queue(Buffer.from('first'), at(to));
    from.flush();
    await faulty;

    const arrived = next(to);
    from.queue(Buffer.from('second'), at(to));
    from.flush();

    expect((await arrived)[0]!.bytes.toString()).toBe('second');
    expect(drops).toEqual(['fault']);
  });

  test('what is answered within a batch reaches whoever spoke', async () => {
    const [asker, answerer] = [await open(), await open()];
    answerer.receiver = {
      onBatch: (arrivals) => {
        for (const { bytes, address, port } of arrivals) {
          bytes.reverse();
          answerer.queue(bytes, { address, port });
        }
        answerer.flush();
      },
    };
    const answered = next(asker);

    asker.queue(Buffer.from('abc'), at(answerer));
    asker.flush();

    expect((await answered)[0]!.bytes.toString()).toBe('cba');
  });

  test('of a burst from many sources every packet arrives under its own', async () => {
    const sources = await Promise.all(Array.from({ length: 60 }, () => open()));
    const to = await open();
    const arrived = next(to, 5 * sources.length);

    for (let round = 0; round < 5; round++) {
      for (const source of sources) source.queue(Buffer.from(`${round} ${source.localPort}`), at(to));
      for (const source of sources) source.flush();
    }

    const heard = await arrived;
    expect(heard.map(({ bytes }) => Number(bytes.toString().split(' ')[1]))).toEqual(heard.map(({ port }) => port));
    expect(new Set(heard.map(({ bytes }) => bytes.toString())).size).toBe(5 * sources.length);
  });

  test('a port that is closed may be opened at once, and hears nothing that was meant for the old one', async () => {
    const from = await open();
    const old = await open();
    const { localPort } = old;
    from.queue(Buffer.from('for the old one'), at(old));
    from.flush();
    old.close();
    opened.splice(opened.indexOf(old), 1);

    const reopened = await open(localPort);
    const arrived = next(reopened);
    from.queue(Buffer.from('for the new one'), at(reopened));
    from.flush();

    expect((await arrived).map(({ bytes }) => bytes.toString())).toEqual(['for the new one']);
  });

  test('closing another port while a batch is handled harms nobody', async () => {
    const [from, closing, closed] = [await open(), await open(), await open()];
    const hit = new Promise<void>((resolve) => {
      closing.receiver = {
        onBatch: () => {
          closed.close();
          resolve();
        },
      };
    });
    closed.receiver = closing.receiver;
    opened.splice(opened.indexOf(closed), 1);
    from.queue(Buffer.from('close it'), at(closing));
    from.flush();
    await hit;

    const arrived = next(closing);
    from.queue(Buffer.from('again'), at(closing));
    from.flush();

    expect((await arrived)[0]!.bytes.toString()).toBe('again');
  });

  test('a port in use is refused with the code of the system', async () => {
    const taken = await open();

    await expect(open(taken.localPort)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
