import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/base/clock.ts';
import { systemRandom } from '../../../src/base/ids.ts';
import { silentLog } from '../../../src/base/log.ts';
import { createSoftphone, type Softphone } from '../../../src/demo/softphone/softphone.ts';
import { bindPair, bindUdp } from '../../../src/demo/softphone/udp-port.ts';
import { tone } from '../tone.ts';

const LOCAL = { address: '127.0.0.1', port: 0 };

test('two phones on real sockets hear each other', async () => {
  const clock = new ManualClock();
  const create = (): Promise<Softphone> =>
    createSoftphone({
      bind: { address: '127.0.0.1', sipPort: 0 },
      user: 'phone',
      media: { codec: 'G722', security: 'sdes', keepMs: 1000 },
      clock,
      random: systemRandom,
      log: silentLog,
    });
  const [caller, callee] = [await create(), await create()];

  const answered = callee.nextCall(1000);
  const out = await caller.dial({ to: callee.uri, via: callee.endpoint, deadlineMs: 1000 });
  const incoming = await answered;
  void out.play({ sampleRateHz: 16_000, samples: tone({ sampleRateHz: 16_000, lengthMs: 100 }) });
  for (let packet = 0; packet < 9; packet += 1) clock.advance(20);
  while (incoming.counts.received < 10 || out.counts.received < 10) await new Promise(setImmediate);
  await caller.stop();

  expect(await incoming.ended).toBe('remote');
  expect(incoming.counts).toMatchObject({ received: 10, missing: 0, refused: {} });
  expect(incoming.recording.samples.some((sample) => Math.abs(sample) > 5000)).toBe(true);
  await callee.stop();
});

test('media ports come in pairs, an even one first', async () => {
  const pairs = await Promise.all(
    Array.from({ length: 8 }, () =>
      bindPair({ bind: bindUdp, address: '127.0.0.1', onRtp: () => undefined, onRtcp: () => undefined }),
    ),
  );

  expect(pairs.every(({ rtp, rtcp }) => rtp.port % 2 === 0 && rtcp.port === rtp.port + 1)).toBe(true);
  await Promise.all(pairs.flatMap(({ rtp, rtcp }) => [rtp.close(), rtcp.close()]));
});

test('a taken port is refused with its code', async () => {
  const port = await bindUdp(LOCAL, () => undefined);

  await expect(bindUdp({ ...LOCAL, port: port.port }, () => undefined)).rejects.toMatchObject({ code: 'EADDRINUSE' });

  await port.close();
});

test('what was sent just before closing still goes out, and nothing after it', async () => {
  const heard: string[] = [];
  const listening = await bindUdp(LOCAL, (bytes) => heard.push(bytes.toString()));
  const port = await bindUdp(LOCAL, () => undefined);

  port.send(Buffer.from('last words'), listening);
  await port.close();
  await port.close();
  port.send(Buffer.from('too late'), listening);
  while (heard.length === 0) await new Promise(setImmediate);

  expect(heard).toEqual(['last words']);
  await listening.close();
});
