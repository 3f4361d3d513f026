import { afterEach, expect, test } from 'vitest';
import { ManualClock } from '../../../../src/base/clock.ts';
import { openDgramPort, type Arrival, type PacketPort } from '../../../../src/call/media/worker/packet-port.ts';

const opened: PacketPort[] = [];
const drops: string[] = [];

afterEach(() => {
  for (const port of opened.splice(0)) port.close();
  drops.length = 0;
});

async function open(port = 0): Promise<PacketPort> {
  const openPort = openDgramPort(new ManualClock({ monoUs: 42 }), (reason) => drops.push(reason));
  const bound = await openPort({ address: '127.0.0.1', port, family: 4 });
  opened.push(bound);
  return bound;
}

/** The next batch a port delivers, copied out of the object it reuses. */
function nextBatch(port: PacketPort): Promise<Arrival[]> {
  return new Promise((resolve) => {
    port.receiver = { onBatch: (arrivals) => resolve(arrivals.map((arrival) => ({ ...arrival }))) };
  });
}

test('what is queued leaves on flush and arrives with its source and its time', async () => {
  const [from, to] = [await open(), await open()];
  const arrived = nextBatch(to);

  from.queue(Buffer.from('one packet'), { address: '127.0.0.1', port: to.localPort });
  from.flush();

  expect(await arrived).toEqual([
    { bytes: Buffer.from('one packet'), address: '127.0.0.1', port: from.localPort, arrivalUs: 42 },
  ]);
});

test('a name is never resolved: sending to one fails and is counted', async () => {
  const [from, to] = [await open(), await open()];
  const arrived = nextBatch(to);

  from.queue(Buffer.from('lost'), { address: 'localhost', port: to.localPort });
  from.queue(Buffer.from('kept'), { address: '127.0.0.1', port: to.localPort });
  from.flush();

  expect((await arrived)[0]!.bytes.toString()).toBe('kept');
  expect(drops).toEqual(['send_failed']);
});

test('the queue has a limit', async () => {
  const port = await open();
  const nowhere = { address: '127.0.0.1', port: 9 };

  const taken = Array.from({ length: 300 }, () => port.queue(Buffer.alloc(1), nowhere));

  expect(taken.filter(Boolean)).toHaveLength(256);
  expect(taken.at(-1)).toBe(false);
});

test('a packet nobody waits for, and one that meets a bug, are counted and the port goes on', async () => {
  const [from, to] = [await open(), await open()];
  const target = { address: '127.0.0.1', port: to.localPort };
  const faulty = new Promise<void>((resolve) => {
    to.receiver = {
      onBatch: () => {
        resolve();
        throw new Error('a bug');
      },
    };
  });
  from.queue(Buffer.from('first'), target);
  from.flush();
  await faulty;

  const arrived = nextBatch(to);
  from.queue(Buffer.from('second'), target);
  from.flush();

  expect((await arrived)[0]!.bytes.toString()).toBe('second');
  expect(drops).toEqual(['fault']);
});

test('a port in use is refused with the code of the system', async () => {
  const taken = await open();

  await expect(open(taken.localPort)).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
