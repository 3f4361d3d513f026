import { expect, test } from 'vitest';
import { rtpPacket } from '../../../protocol/rtp/packets.ts';
import { clientHello } from './fake-dtls.ts';
import { rig } from './rig.ts';
import { branch, CALLEE, CALLEE_STREAM, CALLER, callerBranch, calleeBranch, OTHER_LEG, session } from './states.ts';

const opaque = { ...session(), mode: 'opaque' } as const;

test('whatever it is passes as it came, on the port it came to', () => {
  const { caller, callee, callerRtcp, calleeRtcp, drops, started } = rig(opaque);
  const packets = [
    Buffer.from('any bytes at all'),
    Buffer.of(0, 1, 0, 0),
    clientHello(1),
    Buffer.of(16, 0, 0, 0, 0x5a, 0x52, 0x54, 0x50),
    rtpPacket({ payloadType: 101 }),
    Buffer.of(0x90),
  ];

  for (const packet of packets) caller.receive(packet, CALLER);
  for (const packet of packets) calleeRtcp.receive(packet, { ...CALLEE, port: CALLEE.port + 1 });

  expect(callee.sent).toEqual(packets.map((bytes) => ({ bytes, to: CALLEE })));
  expect(callerRtcp.sent).toEqual(packets.map((bytes) => ({ bytes, to: { ...CALLER, port: CALLER.port + 1 } })));
  expect(drops).toEqual({});
  expect(started).toEqual([]);
});

test('only from where SDP says', () => {
  const { caller, callee, drops, session: running } = rig(opaque);

  caller.receive(rtpPacket(), { address: '203.0.113.66', port: CALLER.port });
  caller.receive(rtpPacket(), { ...CALLER, port: 4444 });
  caller.receive(rtpPacket(), { ...CALLER, port: 5555 });

  expect(callee.sent).toHaveLength(1);
  expect(drops).toEqual({ source_refused: 2 });
  expect(running.stats(false).sides.caller).toMatchObject({ received: 1, dropped: 2 });
});

test('behind NAT from who speaks first', () => {
  const natted = { address: '203.0.113.7', port: 50_000 };
  const state = session({ caller: { branches: [callerBranch({ nat: true })] } });
  const { caller, callee, drops } = rig({ ...state, mode: 'opaque' });

  caller.receive(Buffer.from('hello'), natted);
  caller.receive(Buffer.from('hello'), { address: '203.0.113.66', port: 1 });
  callee.receive(Buffer.from('hello'), CALLEE);

  expect(caller.sent.map(({ to }) => to)).toEqual([natted]);
  expect(drops).toEqual({ source_refused: 1 });
});

test('of a fork the active branch alone', () => {
  const other = { address: '198.51.100.3', port: 7000 };
  const branches = [calleeBranch(), branch(other, { leg: OTHER_LEG })];
  const { caller, callee, drops } = rig({ ...session({ callee: { branches } }), mode: 'opaque' });

  callee.receive(Buffer.from('active'), CALLEE);
  callee.receive(Buffer.from('early'), other);

  expect(caller.sent.map(({ bytes }) => bytes.toString())).toEqual(['active']);
  expect(drops).toEqual({ inactive_branch: 1 });
});

test('nobody may listen, and who listened before must stop', () => {
  const { session: running } = rig(session());
  expect(running.findStream(CALLEE_STREAM)).toBeDefined();

  const over = running.apply({ ...opaque, generation: 2 });

  expect(over.map(({ stream }) => stream)).toContain(CALLEE_STREAM);
  expect(running.findStream(CALLEE_STREAM)).toBeUndefined();
});

test('nowhere to send to is counted', () => {
  const held = session({ callee: { branches: [calleeBranch({ remoteRtp: { address: '0.0.0.0', port: 9 } })] } });
  const { caller, callee, drops } = rig({ ...held, mode: 'opaque' });

  caller.receive(Buffer.from('x'), CALLER);

  expect(callee.sent).toEqual([]);
  expect(drops).toEqual({ no_destination: 1 });
});
