import { expect, test } from 'vitest';
import { ManualClock } from '../../../../src/base/clock.ts';
import { choosePort, type ChosenPort } from '../../../../src/call/media/worker/choose-port.ts';
import type { PacketPortKind } from '../../../../src/call/media/messages.ts';
import { loadUdp } from '../../../../src/native/udp-port.ts';

async function choose(wanted: PacketPortKind | 'auto', address = '127.0.0.1'): Promise<ChosenPort> {
  const chosen = await choosePort({ wanted, address, family: 4, clock: new ManualClock(), countDrop: () => undefined });
  chosen.stop();
  return chosen;
}

test('dgram is always to be had, and nothing else is tried when it is asked for', async () => {
  expect(await choose('dgram')).toMatchObject({ kind: 'dgram', refused: {} });
});

test('a kind that is asked for is the first to be tried', async () => {
  const { kind, refused } = await choose('mmsg');

  expect(kind).not.toBe('io_uring');
  expect(Object.keys(refused)).not.toContain('io_uring');
});

test('every cheaper kind than the chosen one is named with the code of its refusal', async () => {
  const { kind, refused } = await choose('auto');

  const expected = { io_uring: [], mmsg: ['io_uring'], dgram: ['io_uring', 'mmsg'] } as const;
  expect(Object.keys(refused)).toEqual(expected[kind]);
});

test('where no native port carries a datagram, node:dgram is left', async () => {
  const { kind, refused } = await choose('auto', '192.0.2.1');

  const reason = loadUdp().kind === 'loaded' ? 'EADDRNOTAVAIL' : refused.mmsg;
  expect(kind).toBe('dgram');
  expect(refused.mmsg).toBe(reason);
});
