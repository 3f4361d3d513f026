import { expect, test } from 'vitest';
import { SignalingDigest } from '../../../src/protocol/sip/signaling-digest.ts';
import type { SignalingNote } from '../../../src/protocol/sip/signaling-digest.ts';
import type { Sent } from './fake-network.ts';
import { ANSWER, CARRIER, OFFER, PBX, recordRoutes, request, respond, routeLines, Stage } from './stage.ts';

/** What an observer on the wire computes, who saw every byte come and go and was told what was edited. */
class Observer {
  readonly digest = new SignalingDigest();
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  came(text: string): void {
    this.#note({ direction: 'in', bytes: Buffer.from(text, 'latin1') });
  }

  left(sent: Sent | undefined, edits: readonly string[] = []): void {
    this.#note({ direction: 'out', bytes: sent?.bytes ?? Buffer.alloc(0), edits });
  }

  #note(note: Omit<SignalingNote, 'wallMs'>): void {
    this.digest.note({ ...note, wallMs: this.#stage.clock.wallMs() });
  }
}

test('at its end a call accounts for every message that passed, and for every line that was edited', async () => {
  const stage = await Stage.open();
  const observer = new Observer(stage);
  const offered = request('INVITE', { sdp: OFFER });
  const [, invite] = stage.fromCarrier(offered);
  observer.came(offered);
  observer.left(invite, ['via', 'record-route', 'max-forwards', 'sdp:m', 'content-length']);
  stage.clock.advance(20);
  const answered = respond(invite!, 200, { tag: 'bob1', sdp: ANSWER });
  const [ok] = stage.fromInside(answered);
  observer.came(answered);
  observer.left(ok, ['via', 'sdp:m', 'content-length']);
  const inDialog = { toTag: 'bob1', uri: 'sip:bob@10.0.0.20:5060', extra: routeLines(recordRoutes(ok!)) };
  const acknowledged = request('ACK', inDialog);
  const [ack] = stage.fromCarrier(acknowledged);
  observer.came(acknowledged);
  observer.left(ack, ['via', 'max-forwards', 'route']);
  stage.clock.advance(3000);
  const ended = request('BYE', { ...inDialog, cseq: 2, branch: 'z9hG4bKbye' });
  const [bye] = stage.fromCarrier(ended);
  observer.came(ended);
  observer.left(bye, ['via', 'max-forwards', 'route']);
  const confirmed = respond(bye!, 200);
  const [last] = stage.fromInside(confirmed);
  observer.came(confirmed);
  observer.left(last, ['via']);

  expect(stage.accounts).toEqual([observer.digest.summary()]);
  expect(stage.accounts[0]).toMatchObject({
    messages: 10,
    edits: { via: 5, 'max-forwards': 3, 'record-route': 1, route: 2, 'sdp:m': 2 },
  });
});

test('what is only between two hops is not in it: 100, repetitions, the ACK of a refusal', async () => {
  const stage = await Stage.open();
  const invite = stage.invite();
  stage.fromCarrier(request('INVITE', { sdp: OFFER }));
  stage.fromInside(respond(invite, 100));
  stage.advance(500);

  stage.fromInside(respond(invite, 486, { tag: 'bob1' }));
  stage.fromInside(respond(invite, 486, { tag: 'bob1' }));
  stage.fromCarrier(request('ACK', { toTag: 'bob1' }));

  expect(stage.accounts.map(({ messages }) => messages)).toEqual([4]);
});

test('a CANCEL is in it, as it came and as we said it, and so is our own refusal', async () => {
  const stage = await Stage.open();
  const invite = stage.invite();
  stage.fromInside(respond(invite, 180, { tag: 'bob1' }));
  const cancelled = stage.fromCarrier(request('CANCEL'));
  stage.fromInside(respond(invite, 487, { tag: 'bob1' }));

  expect(cancelled.map(({ to }) => to)).toContainEqual(PBX);
  // INVITE, 180 and 487 in and out, CANCEL in and out.
  expect(stage.accounts.map(({ messages }) => messages)).toEqual([8]);
});

test('a call that found nobody accounts for its INVITE, each try and our refusal', async () => {
  const stage = await Stage.open();
  stage.invite();

  stage.advance(60_000);

  expect(stage.events.at(-1)).toBe('ended timeout');
  expect(stage.accounts.map(({ messages }) => messages)).toEqual([4]);
});

test('two calls have two accounts', async () => {
  const stage = await Stage.open();
  const sent = ['one', 'two'].flatMap((branch) =>
    stage.fromCarrier(request('INVITE', { sdp: OFFER, branch: `z9hG4bK${branch}` })),
  );

  for (const invite of sent.filter(({ to }) => to.address !== CARRIER.address))
    stage.fromInside(respond(invite, 486, { tag: 'b' }));

  expect(stage.accounts).toHaveLength(2);
  expect(stage.accounts[0]?.digest).not.toBe(stage.accounts[1]?.digest);
});
