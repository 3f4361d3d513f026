import { expect, test } from 'vitest';
import type { LegPolicy } from '../../../../src/model/leg-policy.ts';
import { legPolicy } from '../../../../src/model/leg-policy.ts';
import { audio, CALL, crypto, FINGERPRINT, fingerprint, keysIn, ONE_SUITE, pair, Rig } from './rig.ts';

const OURS = `a=fingerprint:sha-256 ${FINGERPRINT}`;

function dtls(
  setup: string,
  over: { readonly print?: string; readonly port?: number; readonly lines?: string[] } = {},
): string {
  const { print = 'AB', port = 5004, lines = [] } = over;
  return audio({ port, proto: 'UDP/TLS/RTP/SAVP', lines: [`a=setup:${setup}`, fingerprint(print), ...lines] });
}

function rigOf(caller: LegPolicy, callee: LegPolicy): Rig {
  return new Rig({ tenant: { media: { caller, callee } } });
}

test('a DTLS leg is offered actpass under our certificate, and answered active; neither side sees the other’s', () => {
  const rig = new Rig();

  const offered = rig.offered('caller', 't1', dtls('actpass'));
  const answered = rig.answered('callee', 't1', 'b1', dtls('active', { print: 'CD' }));

  expect(offered).toContain('m=audio 40004 UDP/TLS/RTP/SAVP 0 8');
  expect(offered.match(/^a=(setup|fingerprint).*$/gm)).toEqual(['a=setup:actpass', OURS]);
  expect(answered.match(/^a=(setup|fingerprint).*$/gm)).toEqual(['a=setup:active', OURS]);
  const { caller, callee } = rig.ports.last.sides;
  expect(caller.branches[0]?.dtls).toMatchObject({ role: 'active', association: 1, keys: null });
  expect(callee.branches[0]?.dtls).toMatchObject({ role: 'passive', association: 1 });
  expect(caller.branches[0]?.dtls?.fingerprints[0].value).toMatch(/^AB:/);
  expect(callee.branches[0]?.dtls?.fingerprints[0].value).toMatch(/^CD:/);
  expect([caller.sendKey, callee.sendKey, caller.branches[0]?.receiveKey]).toEqual([null, null, null]);
  expect(rig.anchor.describe(CALL).legs.map((leg) => leg.stream?.secure)).toEqual([true, true]);
});

test.each([
  ['actpass', 'active'],
  ['passive', 'active'],
  ['active', 'passive'],
])('to an offer of setup:%s we answer %s', (asked, ours) => {
  const rig = rigOf(legPolicy('dtls'), legPolicy('rtp'));

  rig.offered('caller', 't1', dtls(asked));
  const answered = rig.answered('callee', 't1', 'b1', audio({}));

  expect(answered).toContain(`a=setup:${ours}\r\n`);
  expect(answered).toContain('m=audio 40002 UDP/TLS/RTP/SAVP');
  expect(rig.ports.last.sides.caller.branches[0]?.dtls?.role).toBe(ours);
});

test.each([
  ['no_fingerprint', audio({ proto: 'UDP/TLS/RTP/SAVP', lines: ['a=setup:active'] })],
  ['no_fingerprint', dtls('active').replace('sha-256', 'sha-999')],
  ['setup', dtls('actpass')],
  ['setup', dtls('holdconn')],
  ['profile_mismatch', audio({ proto: 'RTP/SAVP', lines: [crypto(1, 'D')] })],
  ['profile_mismatch', audio({})],
])('an answer that takes less than DTLS (%s) closes the line and carries no media', (reason, answer) => {
  const rig = new Rig();
  rig.offered('caller', 't1', dtls('actpass'));

  const answered = rig.answered('callee', 't1', 'b1', answer);

  expect(answered).toContain('m=audio 0 UDP/TLS/RTP/SAVP');
  expect(answered).not.toMatch(/a=(setup|fingerprint|crypto)/);
  expect(rig.closedLines(reason)).toBe(1);
  expect(rig.ports.applied).toEqual([]);
});

test('keys in the SDP of a DTLS offer or answer are nobody’s', () => {
  const rig = new Rig();

  const offered = rig.offered('caller', 't1', dtls('actpass', { lines: [crypto(1, 'C')] }));
  const answered = rig.answered('callee', 't1', 'b1', dtls('active', { lines: [crypto(1, 'D')] }));

  expect([...keysIn(offered), ...keysIn(answered)]).toEqual([]);
  expect(rig.ports.last.sides.callee.sendKey).toBeNull();
});

test('the same offer again leaves the same and keeps the association, whatever role the peer’s answer took', () => {
  const rig = new Rig();
  const first = rig.offered('caller', 't1', dtls('actpass'));
  const firstAnswer = rig.answered('callee', 't1', 'b1', dtls('passive', { print: 'CD' }));
  rig.confirm('t1', 'b1');

  const second = rig.offered('caller', 't2', dtls('actpass'), 'b1');
  const secondAnswer = rig.answered('callee', 't2', 'b1', dtls('passive', { print: 'CD' }));

  expect([second, secondAnswer]).toEqual([first, firstAnswer]);
  expect(rig.ports.applied).toHaveLength(1);
});

test('a callee that re-offers actpass is answered in the role its association has', () => {
  const rig = new Rig();
  rig.offered('caller', 't1', dtls('actpass'));
  rig.answered('callee', 't1', 'b1', dtls('active', { print: 'CD' }));
  rig.confirm('t1', 'b1');

  rig.offered('callee', 't2', dtls('actpass', { print: 'CD' }), 'b1');
  const answered = rig.answered('caller', 't2', 'b1', dtls('passive'));

  expect(answered).toContain('a=setup:passive\r\n');
  expect(rig.ports.last.sides.callee.branches[0]?.dtls).toMatchObject({ role: 'passive', association: 1 });
});

test('another certificate, another role or another tls-id asks for another association; another address does not', () => {
  const rig = new Rig();
  const id = (text: string): string[] => [`a=tls-id:${text.repeat(20)}`];
  const associations: (number | undefined)[] = [];
  const steps = [
    dtls('actpass', { lines: id('a') }),
    dtls('actpass', { lines: id('a'), port: 5010 }),
    dtls('actpass', { lines: id('a'), print: 'AC' }),
    dtls('active', { lines: id('a'), print: 'AC' }),
    dtls('active', { lines: id('b'), print: 'AC' }),
  ];
  for (const [index, offer] of steps.entries()) {
    rig.offered('caller', `t${index}`, offer, index === 0 ? '' : 'b1');
    rig.answered('callee', `t${index}`, 'b1', dtls('active', { print: 'CD' }));
    rig.confirm(`t${index}`, 'b1');
    associations.push(rig.ports.last.sides.caller.branches[0]?.dtls?.association);
  }

  expect(associations).toEqual([1, 1, 2, 3, 4]);
  expect(rig.ports.last.sides.callee.branches[0]?.dtls?.association).toBe(1);
});

test('we name our association only to who named one, by the same name until there is another', () => {
  const rig = new Rig();
  const named = (transaction: string, letter: string): string | undefined => {
    const lines = letter === '' ? [] : [`a=tls-id:${letter.repeat(20)}`];
    const offered = rig.offered('caller', transaction, dtls('actpass', { lines }), transaction === 't1' ? '' : 'b1');
    expect(offered).not.toContain('tls-id');
    const answered = rig.answered('callee', transaction, 'b1', dtls('active', { print: 'CD' }));
    rig.confirm(transaction, 'b1');
    return /a=tls-id:(\S+)/.exec(answered)?.[1];
  };

  const [none, first, same, other] = [named('t1', ''), named('t2', 'a'), named('t3', 'a'), named('t4', 'b')];

  expect(none).toBeUndefined();
  expect(first).toMatch(/^[A-Za-z0-9_-]{20,255}$/);
  expect(same).toBe(first);
  expect(other).not.toBe(first);
});

test('without DTLS here an offer of it is passed by or refused, and a callee that must have it refuses the call', () => {
  const bypassing = new Rig({ dtls: false });
  const media = { caller: legPolicy('rtp'), callee: legPolicy('dtls') };
  const refusing = new Rig({ dtls: false, tenant: { media, onMediaUnavailable: 'reject' } });

  expect(bypassing.offer('caller', 't1', dtls('actpass'))).toEqual({ kind: 'untouched', reason: 'dtls_unavailable' });
  expect(refusing.offer('caller', 't1', audio({}))).toMatchObject({ status: 488, reason: 'dtls_unavailable' });
});

test('a DTLS leg takes the suites that have a DTLS profile, and a floor of 256 bits leaves it one of them', () => {
  const open = new Rig({ tenant: { media: { caller: legPolicy('dtls'), callee: legPolicy('rtp') } } });
  const floor = legPolicy('dtls', { floor: 'srtp-256' });
  const strict = rigOf(floor, legPolicy('rtp'));
  for (const rig of [open, strict]) {
    rig.offered('caller', 't1', dtls('actpass'));
    rig.answered('callee', 't1', 'b1', audio({}));
  }
  const weak = rigOf(legPolicy('dtls', { floor: 'srtp-256', ...ONE_SUITE }), legPolicy('rtp'));

  const suites = [open, strict].map((rig) => rig.ports.last.sides.caller.branches[0]?.dtls?.suites);
  expect(suites).toEqual([['AEAD_AES_256_GCM', 'AEAD_AES_128_GCM', 'AES_CM_128_HMAC_SHA1_80'], ['AEAD_AES_256_GCM']]);
  expect(weak.offer('caller', 't1', dtls('actpass'))).toMatchObject({ status: 488, reason: 'floor' });
});

test('a leg that goes from SDES to DTLS and back has fresh keys and a fresh association each time', () => {
  const rig = new Rig();
  const keyed = audio({ proto: 'RTP/SAVP', lines: [crypto(1, 'C')] });
  const swap = (transaction: string, offer: string): string => {
    rig.offered('caller', transaction, offer, transaction === 't1' ? '' : 'b1');
    const answered = rig.answered('callee', transaction, 'b1', audio({ proto: 'RTP/SAVP', lines: [crypto(1, 'D')] }));
    rig.confirm(transaction, 'b1');
    return answered;
  };

  const first = keysIn(swap('t1', keyed));
  const toDtls = swap('t2', dtls('actpass'));
  const held = rig.ports.last.sides.caller;
  const second = keysIn(swap('t3', keyed));
  swap('t4', dtls('actpass'));

  expect(toDtls).toContain(OURS);
  expect([held.sendKey, held.branches[0]?.receiveKey, held.branches[0]?.dtls?.association]).toEqual([null, null, 1]);
  expect(second).toHaveLength(1);
  expect(second).not.toEqual(first);
  expect(rig.ports.last.sides.caller.branches[0]?.dtls?.association).toBe(2);
  // The other side asked for nothing of it: its leg is as it was.
  expect(rig.ports.last.sides.callee).toEqual({ ...rig.ports.applied[0]?.sides.callee });
});

test('each branch of a fork has an association of its own, and answerers that are not DTLS do not make it plain', () => {
  const rig = new Rig({ pairs: [pair(1, 'outside'), pair(2, 'inside')] });
  rig.offered('caller', 't1', dtls('actpass'));

  rig.answered('callee', 't1', 'b1', dtls('active', { print: 'C1', port: 7000 }));
  rig.answered('callee', 't1', 'b2', dtls('passive', { print: 'C2', port: 7100 }));
  rig.answered('callee', 't1', 'b3', audio({ port: 7200 }));

  const branches = rig.ports.last.sides.callee.branches.slice(0, 2);
  expect(branches.map(({ dtls: branch }) => [branch?.role, branch?.fingerprints[0].value.slice(0, 2)])).toEqual([
    ['passive', 'C1'],
    ['active', 'C2'],
  ]);
  expect(rig.closedLines('profile_mismatch')).toBe(1);
});
