import { expect, test } from 'vitest';
import { ANSWER, CARRIER, INSIDE, OUTSIDE, PBX, request, respond, SPARE, Stage, startLine, STRANGER } from './stage.ts';

const US = `sip:bob@${OUTSIDE.address}:${OUTSIDE.port}`;
const NO_DIALOG = 'SIP/2.0 481 Call/Transaction Does Not Exist';

/** A request in the dialog from a caller that ignored our Record-Route: no Route, and our address for a target. */
function unrouted(method: string, changes: Parameters<typeof request>[1] = {}): string {
  return request(method, { uri: US, toTag: 'bob1', cseq: 2, branch: `z9hG4bK${method}`, ...changes });
}

test('a caller that ignores Record-Route has its ACK and BYE carried to who answered, and the call ends with them', async () => {
  const stage = await Stage.open();
  stage.establish();

  const [ack] = stage.fromCarrier(unrouted('ACK', { cseq: 1 }));
  const [bye] = stage.fromCarrier(unrouted('BYE'));
  const [ok] = bye ? stage.fromInside(respond(bye, 200)) : [];

  expect([ack, bye]).toMatchObject([
    { from: INSIDE, to: PBX },
    { from: INSIDE, to: PBX },
  ]);
  expect(startLine(bye)).toBe(`BYE ${US} SIP/2.0`);
  expect(ok).toMatchObject({ from: OUTSIDE, to: CARRIER });
  expect(stage.events.at(-1)).toBe('ended bye');
});

test('it goes to the next hop that answered, not to the one that is first in the route', async () => {
  const stage = await Stage.open();
  const sent = stage.fromInside(respond(stage.invite(), 503, { tag: 'x' }));
  const invite = sent.find(({ to }) => to.address === SPARE.address) ?? fail();
  stage.fromInside(respond(invite, 200, { tag: 'bob1', sdp: ANSWER }), SPARE);

  const [bye] = stage.fromCarrier(unrouted('BYE'));

  expect(bye).toMatchObject({ from: INSIDE, to: SPARE });
});

test('an offer in it is anchored like any other', async () => {
  const stage = await Stage.open();
  stage.establish();

  const sent = stage.fromCarrier(unrouted('INVITE', { sdp: ANSWER.replace('6000', '4000') }));

  expect(sent.find(({ to }) => to.address === PBX.address)?.text).toContain('m=audio 40000 ');
  expect(stage.anchor.notes.at(-1)).toBe('offer caller caller:INVITE:2:bob1 [bob1]');
});

test('without Route only the caller of a living call gets through, and only to us', async () => {
  const stage = await Stage.open();
  stage.establish();
  const neighbour = { ...CARRIER, address: '192.0.2.11' };

  const refused = [
    stage.fromCarrier(unrouted('BYE', { toTag: 'bob2', branch: 'z9hG4bK1' })),
    stage.fromCarrier(unrouted('BYE', { branch: 'z9hG4bK2' }).replace('tag=alice1', 'tag=mallory')),
    stage.fromCarrier(unrouted('BYE', { branch: 'z9hG4bK3' }).replace('Call-ID: call-1', 'Call-ID: call-2')),
    stage.fromCarrier(unrouted('BYE', { branch: 'z9hG4bK4', uri: 'sip:bob@10.9.9.9' })),
    stage.fromCarrier(unrouted('BYE', { branch: 'z9hG4bK5', extra: ['Route: <sip:203.0.113.1;lr>'] })),
    ...[neighbour, STRANGER].map((source) => {
      stage.network.deliver(source, OUTSIDE, unrouted('BYE', { branch: 'z9hG4bK6' }));
      return stage.network.take();
    }),
  ];

  expect(refused.map((sent) => sent.map(startLine))).toEqual(refused.map(() => [NO_DIALOG]));
  expect(stage.signaling.liveCalls()).toHaveLength(1);
});

test('once the call is over, or forgotten in a restart, nothing without Route is carried', async () => {
  const stage = await Stage.open();
  stage.establish();
  const [bye] = stage.fromCarrier(unrouted('BYE'));
  stage.fromInside(respond(bye ?? fail(), 200));
  const [late] = stage.fromCarrier(unrouted('BYE', { cseq: 3, branch: 'z9hG4bKlate' }));
  const restarted = await Stage.open();
  restarted.establish();
  await restarted.restart();
  const [afterwards] = restarted.fromCarrier(unrouted('BYE'));

  expect([late, afterwards].map(startLine)).toEqual([NO_DIALOG, NO_DIALOG]);
});

test('before anybody answered there is no dialog to be in', async () => {
  const stage = await Stage.open();
  const invite = stage.invite();
  stage.fromInside(respond(invite, 180, { tag: 'bob1' }));

  const [update] = stage.fromCarrier(unrouted('UPDATE'));

  expect(startLine(update)).toBe(NO_DIALOG);
});

function fail(): never {
  throw new Error('nothing was sent');
}
