import { expect, test } from 'vitest';
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
