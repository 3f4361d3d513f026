import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { editedLines } from '../../../src/protocol/sip/edited-lines.ts';
import {
  appendRoute,
  decrementMaxForwards,
  editBody,
  insertRecordRoutes,
  keepListValues,
  popVia,
  pushVia,
  replaceRequestUri,
} from '../../../src/protocol/sip/edits.ts';
import { listValues } from '../../../src/protocol/sip/list-values.ts';
import { markReceived } from '../../../src/protocol/sip/reply-address.ts';
import { SignalingDigest } from '../../../src/protocol/sip/signaling-digest.ts';
import type { SignalingNote } from '../../../src/protocol/sip/signaling-digest.ts';
import { asRequest, asResponse, invite, message, SDP } from './messages.ts';

function note(changes: Partial<SignalingNote> = {}): SignalingNote {
  return { direction: 'in', wallMs: 1_800_000_000_000, bytes: Buffer.from('INVITE'), ...changes };
}

function digestOf(notes: readonly SignalingNote[]): string {
  const digest = new SignalingDigest();
  for (const one of notes) digest.note(one);
  return digest.summary().digest;
}

test('whoever kept the messages can compute the digest from what is written here', () => {
  const bytes = Buffer.from('INVITE sip:a@b SIP/2.0');
  const edits = 'max-forwards,sdp:c,via';
  const sha256 = (...parts: Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
  const came = Buffer.from('00' + '000001a3185c5000' + '00000016' + '0000', 'hex');
  const left = Buffer.from('01' + '000001a3185c5001' + '00000016' + '0016', 'hex');
  const first = sha256(Buffer.alloc(32), came, bytes);
  const second = sha256(first, left, bytes, Buffer.from(edits));

  const digest = digestOf([
    note({ bytes }),
    note({ bytes, direction: 'out', wallMs: 1_800_000_000_001, edits: ['via', 'sdp:c', 'max-forwards'] }),
  ]);

  expect(digest).toBe(second.toString('hex'));
});

test('a summary in between changes nothing of the next', () => {
  const digest = new SignalingDigest();
  digest.note(note());
  digest.summary();
  digest.note(note());

  expect(digest.summary().digest).toBe(digestOf([note(), note()]));
});

test('a digest goes on from its summary as if it had never been put away', () => {
  const [before, whole] = [new SignalingDigest(), new SignalingDigest()];
  const edited = note({ direction: 'out', edits: ['via', 'sdp:m'] });
  before.note(edited);
  const after = new SignalingDigest(before.summary());
  after.note(edited);
  for (let count = 0; count < 2; count += 1) whole.note(edited);

  expect(after.summary()).toEqual(whole.summary());
});

test.each([
  ['another byte', { bytes: Buffer.from('INVITF') }],
  ['a byte less', { bytes: Buffer.from('INVIT') }],
  ['the other direction', { direction: 'out' as const }],
  ['another time', { wallMs: 1_800_000_000_001 }],
  ['an edit that was kept quiet', { edits: ['via'] }],
])('%s makes another digest', (_name, changes) => {
  expect(digestOf([note(changes)])).not.toBe(digestOf([note()]));
});

test('order counts, and where one message ends cannot be moved', () => {
  const [a, b] = [note({ bytes: Buffer.from('ab') }), note({ bytes: Buffer.from('c') })];
  const moved = [note({ bytes: Buffer.from('a') }), note({ bytes: Buffer.from('bc') })];

  expect(new Set([digestOf([a, b]), digestOf([b, a]), digestOf(moved)]).size).toBe(3);
});

test('messages and edits are counted by line, and a caller cannot make us remember without end', () => {
  const digest = new SignalingDigest();
  digest.note(note({ direction: 'out', edits: ['via', 'sdp:m'] }));
  digest.note(note({ direction: 'out', edits: ['via'] }));
  expect(digest.summary()).toMatchObject({ messages: 2, edits: { via: 2, 'sdp:m': 1 } });

  for (let count = 0; count < 1000; count += 1) digest.note(note({ edits: [`made-up-${count}`] }));

  const { messages, edits } = digest.summary();
  expect(messages).toBe(1002);
  expect(Object.keys(edits)).toHaveLength(32);
  expect(edits['other']).toBe(1000 - 29);
});

const INVITE = asRequest(
  invite({
    extra: ['Route: <sip:a@b;lr>, <sip:c@d;lr>', 'Content-Type: application/sdp', 'X-Odd: 1'],
    body: SDP,
  }),
);

test.each([
  ['our Via', [pushVia(INVITE, { sentBy: 'h:5060', branch: 'z9hG4bKx', transport: 'udp' })], ['via']],
  ['what we know of the sender', markReceived(INVITE.topVia, { address: '192.0.2.99', port: 1 }), ['via']],
  ['one hop fewer', [decrementMaxForwards(INVITE)], ['max-forwards']],
  ['our Record-Route', [insertRecordRoutes(INVITE, ['sip:x@y;lr', 'sip:x@z;lr'])], ['record-route']],
  ['a Route that was ours', keepListValues(listValues(INVITE.head, 'route'), 1, 2), ['route']],
  ['both Routes taken off', keepListValues(listValues(INVITE.head, 'route'), 2, 2), ['route']],
  ['a Route put in', [appendRoute(INVITE, 'sip:x@y')], ['route']],
  ['another Request-URI', [replaceRequestUri(INVITE, 'sip:x@y')], ['request-line']],
  [
    'an address in the SDP',
    editBody(INVITE.head, [{ at: SDP.indexOf('192.0.2.10\r\nt='), remove: 10, insert: '198.51.100.1' }]),
    ['sdp:c', 'content-length'],
  ],
  ['a port in the SDP', editBody(INVITE.head, [{ at: SDP.indexOf('4000'), remove: 4, insert: '9999' }]), ['sdp:m']],
  [
    'a line put into the SDP',
    editBody(INVITE.head, [{ at: SDP.length, remove: 0, insert: 'a=ptime:20\r\n' }]),
    ['sdp:a', 'content-length'],
  ],
  ['the first line of the SDP', editBody(INVITE.head, [{ at: 0, remove: 1, insert: 'v' }]), ['sdp:v']],
  ['nothing', [], []],
])('%s is named for the line it touches', (_name, splices, names) => {
  expect(editedLines(INVITE.head, splices)).toEqual(names);
});

test('our Via taken off a response is an edit of its Via', () => {
  const lines = [
    'Via: SIP/2.0/UDP a;branch=z9hG4bKx',
    'From: <sip:a@b>;tag=1',
    'To: <sip:c@d>;tag=2',
    'Call-ID: x',
    'CSeq: 1 BYE',
  ];
  const response = asResponse(message(['SIP/2.0 200 OK', ...lines]));

  expect(editedLines(response.head, [popVia(response)])).toEqual(['via']);
});

test('whatever the splices, the names are lines of the message or of ours', () => {
  const splice = fc.record({
    at: fc.integer({ min: 0, max: INVITE.head.bytes.length }),
    remove: fc.integer({ min: 0, max: 20 }),
    insert: fc.oneof(fc.string(), fc.constant('X-Ours: 1\r\n')),
  });
  fc.assert(
    fc.property(fc.array(splice, { maxLength: 5 }), (splices) => {
      const names = editedLines(INVITE.head, splices);

      expect(new Set(names).size).toBe(names.length);
      for (const name of names) expect(name.startsWith('sdp:') ? name.length : 1).toBeLessThanOrEqual(9);
    }),
  );
});
