import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { nodeConfigSchema } from '../../src/config/node-config.ts';
import type { NodeConfig } from '../../src/config/node-config.ts';
import { checkSipPorts } from '../../src/supervisor/port-check.ts';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function node(sip: unknown): NodeConfig {
  const media = { bind: '127.0.0.1', ports: { from: 1000, to: 2000 } };
  return nodeConfigSchema.parse({ interfaces: [{ name: 'a', sip, media }] });
}

async function takenTcp(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function takenUdp(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  closing.push(() => socket.close());
  return socket.address().port;
}

test('a taken port is named with its key and protocol', async () => {
  const udp = await takenUdp();
  const tcp = await takenTcp();
  const list = (port: number): unknown[] => [
    { transport: 'udp', listen: '127.0.0.1:1' },
    { transport: 'tcp', listen: `127.0.0.1:${port}` },
  ];

  await expect(checkSipPorts(node(`127.0.0.1:${udp}`), 'e.yaml')).rejects.toThrow(
    `e.yaml: interfaces[0].sip: 127.0.0.1:${udp}/udp is already in use`,
  );
  await expect(checkSipPorts(node(list(tcp).slice(1)), 'e.yaml')).rejects.toThrow(
    `e.yaml: interfaces[0].sip: 127.0.0.1:${tcp}/tcp is already in use`,
  );
});

test('a port taken over UDP is free over TCP, and what is free is left free', async () => {
  const port = await takenUdp();
  const config = node([{ transport: 'tcp', listen: `127.0.0.1:${port}` }]);

  await checkSipPorts(config, 'e.yaml');
  await checkSipPorts(config, 'e.yaml');
});

test('a missing certificate is said before anything is bound', async () => {
  const port = await takenTcp();
  const tls = { cert: '/nowhere/cert.pem', key: '/nowhere/key.pem' };

  await expect(checkSipPorts(node([{ transport: 'tls', listen: `127.0.0.1:${port}`, tls }]), 'e.yaml')).rejects.toThrow(
    'e.yaml: interfaces[0].sip[0].tls.cert: the file it names does not exist: /nowhere/cert.pem',
  );
});
