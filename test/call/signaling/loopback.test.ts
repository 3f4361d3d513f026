import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { systemRandom } from '../../../src/base/ids.ts';
import { silentLog } from '../../../src/base/log.ts';
import { Metrics } from '../../../src/base/metrics.ts';
import { Signaling } from '../../../src/call/signaling/signaling.ts';
import { NotingAnchor, OFFER, request, respond, ROUTES, startLine } from './stage.ts';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function socket(): Promise<Socket> {
  const peer = createSocket('udp4');
  await new Promise<void>((resolve) => peer.bind(0, '127.0.0.1', resolve));
  closing.push(() => peer.close());
  return peer;
}

function nextMessage(peer: Socket, beginning: string): Promise<{ bytes: Buffer; text: string; port: number }> {
  return new Promise((resolve) => {
    const onMessage = (bytes: Buffer, from: { port: number }): void => {
      const text = bytes.toString('latin1');
      if (!text.startsWith(beginning)) return;
      peer.off('message', onMessage);
      resolve({ bytes, text, port: from.port });
    };
    peer.on('message', onMessage);
  });
}

test('over real UDP an INVITE reaches the next hop and its answer comes back', async () => {
  const caller = await socket();
  const callee = await socket();
  const signaling = new Signaling({
    interfaces: [{ name: 'lo', listeners: [{ address: '127.0.0.1', port: 0 }], advertisedHost: '127.0.0.1' }],
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    metrics: new Metrics(),
    tokenKey: systemRandom(32),
    anchor: new NotingAnchor(),
    sink: { callStarted: () => undefined, callChanged: () => undefined, callEnded: () => undefined },
  });
  await signaling.start();
  closing.push(() => signaling.stop());
  const [listening] = signaling.listening();
  const [tenant] = ROUTES.tenants;
  if (!listening || !tenant) throw new Error('nothing listens');
  const nextHops = [{ host: '127.0.0.1', port: callee.address().port, transport: 'udp' as const }];
  signaling.setRoutes({
    ...ROUTES,
    tenants: [
      { ...tenant, match: { ...tenant.match, sources: ['127.0.0.0/8'] }, ingress: 'lo', egress: 'lo', nextHops },
    ],
  });

  const arriving = nextMessage(callee, 'INVITE');
  const answered = nextMessage(caller, 'SIP/2.0 200');
  const text = request('INVITE', { sdp: OFFER }).replace('carrier1', 'carrier1;rport');
  caller.send(Buffer.from(text, 'latin1'), listening.port, '127.0.0.1');
  const invite = await arriving;
  callee.send(Buffer.from(respond(invite, 200, { tag: 'bob1' }), 'latin1'), invite.port, '127.0.0.1');
  const ok = await answered;

  expect(invite.port).toBe(listening.port);
  expect(invite.text).toContain(`;rport=${caller.address().port};received=127.0.0.1`);
  expect(invite.text.match(/^Record-Route/gm)).toHaveLength(1);
  expect(startLine(ok)).toBe('SIP/2.0 200 Whatever');
  expect(signaling.stats().calls).toBe(1);
});

test('a port already bound is refused by name', async () => {
  const taken = await socket();
  const signaling = new Signaling({
    interfaces: [
      { name: 'lo', listeners: [{ address: '127.0.0.1', port: taken.address().port }], advertisedHost: '127.0.0.1' },
    ],
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    metrics: new Metrics(),
    tokenKey: systemRandom(32),
    anchor: new NotingAnchor(),
    sink: { callStarted: () => undefined, callChanged: () => undefined, callEnded: () => undefined },
  });

  await expect(signaling.start()).rejects.toMatchObject({ code: 'BIND_FAILED' });
});
