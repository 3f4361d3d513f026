import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/base/clock.ts';
import { systemRandom } from '../../../src/base/ids.ts';
import { silentLog } from '../../../src/base/log.ts';
import { Metrics } from '../../../src/base/metrics.ts';
import { Signaling } from '../../../src/call/signaling/signaling.ts';
import { FakeNetwork } from './fake-network.ts';
import { NotingAnchor, OFFER, recordRoutes, request, respond, routeLines, ROUTES, startLine } from './stage.ts';

const CALLER = { address: '2001:db8::10', port: 5060 };
const CALLEE = { address: '2001:db8::20', port: 5060 };
const US = { address: '2001:db8::1', port: 5060 };

test('a call over IPv6 is set up and taken down, literals in brackets wherever they are written', async () => {
  const network = new FakeNetwork();
  const signaling = new Signaling({
    interfaces: [{ name: 'six', listeners: [US], advertisedHost: US.address }],
    clock: new ManualClock(),
    random: systemRandom,
    log: silentLog,
    metrics: new Metrics(),
    tokenKey: Buffer.alloc(32, 1),
    anchor: new NotingAnchor(),
    sink: { callStarted: () => undefined, callChanged: () => undefined, callEnded: () => undefined },
    openPort: network.open,
  });
  await signaling.start();
  const [tenant] = ROUTES.tenants;
  const nextHops = [{ host: '[2001:DB8::20]', port: 5060, transport: 'udp' as const }];
  const match = { sources: ['2001:db8::/64'], domains: [], dids: [], headers: [] };
  const six = tenant && { ...tenant, match, ingress: 'six', egress: 'six', nextHops };
  signaling.setRoutes({ ...ROUTES, tenants: six ? [six] : [] });
  const overSix = (text: string): string => text.replace('192.0.2.10:5060;branch', '[2001:db8:0::10]:5060;branch');

  network.deliver(CALLER, US, overSix(request('INVITE', { sdp: OFFER })));
  const [, invite] = network.take();
  if (invite) network.deliver(CALLEE, US, respond(invite, 200, { tag: 'bob1' }));
  const [ok] = network.take();
  const extra = routeLines(recordRoutes(ok ?? { text: '' }));
  const bye = request('BYE', { cseq: 2, branch: 'z9hG4bKb', toTag: 'bob1', uri: 'sip:bob@[2001:db8::20]', extra });
  network.deliver(CALLER, US, overSix(bye));
  const [sentOn] = network.take();

  expect(invite?.to).toEqual({ address: '2001:DB8::20', port: 5060 });
  expect(invite?.text).toContain('Via: SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bKe');
  // The same address in another spelling is no reason to write `received`.
  expect(invite?.text).not.toContain('received=');
  expect(ok?.to).toEqual(CALLER);
  expect(extra).toEqual([expect.stringMatching(/^Route: <sip:[\w-]{35}@\[2001:db8::1\]:5060;lr>$/)]);
  expect(startLine(sentOn)).toBe('BYE sip:bob@[2001:db8::20] SIP/2.0');
  expect(sentOn?.to).toEqual(CALLEE);
});
