import { expect, test } from 'vitest';
import { audio, CALL, Rig } from './rig.ts';

const PLAIN = audio({});

test('a signaling-only tenant’s SDP is never looked at: no port, no edit, and no media of ours', () => {
  const rig = new Rig({ tenant: { mediaMode: 'signaling-only' } });

  expect(rig.offer('caller', 't1', 'not even sdp')).toEqual({ kind: 'untouched', reason: 'signaling_only' });
  expect(rig.answer('callee', 't1', 'b1', PLAIN)).toMatchObject({ kind: 'untouched' });
  rig.confirm('t1', 'b1');
  expect(rig.anchor.describe(CALL).media).toBe('none');
  expect(rig.ports.ready).toBe(2);
});

test('a call whose SDP is signed passes by for its whole life, and says under which signature', () => {
  const rig = new Rig();

  expect(rig.offer('caller', 't1', PLAIN, '', 'passport_mky')).toEqual({
    kind: 'untouched',
    reason: 'signed_sdp:passport_mky',
  });
  expect(rig.answer('callee', 't1', 'b1', PLAIN)).toMatchObject({ kind: 'untouched' });
  expect(rig.offer('callee', 't2', PLAIN, 'b1')).toEqual({ kind: 'untouched', reason: 'signed_sdp:passport_mky' });
  expect(rig.anchor.describe(CALL)).toMatchObject({ media: 'bypass', signedMedia: 'passport_mky' });
  expect(rig.ports.ready).toBe(2);
});

test('signed SDP is refused with 403 where the tenant says so, and in the middle of an anchored call', () => {
  const refusing = new Rig({ tenant: { onSignedMedia: 'reject' } });
  const anchored = new Rig();
  anchored.offered('caller', 't1', PLAIN);
  anchored.answered('callee', 't1', 'b1', PLAIN);

  expect(refusing.offer('caller', 't1', PLAIN, '', 'auth_int')).toEqual({
    kind: 'reject',
    status: 403,
    phrase: 'Forbidden',
    reason: 'signed_sdp:auth_int',
  });
  expect(anchored.offer('callee', 't2', PLAIN, 'b1', 'rfc4474')).toMatchObject({ kind: 'reject', status: 403 });
  expect(anchored.anchor.describe(CALL)).toMatchObject({ media: 'anchored' });
  expect(anchored.ports.applied).toHaveLength(1);
});
