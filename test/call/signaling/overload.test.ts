import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/base/clock.ts';
import { Metrics } from '../../../src/base/metrics.ts';
import { DEFAULT_LIMITS } from '../../../src/call/signaling/limits.ts';
import type { SignalingLimits } from '../../../src/call/signaling/limits.ts';
import { Overload } from '../../../src/call/signaling/overload.ts';
import { CARRIER, OFFER, recordRoutes, request, respond, routeLines, Stage, startLine } from './stage.ts';
import type { Sent } from './fake-network.ts';

/** A clock whose timers can be late, as those of a busy loop are. */
class LateClock extends ManualClock {
  #task: (() => void) | undefined;
  #heldUs = 0;

  override monoUs(): number {
    return super.monoUs() + this.#heldUs;
  }

  override every(_intervalMs: number, task: () => void): () => void {
    this.#task = task;
    return () => (this.#task = undefined);
  }

  /** The loop was busy for so long, and then took its sample. */
  sampleAfter(ms: number): void {
    this.#heldUs += ms * 1000;
    this.#task?.();
  }

  hang(ms: number): void {
    this.#heldUs += ms * 1000;
  }
}

function overloadOf(
  limits: Partial<SignalingLimits>,
  busyShare = (): number => 0,
): { readonly clock: LateClock; readonly overload: Overload } {
  const clock = new LateClock();
  const overload = new Overload({ clock, limits: { ...DEFAULT_LIMITS, ...limits }, metrics: new Metrics(), busyShare });
  overload.start();
  return { clock, overload };
}

test('as many calls begin at once as the burst allows, and then as many a second as the rate', () => {
  const { clock, overload } = overloadOf({ newCallsPerSecond: 10, newCallBurst: 3, maxLoopLagMs: 0 });
  const admit = (count: number): number =>
    Array.from({ length: count }, () => overload.admit()).filter((word) => !word).length;

  expect(admit(5)).toBe(3);
  clock.hang(100);
  expect(admit(5)).toBe(1);
  clock.hang(60_000);
  expect(admit(5)).toBe(3);
});

test('a rate of nothing is no limit', () => {
  const { overload } = overloadOf({ newCallsPerSecond: 0, newCallBurst: 0 });

  expect(Array.from({ length: 1000 }, () => overload.admit()).every((word) => word === undefined)).toBe(true);
});

test('one late sample is a collection of garbage, two of the last ten are a loop that does not keep up', () => {
  const { clock, overload } = overloadOf({});
  clock.sampleAfter(400);
  expect(overload.admit()).toBeUndefined();
  clock.sampleAfter(100);
  clock.sampleAfter(301);
  expect(overload.admit()).toBe('event_loop');

  for (let count = 0; count < 8; count += 1) clock.sampleAfter(100);

  expect(overload.admit()).toBeUndefined();
});

test('a loop that had no rest for two seconds takes no new call until it has had one', () => {
  let share = 1;
  const { clock, overload } = overloadOf({}, () => share);
  const never = overloadOf({ maxLoopLagMs: 0 }, () => 1);
  for (let count = 0; count < 19; count += 1) clock.sampleAfter(100);
  expect(overload.admit()).toBeUndefined();

  clock.sampleAfter(100);
  expect(overload.admit()).toBe('event_loop');
  share = 0.9;
  clock.sampleAfter(100);
  expect(overload.admit()).toBeUndefined();

  for (let count = 0; count < 30; count += 1) never.clock.sampleAfter(100);
  expect(never.overload.admit()).toBeUndefined();
});

test('a loop that hangs before it can take its sample is late too', () => {
  const { clock, overload } = overloadOf({});
  clock.sampleAfter(500);

  clock.hang(500);

  expect(overload.admit()).toBe('event_loop');
});

test('a loop that is not watched is never late', () => {
  const { clock, overload } = overloadOf({});
  overload.stop();
  clock.hang(60_000);

  expect(overload.admit()).toBeUndefined();
});

function invite(count: number, extra: { readonly toTag?: string } = {}): string {
  return request('INVITE', { sdp: OFFER, branch: `z9hG4bKn${count}`, ...extra });
}

function answers(sent: readonly Sent[]): string[] {
  return sent.filter(({ to }) => to.address === CARRIER.address).map(startLine);
}

/** Every request there is besides a new INVITE, all of a call that stands. */
function goesOn(stage: Stage, call: ReturnType<Stage['establish']>): string[] {
  const routes = routeLines(recordRoutes(call.ok));
  const inDialog = (method: string, cseq: number): string =>
    request(method, {
      toTag: 'bob1',
      cseq,
      branch: `z9hG4bK${method}${cseq}`,
      uri: 'sip:bob@10.0.0.20:5060',
      extra: routes,
    });
  const sent = [
    stage.fromCarrier(request('ACK', { toTag: 'bob1', uri: 'sip:bob@10.0.0.20:5060', extra: routes })),
    stage.fromCarrier(inDialog('INVITE', 2)),
    stage.fromCarrier(inDialog('UPDATE', 3)),
    stage.fromCarrier(inDialog('INFO', 4)),
    stage.fromCarrier(inDialog('BYE', 5)),
    stage.fromCarrier(request('OPTIONS', { branch: 'z9hG4bKoptions' })),
    stage.fromCarrier(request('MESSAGE', { branch: 'z9hG4bKmessage' })),
  ].flat();
  return sent.filter(({ to }) => to.address !== CARRIER.address).map((one) => startLine(one).split(' ')[0] ?? '');
}

/** The rest needs a place of its own, and there are none left. */
function isInDialog(method: string): boolean {
  return !['OPTIONS', 'MESSAGE'].includes(method);
}

const GOES_ON = ['ACK', 'INVITE', 'UPDATE', 'INFO', 'BYE', 'OPTIONS', 'MESSAGE'];

test.each([
  ['the rate of new calls is spent', { newCallsPerSecond: 1, newCallBurst: 1 }, 'call_rate'],
  ['as many calls stand as may', { maxCalls: 1 }, 'too_many_calls'],
  ['three quarters of what is carried at once are taken', { maxExchanges: 10 }, 'overloaded'],
] as const)(
  'when %s, only new INVITEs are sent elsewhere, and are told when to come back',
  async (_name, limits, reason) => {
    const stage = await Stage.open(limits);
    const call = stage.establish();
    if (reason === 'overloaded')
      for (let count = 0; count < 7; count += 1) stage.fromCarrier(request('INFO', { branch: `z9hG4bKi${count}` }));

    const [refusal] = stage.fromCarrier(invite(1));

    expect(startLine(refusal)).toBe('SIP/2.0 503 Service Unavailable');
    expect(refusal?.text).toContain(`"${reason}"`);
    expect(refusal?.text).toMatch(/\r\nRetry-After: [2-6]\r\n/);
    expect(goesOn(stage, call)).toEqual(GOES_ON.filter((method) => reason !== 'overloaded' || isInDialog(method)));
  },
);

test('when every place is taken, a BYE still ends its call, and only what may bring an offer is refused', async () => {
  const stage = await Stage.open({ maxExchanges: 4 });
  const call = stage.establish();
  for (let count = 0; count < 3; count += 1) stage.fromCarrier(request('INFO', { branch: `z9hG4bKi${count}` }));
  const routes = routeLines(recordRoutes(call.ok));
  const inDialog = { toTag: 'bob1', uri: 'sip:bob@10.0.0.20:5060', extra: routes };

  const offer = stage.fromCarrier(request('INVITE', { ...inDialog, cseq: 2, branch: 'z9hG4bKre', sdp: OFFER }));
  const bye = stage.fromCarrier(request('BYE', { ...inDialog, cseq: 3, branch: 'z9hG4bKbye' }));
  const [ok] = stage.fromInside(respond(bye[0]!, 200));

  expect(answers(offer)).toEqual(['SIP/2.0 503 Service Unavailable']);
  expect(bye.map(startLine)).toEqual(['BYE sip:bob@10.0.0.20:5060 SIP/2.0']);
  expect(ok?.to).toEqual(CARRIER);
  expect(stage.events.at(-1)).toBe('ended bye');
});

test('a drain sends new calls elsewhere and finishes those there are', async () => {
  const stage = await Stage.open();
  const call = stage.establish();
  stage.signaling.refuseNewCalls(true);

  const [refusal] = stage.fromCarrier(invite(1));

  expect(startLine(refusal)).toBe('SIP/2.0 503 Service Unavailable');
  expect(refusal?.text).toMatch(/"draining"[\s\S]*\r\nRetry-After: [2-6]\r\n/);
  expect(stage.signaling.stats().calls).toBe(1);
  expect(goesOn(stage, call)).toEqual(GOES_ON);
  stage.advance(1);
  expect(stage.metrics.gauge('earshot_sip_draining').value).toBe(1);
});

test('a ringing call is cancelled, answered and refused while new ones are turned away', async () => {
  const stage = await Stage.open({ newCallsPerSecond: 1, newCallBurst: 1 });
  const ringing = stage.invite();
  stage.fromCarrier(invite(1));

  const [passed] = stage.fromInside(respond(ringing, 180, { tag: 'bob1' }));
  const cancelled = stage.fromCarrier(request('CANCEL'));

  expect(startLine(passed)).toBe('SIP/2.0 180 Whatever');
  expect(answers(cancelled)).toEqual(['SIP/2.0 200 OK']);
  expect(cancelled.map(startLine)).toContain('CANCEL sip:bob@example.com SIP/2.0');
});

test('those who are turned away come back at different times, and one who asks again is told the same', async () => {
  const stage = await Stage.open({ newCallsPerSecond: 1, newCallBurst: 1 });
  stage.invite();
  const waitOf = (count: number): string =>
    /Retry-After: (\d+)/.exec(stage.fromCarrier(invite(count))[0]?.text ?? '')?.[1] ?? '';

  const waits = Array.from({ length: 40 }, (_, count) => waitOf(count));

  expect(new Set(waits)).toEqual(new Set(['2', '3', '4', '5', '6']));
  expect(waitOf(0)).toBe(waits[0]);
});

test('a flood of new calls is answered every time, whatever refusals a source may have', async () => {
  const stage = await Stage.open({ newCallsPerSecond: 1, newCallBurst: 1, maxRefusalsPerSourcePerSecond: 5 });
  stage.invite();

  const refusals = Array.from({ length: 100 }, (_, count) => answers(stage.fromCarrier(invite(count)))).flat();

  expect(refusals).toHaveLength(100);
});

test('our other refusals name no time to come back', async () => {
  const stage = await Stage.open();

  const [refusal] = stage.fromCarrier(request('INVITE', { sdp: OFFER, maxForwards: 0 }));

  expect(refusal?.text).not.toContain('Retry-After');
});
