import { expect, test } from 'vitest';
import { Metrics } from '../../../../src/base/metrics.ts';
import { asTenantId } from '../../../../src/base/ids.ts';
import { Anchor } from '../../../../src/call/signaling/anchor/anchor.ts';
import { ANSWER, OFFER, PBX, respond, ROUTES, Stage } from '../stage.ts';
import { countingRandom, FakePorts, pair } from './rig.ts';

test('an INVITE that passes us twice is two calls, and each anchors its own legs', async () => {
  const ports = new FakePorts([pair(1, 'outside'), pair(2, 'inside'), pair(3, 'inside'), pair(4, 'outside')]);
  const stage = await Stage.open({}, new Anchor({ ports, random: countingRandom(), metrics: new Metrics() }));
  const [first] = ROUTES.tenants;
  const back = {
    ...first!,
    id: asTenantId('back'),
    match: { ...first!.match, sources: ['10.0.0.0/8'] },
    ingress: 'inside',
    egress: 'outside',
    nextHops: [{ host: '192.0.2.99', port: 5060, transport: 'udp' as const }],
  };
  stage.signaling.setRoutes({ ...ROUTES, tenants: [first!, back] });

  const inbound = stage.invite({ sdp: OFFER });
  const spiralled = inbound.text
    .replace(/^Via: /m, 'Via: SIP/2.0/UDP 10.0.0.20:5060;branch=z9hG4bKpbx\r\nVia: ')
    .replace('sip:bob@example.com SIP/2.0', 'sip:elsewhere@example.com SIP/2.0');
  const outbound = stage.fromInside(spiralled, PBX).find(({ to }) => to.address === '192.0.2.99');
  stage.network.deliver(
    { address: '192.0.2.99', port: 5060 },
    { address: '198.51.100.1', port: 5060 },
    respond(outbound!, 200, { tag: 'far', sdp: ANSWER }),
  );
  const ok = stage.network.take().find(({ to }) => to.address === PBX.address);

  expect(inbound.text).toContain('m=audio 40004 ');
  expect(outbound?.text).toContain('m=audio 40008 ');
  expect(ok?.text).toContain('m=audio 40006 ');
  expect(ports.applied).toHaveLength(1);
  expect(ports.last.sides.caller.branches[0]?.remoteRtp).toEqual({ address: '10.9.9.9', port: 40_004 });
});
