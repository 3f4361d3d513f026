import { expect, test } from 'vitest';
import type { SrtpKey } from '../../../../src/call/media/session-state.ts';
import { SrtpSender } from '../../../../src/protocol/srtp/sender.ts';
import { createTransform } from '../../../../src/protocol/srtp/suites.ts';
import { rtpPacket } from '../../../protocol/rtp/packets.ts';
import { bytesOf, receiver, sender } from '../../../protocol/srtp/keys.ts';
import { makeParts, type TestParts } from './parts.ts';
import { rig } from './rig.ts';
import { CALLEE, CALLER, callerBranch, key, session } from './states.ts';

const bytes = (fill: number) => Buffer.alloc(30, fill);

/** A session whose caller sends with `receive` and is sent to with `send`. */
function keyed(keys: { receive: SrtpKey | null; send: SrtpKey | null }, generation: number) {
  const { receive: receiveKey, send: sendKey } = keys;
  return session({
    generation,
    caller: { sendKey, branches: [callerBranch({ receiveKey, signalingGeneration: generation })] },
  });
}

test('a re-INVITE with the same key keeps the counter and the window', () => {
  const { session: running, caller, callee, drops } = rig(keyed({ receive: key(1), send: key(2) }, 1));
  const from = sender(bytes(1));
  const wire = [65_535, 0, 1].map((sequence) => bytesOf(from.protectRtp(rtpPacket({ sequence }))));
  caller.receive(wire[0]!, CALLER);
  caller.receive(wire[1]!, CALLER);

  running.apply(keyed({ receive: key(1), send: key(2) }, 2));
  caller.receive(wire[1]!, CALLER);
  caller.receive(wire[2]!, CALLER);

  expect(callee.sent).toHaveLength(3);
  expect(drops).toEqual({ srtp_replayed: 1 });
});

test('after a new key the old one is good until the first packet under the new one', () => {
  const { session: running, caller, callee, drops } = rig(keyed({ receive: key(1), send: key(2) }, 1));
  const old = sender(bytes(1));
  const fresh = sender(bytes(7));
  const wire = [1, 2, 3].map((sequence) => bytesOf(old.protectRtp(rtpPacket({ sequence }))));
  caller.receive(wire[0]!, CALLER);

  running.apply(keyed({ receive: key(7), send: key(2) }, 2));
  caller.receive(wire[1]!, CALLER);
  caller.receive(bytesOf(fresh.protectRtp(rtpPacket({ sequence: 4 }))), CALLER);
  caller.receive(wire[2]!, CALLER);

  expect(callee.sent.map(({ bytes: packet }) => packet.readUInt16BE(2))).toEqual([1, 2, 4]);
  expect(drops).toEqual({ srtp_unauthentic: 1 });
});

test('a packet under the old key does not move the latch', () => {
  const { session: running, caller } = rig(keyed({ receive: key(1), send: null }, 1));
  const old = sender(bytes(1));
  caller.receive(bytesOf(old.protectRtp(rtpPacket({ sequence: 1 }))), CALLER);

  running.apply(keyed({ receive: key(7), send: null }, 2));
  caller.receive(bytesOf(old.protectRtp(rtpPacket({ sequence: 2 }))), { address: '203.0.113.66', port: 1 });

  expect(running.toState().sides.caller.branches[0]!.latchedRtp).toEqual(CALLER);
});

test('SRTP in flight after a change to plain is opened, and never played as noise', () => {
  const { session: running, caller, callee, drops } = rig(keyed({ receive: key(1), send: key(2) }, 1));
  const old = sender(bytes(1));
  const inFlight = bytesOf(old.protectRtp(rtpPacket({ sequence: 1 })));

  running.apply(keyed({ receive: null, send: null }, 2));
  caller.receive(inFlight, CALLER);
  caller.receive(inFlight, CALLER);
  caller.receive(rtpPacket({ sequence: 2 }), CALLER);

  expect(callee.sent.map(({ bytes: packet }) => packet)).toEqual([
    rtpPacket({ sequence: 1 }),
    rtpPacket({ sequence: 2 }),
  ]);
  expect(drops).toEqual({ srtp_replayed: 1 });
});

test('plain packets in flight after a change to SRTP are refused', () => {
  const { session: running, caller, callee, drops } = rig(keyed({ receive: null, send: null }, 1));
  caller.receive(rtpPacket({ sequence: 1 }), CALLER);
  callee.take();

  running.apply(keyed({ receive: key(1), send: key(2) }, 2));
  caller.receive(rtpPacket({ sequence: 2 }), CALLER);

  expect(callee.sent).toEqual([]);
  expect(drops).toEqual({ srtp_unauthentic: 1 });
});

test('a refused re-INVITE brings the old sending key back with all it had used', () => {
  const { session: running, caller, callee, drops } = rig(keyed({ receive: key(1), send: key(2) }, 1));
  callee.receive(rtpPacket({ sequence: 65_535 }), CALLEE);
  callee.receive(rtpPacket({ sequence: 0 }), CALLEE);
  const to = receiver(bytes(2));
  for (const { bytes: wire } of caller.take()) bytesOf(to.unprotectRtp(wire));

  running.apply(keyed({ receive: key(1), send: key(8) }, 2));
  callee.receive(rtpPacket({ sequence: 1 }), CALLEE);
  expect(receiver(bytes(8)).unprotectRtp(caller.take()[0]!.bytes)).toBeInstanceOf(Buffer);
  running.apply(keyed({ receive: key(1), send: key(2) }, 3));
  callee.receive(rtpPacket({ sequence: 0, payload: Buffer.alloc(160, 9) }), CALLEE);
  callee.receive(rtpPacket({ sequence: 2 }), CALLEE);

  const [resumed, ...more] = caller.take();
  expect(more).toEqual([]);
  expect(to.unprotectRtp(resumed!.bytes)).toEqual(rtpPacket({ sequence: 2 }));
  expect(drops).toEqual({ srtp_index_used: 1 });
});

test('a refused re-INVITE brings the old receiving key back with its counter', () => {
  const { session: running, caller, callee, drops } = rig(keyed({ receive: key(1), send: key(2) }, 1));
  const from = sender(bytes(1));
  const wire = [65_535, 0, 1].map((sequence) => bytesOf(from.protectRtp(rtpPacket({ sequence }))));
  caller.receive(wire[0]!, CALLER);
  caller.receive(wire[1]!, CALLER);

  running.apply(keyed({ receive: key(7), send: key(2) }, 2));
  running.apply(keyed({ receive: key(1), send: key(2) }, 3));
  caller.receive(wire[0]!, CALLER);
  caller.receive(wire[2]!, CALLER);

  expect(callee.sent).toHaveLength(3);
  expect(drops).toEqual({ srtp_replayed: 1 });
});

test('transforms are made by whoever is given to make them, with the identifier of the key', () => {
  const made: unknown[][] = [];
  const parts: TestParts = {
    ...makeParts(),
    createTransform: (suite, keySalt, mki) => {
      made.push([suite, keySalt.length, mki && Buffer.from(mki).toString('hex')]);
      return createTransform(suite, keySalt, mki);
    },
  };

  rig(keyed({ receive: { ...key(1), mki: '0a01' }, send: key(2) }, 1), parts);

  expect(made).toEqual([
    ['AES_CM_128_HMAC_SHA1_80', 30, undefined],
    ['AES_CM_128_HMAC_SHA1_80', 30, '0a01'],
  ]);
});

test('the same key under another identifier is another key', () => {
  const withMki = (mki: string): SrtpKey => ({ ...key(1), mki });
  const { session: running, caller, callee, drops } = rig(keyed({ receive: withMki('01'), send: null }, 1));
  const under = (mki: string) =>
    new SrtpSender(createTransform('AES_CM_128_HMAC_SHA1_80', bytes(1), Buffer.from(mki, 'hex')));
  caller.receive(bytesOf(under('01').protectRtp(rtpPacket({ sequence: 1 }))), CALLER);
  caller.receive(bytesOf(under('02').protectRtp(rtpPacket({ sequence: 2 }))), CALLER);

  running.apply(keyed({ receive: withMki('02'), send: null }, 2));
  caller.receive(bytesOf(under('02').protectRtp(rtpPacket({ sequence: 3 }))), CALLER);

  expect(callee.sent).toHaveLength(2);
  expect(drops).toEqual({ srtp_unauthentic: 1 });
});

test('a key is good for as many packets as its SDP gave it', () => {
  const short: SrtpKey = { ...key(1), lifetimePackets: 2 };
  const { caller, callee, drops } = rig(keyed({ receive: short, send: null }, 1));
  const from = sender(bytes(1));

  for (let sequence = 1; sequence <= 4; sequence++) {
    caller.receive(bytesOf(from.protectRtp(rtpPacket({ sequence }))), CALLER);
  }

  expect(callee.sent).toHaveLength(2);
  expect(drops).toEqual({ srtp_key_exhausted: 2 });
});
