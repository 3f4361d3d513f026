import { legPolicy } from '../../../../src/model/leg-policy.ts';
import { expect, test } from 'vitest';
import { audio, CALL, crypto, keyOf, keysIn, ONE_SUITE, Rig } from './rig.ts';

const SECURE = audio({ proto: 'RTP/SAVP', lines: [crypto(1, 'C')] });

test.each([
  ['profile_mismatch', audio({ proto: 'RTP/AVP' })],
  ['profile_mismatch', audio({ proto: 'UDP/TLS/RTP/SAVP', lines: ['a=fingerprint:sha-256 AA'] })],
  ['no_crypto', audio({ proto: 'RTP/SAVP' })],
  ['crypto_mismatch', audio({ proto: 'RTP/SAVP', lines: [crypto(2, 'D')] })],
  ['crypto_mismatch', audio({ proto: 'RTP/SAVP', lines: [crypto(1, 'D', 'AES_256_CM_HMAC_SHA1_80')] })],
  ['crypto_mismatch', audio({ proto: 'RTP/SAVP', lines: [`${crypto(1, 'D')} UNENCRYPTED_SRTP`] })],
  ['crypto_mismatch', audio({ proto: 'RTP/SAVP', lines: ['a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:short'] })],
  ['address', audio({ proto: 'RTP/SAVP', address: 'pbx.example.net', lines: [crypto(1, 'D')] })],
])('an answer that takes less than was offered (%s) closes the line and carries no media', (reason, answer) => {
  const rig = new Rig();
  rig.offered('caller', 't1', SECURE);

  const answered = rig.answered('callee', 't1', 'b1', answer);
  rig.confirm('t1', 'b1');

  expect(answered).toContain('m=audio 0 RTP/SAVP 0 8\r\n');
  expect(answered).not.toContain('a=crypto');
  expect(rig.ports.applied).toEqual([]);
  expect(rig.closedLines(reason)).toBe(1);
  expect(rig.anchor.describe(CALL).legs.every((leg) => leg.stream === undefined)).toBe(true);
});

test('a secure answer to a plain offer closes the line as well', () => {
  const rig = new Rig();
  rig.offered('caller', 't1', audio({}));

  const answered = rig.answered('callee', 't1', 'b1', SECURE);

  expect(answered).toContain('m=audio 0 RTP/AVP 0 8\r\n');
  expect(keysIn(answered)).toEqual([]);
  expect(rig.closedLines('profile_mismatch')).toBe(1);
});

test('a callee that sends our own key back is refused', () => {
  const rig = new Rig();
  const offered = rig.offered('caller', 't1', SECURE);
  const echo = audio({ proto: 'RTP/SAVP', lines: [crypto(1, 'D').replace(keyOf('D'), keysIn(offered)[0]!)] });

  const answered = rig.answered('callee', 't1', 'b1', echo);

  expect(answered).toContain('m=audio 0 RTP/SAVP');
  expect(rig.closedLines('key_reused')).toBe(1);
});

test('a re-offer with our own key is refused, and the session goes on as it was', () => {
  const rig = new Rig();
  const offered = rig.offered('caller', 't1', SECURE);
  rig.answered('callee', 't1', 'b1', audio({ proto: 'RTP/SAVP', lines: [crypto(1, 'D')] }));
  rig.confirm('t1', 'b1');
  const echo = audio({ proto: 'RTP/SAVP', lines: [crypto(1, 'D').replace(keyOf('D'), keysIn(offered)[0]!)] });

  expect(rig.offer('callee', 't2', echo, 'b1')).toMatchObject({ kind: 'reject', status: 488, reason: 'key_reused' });
  expect(rig.ports.applied).toHaveLength(1);
  expect(rig.ports.ended).toEqual([]);
});

test('a callee that turns to plain RTP cannot make the caller’s leg plain', () => {
  const rig = new Rig();
  rig.offered('caller', 't1', SECURE);
  const answered = rig.answered('callee', 't1', 'b1', audio({ proto: 'RTP/SAVP', lines: [crypto(1, 'D')] }));
  rig.confirm('t1', 'b1');

  const offered = rig.offered('callee', 't2', audio({ port: 7000 }), 'b1');

  expect(offered).toContain('RTP/SAVP 0 8');
  expect(keysIn(offered)).toEqual(keysIn(answered));
});

test('a leg that must be secure cannot re-offer plain RTP', () => {
  const rig = new Rig({
    tenant: { media: { caller: legPolicy('rtp', ONE_SUITE), callee: legPolicy('sdes', ONE_SUITE) } },
  });
  rig.offered('caller', 't1', audio({}));
  rig.answered('callee', 't1', 'b1', audio({ proto: 'RTP/SAVP', lines: [crypto(1, 'D')] }));
  rig.confirm('t1', 'b1');

  expect(rig.offer('callee', 't2', audio({}), 'b1')).toMatchObject({ kind: 'reject', status: 488 });
});

test('a secure callee’s re-offer does not ask a plain caller for keys where the callee’s profile is fixed', () => {
  const rig = new Rig({
    tenant: { media: { caller: legPolicy('as-offered', ONE_SUITE), callee: legPolicy('sdes', ONE_SUITE) } },
  });
  rig.offered('caller', 't1', audio({}));
  rig.answered('callee', 't1', 'b1', audio({ proto: 'RTP/SAVP', lines: [crypto(1, 'D')] }));
  rig.confirm('t1', 'b1');

  const offered = rig.offered('callee', 't2', audio({ proto: 'RTP/SAVP', lines: [crypto(1, 'D')] }), 'b1');

  expect(offered).toContain('RTP/AVP 0 8');
  expect(keysIn(offered)).toEqual([]);
});

test('a re-offer of plain RTP whose line was rejected leaves the leg secure under the key it had', () => {
  const rig = new Rig();
  rig.offered('caller', 't1', SECURE);
  const answer = audio({ proto: 'RTP/SAVP', lines: [crypto(1, 'D')] });
  const first = keysIn(rig.answered('callee', 't1', 'b1', answer));
  rig.offered('caller', 't2', audio({}), 'b1');
  rig.answered('callee', 't2', 'b1', audio({ port: 0, proto: 'RTP/SAVP' }));

  rig.offered('caller', 't3', SECURE, 'b1');
  const second = keysIn(rig.answered('callee', 't3', 'b1', answer));

  expect(second).toEqual(first);
});

test('an older secure answer heard again does not bring back a key that is spent', () => {
  const rig = new Rig();
  const answer = audio({ proto: 'RTP/SAVP', lines: [crypto(1, 'D')] });
  rig.offered('caller', 't1', SECURE);
  rig.answered('callee', 't1', 'b1', answer);
  rig.offered('caller', 't2', audio({}), 'b1');
  rig.answered('callee', 't2', 'b1', answer);

  rig.answered('callee', 't1', 'b1', answer);

  expect(rig.ports.last.sides.caller.sendKey).toBeNull();
});

test('a leg that was plain in between gets a new key of ours, never the spent one', () => {
  const rig = new Rig();
  const answer = audio({ proto: 'RTP/SAVP', lines: [crypto(1, 'D')] });
  rig.offered('caller', 't1', SECURE);
  const first = keysIn(rig.answered('callee', 't1', 'b1', answer));
  rig.offered('caller', 't2', audio({}), 'b1');
  rig.answered('callee', 't2', 'b1', answer);
  expect(rig.ports.last.sides.caller.sendKey).toBeNull();

  rig.offered('caller', 't3', SECURE, 'b1');
  const second = keysIn(rig.answered('callee', 't3', 'b1', answer));

  expect(second).toHaveLength(1);
  expect(second).not.toEqual(first);
});

test('a secure line cannot be closed and a plain one put in its place, whether the tenant leaves other lines or relays them', () => {
  for (const otherLines of ['leave', 'relay'] as const) {
    const rig = new Rig({ tenant: { otherLines } });
    const answer = audio({ proto: 'RTP/SAVP', lines: [crypto(1, 'D')] });
    rig.offered('caller', 't1', SECURE);
    rig.answered('callee', 't1', 'b1', answer);
    rig.confirm('t1', 'b1');
    const instead = audio({ port: 0, proto: 'RTP/SAVP', more: ['m=audio 7777 RTP/AVP 0', 'm=video 7779 RTP/SAVP 31'] });

    const offered = rig.offered('callee', 't2', instead, 'b1');
    const answered = rig.answered('caller', 't2', 'b1', instead.replace('7777', '5010'));

    expect(offered).toContain('\r\nm=audio 0 RTP/AVP 0\r\n');
    expect(answered).toContain('\r\nm=audio 0 RTP/AVP 0\r\n');
    expect(answered).not.toContain('m=video 0 ');
  }
});

test('a floor holds for every line of RTP', () => {
  const media = {
    caller: legPolicy('sdes', { ...ONE_SUITE, floor: 'srtp' }),
    callee: legPolicy('sdes', ONE_SUITE),
  } as const;
  const rig = new Rig({ tenant: { media } });
  const withVideo = (proto: string): string =>
    audio({ proto: 'RTP/SAVP', lines: [crypto(1, 'C')], more: [`m=video 5008 ${proto} 31`, 'm=image 5010 udptl t38'] });

  expect(rig.offer('caller', 't1', withVideo('RTP/AVP'))).toMatchObject({
    kind: 'reject',
    status: 488,
    reason: 'floor',
  });
  expect(rig.offer('caller', 't2', withVideo('RTP/SAVP')).kind).toBe('edit');
});
