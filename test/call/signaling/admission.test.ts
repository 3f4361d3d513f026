import { expect, test } from 'vitest';
import { asTenantId } from '../../../src/base/ids.ts';
import { OFFER, OUTSIDE, request, ROUTES, Stage, startLine, STRANGER } from './stage.ts';

async function stageForBerlin(): Promise<Stage> {
  const stage = await Stage.open();
  const [acme] = ROUTES.tenants;
  if (acme) stage.signaling.setRoutes({ ...ROUTES, tenants: [{ ...acme, match: { ...acme.match, dids: ['+4930'] } }] });
  return stage;
}

test('a peer that dials nobody’s number is told so, and a stranger that he is one', async () => {
  const stage = await stageForBerlin();
  const invite = (uri: string): string => request('INVITE', { sdp: OFFER, uri, branch: `z9hG4bK${uri.length}` });

  const [refused] = stage.fromCarrier(invite('sip:+4940@example.com'));
  stage.network.deliver(STRANGER, OUTSIDE, invite('sip:+49301@example.com'));
  const [forbidden] = stage.network.take();
  const carried = stage.fromCarrier(invite('sip:+493012@example.com'));

  expect(startLine(refused)).toBe('SIP/2.0 404 Not Found');
  expect(startLine(forbidden)).toBe('SIP/2.0 403 Forbidden');
  expect(carried.map(startLine)).toContain('INVITE sip:+493012@example.com SIP/2.0');
});

test('a peer that asks whether we live dials nobody and is answered', async () => {
  const stage = await stageForBerlin();
  const ping = request('OPTIONS', { uri: `sip:${OUTSIDE.address}` });

  const [answer] = stage.fromCarrier(ping);
  stage.network.deliver(STRANGER, OUTSIDE, ping);
  const [refusal] = stage.network.take();

  expect(startLine(answer)).toBe('SIP/2.0 200 OK');
  expect(startLine(refusal)).toBe('SIP/2.0 403 Forbidden');
});

test('one tenant’s flood leaves the last fifth of all calls to the others, and alone a tenant has them all', async () => {
  const [acme] = ROUTES.tenants;
  const tenants = ['+49', '+44'].map((did, index) => ({
    ...acme!,
    id: asTenantId(`t${index}`),
    match: { ...acme!.match, dids: [did] },
  }));
  const dial = (stage: Stage, did: string, count: number): string[] =>
    Array.from({ length: count }, (_, index) => {
      const branch = `z9hG4bK${did.slice(1)}${index}`;
      const uri = `sip:${did}1@example.com`;
      const sent = stage.fromCarrier(request('INVITE', { sdp: OFFER, uri, branch }));
      return sent.some((one) => startLine(one).startsWith('INVITE')) ? 'carried' : (sent[0]?.text ?? '');
    });
  const shared = await Stage.open({ maxCalls: 10 });
  shared.signaling.setRoutes({ ...ROUTES, tenants });
  const alone = await Stage.open({ maxCalls: 10 });
  alone.signaling.setRoutes({ ...ROUTES, tenants: tenants.slice(0, 1) });

  const flood = dial(shared, '+49', 10);
  const quiet = dial(shared, '+44', 2);
  const own = dial(alone, '+49', 10);

  expect(flood.filter((one) => one === 'carried')).toHaveLength(8);
  expect(flood.at(-1)).toContain('"tenant_share"');
  expect(quiet).toEqual(['carried', 'carried']);
  expect(own.filter((one) => one === 'carried')).toHaveLength(10);
});
