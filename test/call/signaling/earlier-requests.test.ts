import { expect, test } from 'vitest';
import { ANSWER, CARRIER, OFFER, recordRoutes, request, respond, routeLines, Stage } from './stage.ts';

/** The process died and came back, with the calls that its last life left as the mirror holds them. */
async function die(stage: Stage): Promise<void> {
  const { signaling } = stage;
  const left = [...signaling.callIds()].map((call) => JSON.stringify(signaling.callState(call)));
  await stage.restart();
  for (const state of left) stage.signaling.restoreCall(JSON.parse(state));
  stage.events.length = stage.anchor.notes.length = 0;
}

function inDialog(method: string, ok: { readonly text: string }, sdp?: string): string {
  return request(method, {
    cseq: 2,
    branch: `z9hG4bK${method}`,
    toTag: 'bob1',
    uri: 'sip:bob@10.0.0.20',
    extra: routeLines(recordRoutes(ok).reverse()),
    ...(sdp === undefined ? {} : { sdp }),
  });
}

test('a call that rang is answered with our media, and is a call from then on', async () => {
  const stage = await Stage.open();
  const invite = stage.invite();
  stage.fromInside(respond(invite, 180, { tag: 'bob1' }));
  await die(stage);

  const [ok] = stage.fromInside(respond(invite, 200, { tag: 'bob1', sdp: ANSWER }));

  expect(ok).toMatchObject({ to: CARRIER });
  expect(ok?.text).toContain('m=audio 60000');
  expect(stage.anchor.notes).toEqual(['answer callee caller:INVITE:1: [bob1]', 'confirm caller:INVITE:1: [bob1]']);
  expect(stage.events).toEqual(['changed confirmed']);
  const [bye] = stage.fromCarrier(inDialog('BYE', ok!));
  stage.fromInside(respond(bye!, 200));
  expect(stage.events).toEqual(['changed confirmed', 'ended bye']);
});

test('its answer that is repeated is repeated as it was, and means nothing more', async () => {
  const stage = await Stage.open();
  const invite = stage.invite();
  await die(stage);
  const answer = respond(invite, 200, { tag: 'bob1', sdp: ANSWER });
  const [first] = stage.fromInside(answer);

  const [again] = stage.fromInside(answer);

  expect(again?.text).toBe(first?.text);
  expect(stage.events).toEqual(['changed confirmed']);
});

test('a 2xx that is repeated after its dialog ended does not bring the call back', async () => {
  const stage = await Stage.open();
  const { invite } = stage.establish();
  const second = respond(invite, 200, { tag: 'bob2', sdp: ANSWER });
  stage.fromInside(second);
  await die(stage);
  const [bye] = stage.fromCarrier(inDialog('BYE', stage.fromInside(second)[0]!));
  stage.fromInside(respond(bye!, 200));
  stage.anchor.notes.length = 0;

  stage.fromInside(respond(invite, 200, { tag: 'bob1', sdp: ANSWER }));

  expect(stage.anchor.notes.filter((note) => note.startsWith('confirm'))).toEqual([]);
});

test('a call that rang is refused, and nothing is left of it', async () => {
  const stage = await Stage.open();
  const invite = stage.invite();
  await die(stage);

  const [refusal] = stage.fromInside(respond(invite, 486, { tag: 'bob1' }));

  expect(refusal).toMatchObject({ to: CARRIER });
  expect(stage.anchor.notes).toEqual(['refuse caller:INVITE:1:', 'end']);
  expect(stage.events).toEqual(['ended refused']);
  expect(stage.signaling.stats().calls).toBe(0);
  // It is repeated until its ACK, and we have nothing more to say of it.
  expect(stage.fromInside(respond(invite, 486, { tag: 'bob1' }))).toHaveLength(1);
});

test('a call that rang and is taken back ends with its 487, not with the 200 to the CANCEL', async () => {
  const stage = await Stage.open();
  const invite = stage.invite();
  await die(stage);
  const [cancel] = stage.fromCarrier(request('CANCEL'));

  stage.fromInside(respond(cancel!, 200, { tag: 'bob1' }));
  expect(stage.signaling.stats().calls).toBe(1);
  stage.fromInside(respond(invite, 487, { tag: 'bob1' }));

  expect(stage.signaling.stats().calls).toBe(0);
});

test('a call that goes on ringing for ever is given up, and one that was answered is not', async () => {
  const stage = await Stage.open();
  stage.invite();
  await die(stage);
  stage.advance(190_000);
  expect(stage.signaling.stats().calls).toBe(1);
  stage.advance(20_000);
  expect(stage.events).toEqual(['ended swept']);

  const answered = await Stage.open();
  const invite = answered.invite();
  await die(answered);
  answered.fromInside(respond(invite, 200, { tag: 'bob1', sdp: ANSWER }));
  answered.advance(400_000);

  expect(answered.signaling.stats().calls).toBe(1);
});

test('the answer to a re-INVITE from before gets our media, and its refusal takes the offer back', async () => {
  const stage = await Stage.open();
  const { ok } = stage.establish();
  const sent = stage.fromCarrier(inDialog('INVITE', ok, OFFER)).at(-1)!;
  await die(stage);

  const [answered] = stage.fromInside(respond(sent, 200, { sdp: ANSWER }));
  stage.fromInside(respond(sent, 488));

  expect(answered?.text).toContain('m=audio 60000');
  expect(stage.anchor.notes).toEqual([
    'answer callee caller:INVITE:2:bob1 [bob1]',
    'confirm caller:INVITE:2:bob1 [bob1]',
    'refuse caller:INVITE:2:bob1',
  ]);
  expect(stage.signaling.stats().calls).toBe(1);
});

test('a BYE that was under way ends its call when it is answered, unless it must come again with credentials', async () => {
  const stage = await Stage.open();
  const { ok } = stage.establish();
  const [bye] = stage.fromCarrier(inDialog('BYE', ok));
  await die(stage);

  stage.fromInside(respond(bye!, 407));
  expect(stage.signaling.stats().calls).toBe(1);
  stage.fromInside(respond(bye!, 200));

  expect(stage.events).toEqual(['ended bye']);
});

test('a response that fits no question of ours changes no call', async () => {
  const stage = await Stage.open();
  const invite = stage.invite();
  await die(stage);
  const asAnother = respond(invite, 200, { tag: 'bob1', sdp: ANSWER }).replace('CSeq: 1 INVITE', 'CSeq: 1 UPDATE');
  const forged = respond(invite, 486, { tag: 'bob1' }).replace(/z9hG4bKe00[0-9a-f]{24}/, `z9hG4bKe00${'a'.repeat(24)}`);

  stage.fromInside(asAnother);
  stage.fromInside(forged);

  expect(stage.anchor.notes).toEqual([]);
  expect(stage.events).toEqual([]);
});

test('what a busy call asked is kept for its last few questions alone', async () => {
  const stage = await Stage.open();
  const { ok } = stage.establish();
  for (let cseq = 2; cseq < 40; cseq += 1) {
    const [options] = stage.fromCarrier(
      inDialog('OPTIONS', ok).replace('CSeq: 2', `CSeq: ${cseq}`).replace('z9hG4bKOPTIONS', `z9hG4bK${cseq}`),
    );
    stage.fromInside(respond(options!, 200));
  }
  const [call] = [...stage.signaling.callIds()];

  const state = stage.signaling.callState(call!) as { readonly asked: { readonly $map: readonly unknown[] } };

  expect(state.asked.$map).toHaveLength(8);
});
