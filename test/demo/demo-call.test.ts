import { afterEach, expect, test } from 'vitest';
import { demoScript, playDemoCall, type DemoCallResult, type DemoScript } from '../../src/demo/demo-call.ts';
import { TwoPhones } from './softphone/phones.ts';
import { tone } from './tone.ts';

const WORD = { sampleRateHz: 16_000, samples: tone({ sampleRateHz: 16_000, lengthMs: 100 }) };
const SCRIPT: DemoScript = { caller: [{ wav: WORD, afterMs: 160 }], callee: [{ wav: WORD, afterMs: 20 }] };

let phones: TwoPhones | undefined;

afterEach(async () => {
  await phones?.stop();
  phones = undefined;
});

test('both say their lines, then the call ends with every packet accounted for', async () => {
  phones = await TwoPhones.create();

  const playing = play(phones);
  await phones.pass(1000);
  const result = await playing;

  expect(result.rtp).toEqual({ sent: result.caller.sent + result.callee.sent, received: result.rtp.sent, lost: 0 });
  expect(result.caller.sent).toBeGreaterThanOrEqual(17);
  expect(phones.network.sip.filter((line) => line.startsWith('BYE'))).toHaveLength(1);
  expect(phones.network.openPorts).toBe(2);
});

test('both stay on the line until what was said is understood, and no longer than the limit', async () => {
  phones = await TwoPhones.create();
  let isHeard = (): void => undefined;
  const heard = new Promise<void>((resolve) => (isHeard = resolve));

  const playing = play(phones, { untilHeard: () => heard });
  await phones.pass(3000);
  const hungUpEarly = phones.network.sip.some((line) => line.startsWith('BYE'));
  isHeard();
  await phones.pass(1000);
  await playing;

  expect(hungUpEarly).toBe(false);
});

test('a recogniser that never finishes does not hold the line for ever', async () => {
  phones = await TwoPhones.create();

  const playing = play(phones, { untilHeard: () => new Promise<void>(() => undefined) });
  await phones.pass(17_000);

  await expect(playing).resolves.toMatchObject({ rtp: { lost: 0 } });
});

test('lost packets are in the result', async () => {
  phones = await TwoPhones.create();
  let count = 0;
  phones.network.lose = ({ bytes }) => bytes[0] === 0x80 && (count += 1) % 10 === 0;

  const playing = play(phones);
  await phones.pass(1000);
  const { rtp } = await playing;

  expect(rtp.lost).toBe(Math.floor(count / 10));
  expect(rtp.lost).toBeGreaterThan(1);
});

test('a call that lasts longer than its deadline is hung up', async () => {
  phones = await TwoPhones.create();

  const outcome = expect(play(phones, { deadlineMs: 200 })).rejects.toMatchObject({ code: 'DEADLINE' });
  await phones.pass(400);
  await outcome;

  expect(phones.network.openPorts).toBe(2);
});

test('a call that somebody else ends fails, and so does one that is refused', async () => {
  phones = await TwoPhones.create();
  const ended = expect(play(phones)).rejects.toMatchObject({ code: 'CALL_ENDED' });
  await phones.pass(60);
  await phones.callee.stop();
  await phones.pass(5100);
  await ended;
  await phones.stop();

  phones = await TwoPhones.create({ callee: { incoming: 'busy' } });
  await expect(play(phones)).rejects.toMatchObject({ code: 'CALL_REFUSED' });
});

test('in the script of the demo nobody interrupts, and it fits its deadline', () => {
  const { caller, callee } = demoScript();
  const spans = [...caller, ...callee]
    .map(({ wav, afterMs }) => ({ from: afterMs, to: afterMs + (wav.samples.length * 1000) / wav.sampleRateHz }))
    .sort((a, b) => a.from - b.from);

  expect(spans.every((span, at) => at === 0 || span.from > spans[at - 1]!.to)).toBe(true);
  expect(spans.at(-1)!.to).toBeLessThan(25_000);
});

function play(
  two: TwoPhones,
  more: { deadlineMs?: number; untilHeard?: () => Promise<void> } = {},
): Promise<DemoCallResult> {
  return playDemoCall({
    caller: two.caller,
    callee: two.callee,
    to: two.callee.uri,
    via: two.callee.endpoint,
    clock: two.clock,
    script: SCRIPT,
    tailMs: 100,
    ...more,
  });
}
