import { afterEach, expect, test } from 'vitest';
import type { PhoneCall } from '../../../src/demo/softphone/phone-call.ts';
import type { Wav } from '../../../src/demo/wav.ts';
import { tone } from '../tone.ts';
import { TwoPhones, type PhoneChoices } from './phones.ts';

const SOUND: Wav = { sampleRateHz: 16_000, samples: tone({ sampleRateHz: 16_000, lengthMs: 200 }) };
const OTHER_SOUND: Wav = { sampleRateHz: 16_000, samples: tone({ sampleRateHz: 16_000, lengthMs: 100, hertz: 900 }) };

let phones: TwoPhones | undefined;

afterEach(async () => {
  await phones?.stop();
  phones = undefined;
});

for (const codec of ['G722', 'PCMU', 'PCMA'] as const) {
  for (const security of ['sdes', 'rtp'] as const) {
    test(`what one phone plays the other hears: ${codec} over ${security}, both ways, nothing lost`, async () => {
      const { out, in: answered } = await connect({ codec, security });

      const played = Promise.all([out.play(SOUND), answered.play(OTHER_SOUND, 60)]);
      await phones?.pass(400);
      await played;
      await hangUpAfter(out, answered);

      expect(answered.counts).toMatchObject({ received: out.counts.sent, missing: 0, refused: {} });
      expect(out.counts).toMatchObject({ received: answered.counts.sent, missing: 0, refused: {} });
      expect(out.counts.sent).toBeGreaterThanOrEqual(20);
      expect(loudMs(answered.recording)).toBeGreaterThan(150);
      expect(loudMs(answered.recording)).toBeLessThan(260);
      expect(loudMs(out.recording)).toBeGreaterThan(50);
      expect(loudMs(out.recording)).toBeLessThan(160);
    });
  }
}

test('a secure call puts neither tone nor silence on the wire in the clear, and its two keys differ', async () => {
  const { out, in: answered } = await connect({ codec: 'PCMU', security: 'sdes' });

  void out.play(SOUND);
  await phones?.pass(200);
  await hangUpAfter(out, answered);

  const silentFrame = Buffer.alloc(160, 0xff);
  const wire = phones?.network.datagrams ?? [];
  const keys = wire.flatMap(({ bytes }) => /inline:(\S{40})/.exec(bytes.toString('latin1'))?.[1] ?? []);
  expect(wire.some(({ bytes }) => bytes.includes(silentFrame))).toBe(false);
  expect(new Set(keys).size).toBe(2);
});

test('the call is set up, acknowledged and ended with exactly these messages', async () => {
  const { out, in: answered } = await connect({});

  await out.hangUp();
  await answered.ended;
  await phones?.network.settle();

  const callee = phones?.callee.uri ?? '';
  const caller = phones?.caller.uri ?? '';
  expect(caller).toBe('sip:customer@127.0.0.2:5060');
  expect(phones?.network.sip).toEqual([
    `INVITE ${callee} SIP/2.0`,
    'SIP/2.0 100 Trying',
    'SIP/2.0 180 Ringing',
    'SIP/2.0 200 OK',
    `ACK ${callee} SIP/2.0`,
    `BYE ${callee} SIP/2.0`,
    'SIP/2.0 200 OK',
  ]);
});

test('either side may hang up, and the other learns who did', async () => {
  const { out, in: answered } = await connect({});

  await answered.hangUp();

  expect(await answered.ended).toBe('local');
  expect(await out.ended).toBe('remote');
  expect(out.isOver).toBe(true);
  expect(phones?.network.openPorts).toBe(2);
});

test('packets lost on the way are counted as missing and as sent', async () => {
  const { out, in: answered } = await connect({});
  let count = 0;
  phones!.network.lose = ({ bytes }) => bytes[0] === 0x80 && (count += 1) % 5 === 0;

  await phones?.pass(400);
  phones!.network.lose = () => false;
  await phones?.pass(40);
  await hangUpAfter(out, answered);

  const lost = out.counts.sent - answered.counts.received + (answered.counts.sent - out.counts.received);
  expect(lost).toBe(Math.floor(count / 5));
  expect(answered.counts.missing + out.counts.missing).toBe(lost);
});

test('a replayed packet, a forged one and one from elsewhere are refused by reason and never heard', async () => {
  const { out, in: answered } = await connect({});
  await phones?.pass(100);
  const real = phones!.network.datagrams.findLast(
    ({ bytes, target }) => bytes[0] === 0x80 && target.address === '127.0.0.3',
  )!;
  const forged = Buffer.from(real.bytes);
  forged.writeUInt16BE((forged.readUInt16BE(2) + 1) & 0xffff, 2);

  phones?.network.deliver(real.source, real.target, real.bytes);
  phones?.network.deliver(real.source, real.target, forged);
  phones?.network.deliver({ address: '127.0.0.9', port: 9 }, real.target, real.bytes);
  phones?.network.deliver(real.source, real.target, Buffer.from('junk'));
  await phones?.network.settle();

  expect(answered.counts.refused).toEqual({ srtp_replayed: 1, srtp_unauthentic: 1, source: 1, not_rtp: 1 });
  expect(answered.counts.received).toBe(out.counts.sent);
});

test('RTCP reports go both ways, protected like everything else', async () => {
  const { out, in: answered } = await connect({ rtcpIntervalMs: 100 });

  await phones?.pass(220);

  expect(out.counts).toMatchObject({ rtcpSent: 2, rtcpReceived: 2, refused: {} });
  expect(answered.counts).toMatchObject({ rtcpSent: 2, rtcpReceived: 2, refused: {} });
});

test('a held call sends nothing and hears nothing until it is resumed', async () => {
  const { out, in: answered } = await connect({});
  await phones?.pass(100);

  await out.changeDirection('inactive');
  const held = [out.counts, answered.counts];
  await phones?.pass(200);
  const after = [out.counts, answered.counts];
  await out.changeDirection('sendrecv');
  await phones?.pass(100);

  expect(answered.direction).toBe('sendrecv');
  expect(after).toEqual(held);
  expect(out.counts.sent).toBeGreaterThan(held[0]!.sent);
  expect(answered.counts).toMatchObject({ received: out.counts.sent, refused: {} });
});

test('a phone put on hold answers with the other half of the direction', async () => {
  const { out, in: answered } = await connect({});

  await answered.changeDirection('sendonly');

  expect(out.direction).toBe('recvonly');
  expect(answered.direction).toBe('sendonly');
});

test('phones that do not agree on codec or security refuse each other', async () => {
  phones = await TwoPhones.create({ caller: { codec: 'PCMU' }, callee: { codec: 'G722' } });
  await expect(phones.dial()).rejects.toMatchObject({ code: 'CALL_REFUSED', message: 'the call was refused with 488' });
  await phones.stop();

  phones = await TwoPhones.create({ caller: { security: 'rtp' }, callee: { security: 'sdes' } });
  await expect(phones.dial()).rejects.toMatchObject({ code: 'CALL_REFUSED' });
  await phones.network.settle();

  expect(phones.network.openPorts).toBe(2);
});

test('stopping a phone in a call says BYE, closes every port, and is allowed twice', async () => {
  const { in: answered } = await connect({});

  await phones?.caller.stop();
  await phones?.caller.stop();

  expect(await answered.ended).toBe('remote');
  expect(phones?.network.openPorts).toBe(1);
  await expect(phones?.dial()).rejects.toMatchObject({ code: 'STOPPED' });
});

test('whoever waits for the end of a recording waits no longer than the call', async () => {
  const { out } = await connect({});

  const played = out.play(SOUND, 60_000);
  await out.hangUp();

  await expect(played).resolves.toBeUndefined();
});

async function connect(choices: PhoneChoices): Promise<{ out: PhoneCall; in: PhoneCall }> {
  phones = await TwoPhones.create({ caller: choices, callee: choices });
  return phones.connect();
}

/** Lets what is under way arrive before the ports close. */
async function hangUpAfter(out: PhoneCall, answered: PhoneCall): Promise<void> {
  out.fallSilent();
  answered.fallSilent();
  await phones?.network.settle();
  await out.hangUp();
  await answered.ended;
}

function loudMs({ samples, sampleRateHz }: Wav): number {
  return (samples.filter((sample) => Math.abs(sample) > 2000).length * 1000) / sampleRateHz;
}
