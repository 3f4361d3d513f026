import { expect, test } from 'vitest';
import type { SignalingLimits } from '../../../src/call/signaling/limits.ts';
import type { RoutedTenant } from '../../../src/model/routing.ts';
import type { Sent } from './fake-network.ts';
import { INSIDE, OFFER, PBX, request, respond, ROUTES, SPARE, Stage, startLine, STRANGER } from './stage.ts';

async function probing(limits: Partial<SignalingLimits> = {}, nextHops?: RoutedTenant['nextHops']): Promise<Stage> {
  const stage = await Stage.open({ probeEveryMs: 30_000, ...limits });
  const [tenant] = ROUTES.tenants;
  if (tenant && nextHops) stage.signaling.setRoutes({ ...ROUTES, tenants: [{ ...tenant, nextHops }] });
  return stage;
}

/** Lets time pass in small steps, answering every question as `answer` says; undefined is silence. */
function pass(stage: Stage, ms: number, answer: (asked: Sent) => string | undefined): Sent[] {
  const asked: Sent[] = [];
  for (let at = 0; at < ms; at += 500) {
    for (const sent of stage.advance(500).filter(({ text }) => text.startsWith('OPTIONS '))) {
      asked.push(sent);
      const bytes = answer(sent);
      if (bytes !== undefined) stage.network.deliver(sent.to, INSIDE, bytes);
    }
  }
  return asked;
}

const well = (asked: Sent): string => respond(asked, 200);
/** Without the repetitions of a question that was not answered. */
function questions(asked: readonly Sent[], to = PBX): Sent[] {
  const branches = new Set<string>();
  return asked.filter(({ text, to: target }) => {
    const branch = /branch=(\w+)/.exec(text)?.[1] ?? '';
    if (target.address !== to.address || branches.has(branch)) return false;
    branches.add(branch);
    return true;
  });
}

function down(stage: Stage, hop: string): number {
  return stage.metrics.gauge('earshot_next_hop_down', { hop }).value;
}

test('each next hop is asked for itself alone, and has nothing to call back', async () => {
  const stage = await probing();

  const [asked] = pass(stage, 6000, well);

  expect(asked?.from).toEqual(INSIDE);
  expect(asked?.text).toMatch(
    /^OPTIONS sip:10\.0\.0\.2[01]:5060 SIP\/2\.0\r\nVia: SIP\/2\.0\/UDP 10\.0\.0\.1:5060;branch=z9hG4bKo\w{16};rport\r\nMax-Forwards: 0\r\n/,
  );
  expect(asked?.text).not.toContain('Contact');
});

test('each is asked in its first seconds, and then about every half minute', async () => {
  const stage = await probing();

  const asked = pass(stage, 240_000, well);

  for (const hop of [PBX, SPARE]) {
    expect(questions(asked, hop).length).toBeGreaterThanOrEqual(7);
    expect(questions(asked, hop).length).toBeLessThanOrEqual(11);
  }
  expect(stage.count('earshot_next_hop_probes_total', { result: 'answered' })).toBe(asked.length);
});

test('one that falls silent is down after two questions, asked more often, and up after three answers', async () => {
  const stage = await probing();
  let isSilent = true;
  const answer = (asked: Sent): string | undefined =>
    isSilent && asked.to.address === PBX.address ? undefined : well(asked);

  const silent = questions(pass(stage, 60_000, answer));
  expect(down(stage, '10.0.0.20:5060')).toBe(1);
  expect(down(stage, '10.0.0.21:5060')).toBe(0);
  expect(silent.length).toBeGreaterThanOrEqual(8);
  isSilent = false;
  const states: number[] = [];
  while (down(stage, '10.0.0.20:5060') === 1) states.push(questions(pass(stage, 500, answer)).length);

  expect(states.reduce((sum, count) => sum + count, 0)).toBe(3);
});

test('calls go to the next hop that lives, before anybody had to wait for the other', async () => {
  const stage = await probing();
  pass(stage, 60_000, (asked) => (asked.to.address === PBX.address ? undefined : well(asked)));

  const sent = stage.fromCarrier(request('INVITE', { sdp: OFFER }));

  expect(sent.filter(({ text }) => text.startsWith('INVITE')).map(({ to }) => to)).toEqual([SPARE]);
});

test.each([200, 401, 404, 405, 483, 488, 501, 603])('a %i proves life', async (status) => {
  const stage = await probing();

  pass(stage, 120_000, (asked) => respond(asked, status));

  expect(down(stage, '10.0.0.20:5060')).toBe(0);
});

test.each([500, 503, 504])('a %i does not', async (status) => {
  const stage = await probing();

  pass(stage, 120_000, (asked) => respond(asked, status));

  expect(down(stage, '10.0.0.20:5060')).toBe(1);
});

test('a provisional response is no answer', async () => {
  const stage = await probing();

  pass(stage, 120_000, (asked) => respond(asked, 100));

  expect(down(stage, '10.0.0.20:5060')).toBe(1);
});

test('nobody answers for another: a response with a branch that we did not make is none', async () => {
  const stage = await probing();

  pass(stage, 60_000, (asked) => {
    const forged = respond(asked, 200).replace(/branch=z9hG4bKo\w{16}/, 'branch=z9hG4bKo0123456789abcdef');
    stage.network.deliver(STRANGER, INSIDE, forged);
    return undefined;
  });

  expect(down(stage, '10.0.0.20:5060')).toBe(1);
  expect(stage.count('earshot_sip_dropped_total', { reason: 'stray_response' })).toBeGreaterThan(0);
});

test('none is asked while draining, and none after the last', async () => {
  const stage = await probing();
  stage.signaling.refuseNewCalls(true);

  expect(pass(stage, 60_000, well)).toEqual([]);
  stage.signaling.refuseNewCalls(false);
  expect(pass(stage, 60_000, well)).not.toEqual([]);
  await stage.signaling.stop();
  expect(stage.advance(60_000)).toEqual([]);
});

test('no more are asked at once than may be', async () => {
  const many = Array.from({ length: 200 }, (_, index) => ({
    host: `10.0.1.${index}`,
    port: 5060,
    transport: 'udp' as const,
  }));
  const stage = await probing({ maxProbes: 4 }, many);

  const asked = stage.advance(4000).filter(({ text }) => text.startsWith('OPTIONS '));
  const branches = new Set(asked.map(({ text }) => /branch=(\w+)/.exec(text)?.[1]));

  expect(branches.size).toBe(4);
});

test('a hop that left the routes is asked no more, and counts as no trouble', async () => {
  const stage = await probing();
  pass(stage, 60_000, () => undefined);
  expect(down(stage, '10.0.0.21:5060')).toBe(1);
  const [tenant] = ROUTES.tenants;

  stage.signaling.setRoutes({ ...ROUTES, tenants: [{ ...tenant!, nextHops: tenant!.nextHops.slice(0, 1) }] });
  const asked = pass(stage, 60_000, () => undefined);

  expect(questions(asked, SPARE)).toEqual([]);
  expect(down(stage, '10.0.0.21:5060')).toBe(0);
});

test('a probe that cannot be sent is a failure, and breaks nothing', async () => {
  const stage = await probing({}, [{ host: 'nowhere.example', port: 5060, transport: 'udp' }]);

  pass(stage, 60_000, well);

  expect(down(stage, 'nowhere.example:5060')).toBe(1);
  expect(stage.count('earshot_next_hop_probes_total', { result: 'unsent' })).toBeGreaterThan(2);
});

test('all addresses of a name are tried before the next hop is, and a 503 says for how long to stay away', async () => {
  const stage = await Stage.open();
  stage.lookup = (name) => Promise.resolve(name === 'pbx.example' ? [PBX.address, SPARE.address] : []);
  const [tenant] = ROUTES.tenants;
  const last = { host: '10.0.0.22', port: 5060, transport: 'udp' as const };
  const nextHops = [{ host: 'pbx.example', port: 5060, transport: 'udp' as const }, last];
  stage.signaling.setRoutes({ ...ROUTES, tenants: [{ ...tenant!, nextHops }] });
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  const invites = (sent: readonly Sent[]): Sent[] => sent.filter((one) => startLine(one).startsWith('INVITE'));

  const [first] = invites(stage.fromCarrier(request('INVITE', { sdp: OFFER })));
  const second = invites(stage.fromInside(respond(first!, 503, { tag: 'x', extra: ['Retry-After: 20'] })));
  const third = invites(stage.fromInside(respond(second[0]!, 503, { tag: 'y' }), SPARE));
  const again = invites(stage.fromCarrier(request('INVITE', { sdp: OFFER, branch: 'z9hG4bKtwo' })));

  expect([first, second[0], third[0]].map((one) => one?.to.address)).toEqual([PBX.address, SPARE.address, '10.0.0.22']);
  expect(again[0]?.to).toEqual(SPARE);
});
