import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { SignedMedia } from '../../../src/model/call.ts';
import type { RoutingSnapshot } from '../../../src/model/routing.ts';
import { applySplices } from '../../../src/protocol/splice.ts';
import { editSdp, findSdp } from '../../../src/call/signaling/offer-answer-body.ts';
import { Anchor } from '../../../src/call/signaling/anchor/anchor.ts';
import { Metrics } from '../../../src/base/metrics.ts';
import { asRequest } from '../../protocol/sip/messages.ts';
import { countingRandom, FakePorts, pair } from './anchor/rig.ts';
import { ANSWER, PBX, respond, ROUTES, Stage, startLine } from './stage.ts';

const FOLDER = new URL('../../vectors/sip/', import.meta.url);

function load(path: string): Buffer {
  return readFileSync(new URL(path, FOLDER));
}

const SIGNED: Readonly<Record<string, SignedMedia>> = {
  'passport-mky': 'passport_mky',
  'passport-mky-second': 'passport_mky',
  'passport-compact': 'passport_mky',
  'passport-unreadable': 'passport_mky',
  rfc4474: 'rfc4474',
  'auth-int': 'auth_int',
  'smime-signed': 'smime',
  'smime-sealed': 'smime',
};

test('every fixture of signed SDP is in the table below, and every other is known not to be signed', () => {
  const names = readdirSync(new URL('signed/', FOLDER)).map((name) => name.replace('.sip', ''));

  expect(names.filter((name) => !name.startsWith('none-')).sort()).toEqual(Object.keys(SIGNED).sort());
});

test.each(Object.entries(SIGNED))(
  'SDP under %s passes by untouched, its answer too, and the call says why',
  async (name, kind) => {
    const { stage, ports } = await open('bypass');
    const invite = load(`signed/${name}.sip`);

    const [forwarded] = onwards(stage, invite);
    const [ok] = stage.fromInside(respond(forwarded!, 200, { tag: 'bob1', sdp: ANSWER }));

    expect(bodyOf(forwarded?.text)).toBe(bodyOf(invite.toString('latin1')));
    expect(bodyOf(ok?.text)).toBe(ANSWER);
    expect(ports.ready).toBe(2);
    expect(stage.facts[0]).toMatchObject({ media: 'bypass', signedMedia: kind });
  },
);

test.each(Object.keys(SIGNED))('SDP under %s is refused with 403 where the tenant says so', async (name) => {
  const { stage } = await open('reject');

  const sent = stage.fromCarrier(load(`signed/${name}.sip`));

  expect(sent.map(startLine).filter((line) => !line.includes(' 100 '))).toEqual(['SIP/2.0 403 Forbidden']);
});

test.each(['none-shaken', 'none-shaken-compact', 'none-auth'])(
  'SDP under no signature (%s) is anchored, and what signs the rest leaves byte for byte',
  async (name) => {
    const { stage } = await open('reject');
    const invite = load(`signed/${name}.sip`).toString('latin1');
    const line = /^(Identity|Authorization):.*\r\n/m.exec(invite)?.[0] ?? 'none';

    const [forwarded] = onwards(stage, invite);

    expect(forwarded?.text).toContain('m=audio 40004 RTP/AVP 0\r\nc=IN IP4 10.9.9.9\r\n');
    expect(forwarded?.text).toContain(line);
    expect(stage.facts[0]).not.toHaveProperty('signedMedia');
  },
);

test.each(['isup', 'lengths', 'nested', 'early-session'])(
  'an offer in one part of several (%s) is anchored in place, and all else of the body stays',
  async (name) => {
    const { stage } = await open('bypass');
    const invite = load(`multipart/${name}.sip`).toString('latin1');

    const [forwarded] = onwards(stage, invite);

    const grown = (value: string): string => String(Number(value) + 'c=IN IP4 10.9.9.9\r\n'.length + 1);
    const expected = bodyOf(invite)
      .replace('m=audio 4000 RTP/AVP 0\r\n', 'm=audio 40004 RTP/AVP 0\r\nc=IN IP4 10.9.9.9\r\n')
      .replace(/(?<=Content-Length: )\d+/g, grown);
    expect(bodyOf(forwarded?.text)).toBe(expected);
    expect(forwarded?.text).toContain(`Content-Length: ${expected.length}\r\n`);
  },
);

test.each(['ambiguous', 'boundary', 'encoded', 'end', 'length', 'part', 'too_deep', 'too_many'])(
  'a body that cannot be taken apart (%s) leaves as it came, and is counted',
  async (what) => {
    const { stage, ports } = await open('reject');
    const invite = load(`multipart/bad-${what}.sip`);

    const [forwarded] = onwards(stage, invite);
    const [ok] = stage.fromInside(respond(forwarded!, 200, { tag: 'bob1', sdp: ANSWER }));

    expect(bodyOf(forwarded?.text)).toBe(bodyOf(invite.toString('latin1')));
    expect(bodyOf(ok?.text)).toBe(ANSWER);
    expect(ports.ready).toBe(2);
    expect(stage.count('earshot_sip_events_total', { event: `body_multipart_${what}` })).toBe(1);
  },
);

test('an INVITE whose parts hold no description waits for an offer, which is anchored', async () => {
  const { stage } = await open('bypass');
  const [forwarded] = onwards(stage, load('multipart/none-recording.sip'));

  const [ok] = stage.fromInside(respond(forwarded!, 200, { tag: 'bob1', sdp: ANSWER }));

  expect(bodyOf(ok?.text)).toContain('m=audio 40002 ');
});

test('edits of a description that is the whole body are edits of the body', () => {
  const request = asRequest(load('signed/none-auth.sip'));
  const body = findSdp(request);
  if (body.kind !== 'sdp') throw new Error('expected SDP');

  const edited = applySplices(request.head.bytes, editSdp(request, body, [{ at: 0, remove: 0, insert: 'xy' }]));

  expect(edited.toString('latin1')).toMatch(new RegExp(`Content-Length: ${request.body.length + 2}\r\n\r\nxyv=0`));
});

async function open(onSignedMedia: 'bypass' | 'reject'): Promise<{ readonly stage: Stage; readonly ports: FakePorts }> {
  const ports = new FakePorts([pair(1, 'outside'), pair(2, 'inside')]);
  const stage = await Stage.open({}, new Anchor({ ports, random: countingRandom(), metrics: new Metrics() }));
  const tenants = ROUTES.tenants.map((tenant) => ({ ...tenant, onSignedMedia }));
  stage.signaling.setRoutes({ ...ROUTES, tenants } satisfies RoutingSnapshot);
  return { stage, ports };
}

function onwards(stage: Stage, message: Buffer | string): ReturnType<Stage['fromCarrier']> {
  return stage.fromCarrier(message).filter(({ to }) => to.address === PBX.address);
}

function bodyOf(text: string | undefined): string {
  return text?.slice(text.indexOf('\r\n\r\n') + 4) ?? '';
}

test('a signaling-only tenant’s bodies are not looked at, signed or not', async () => {
  const { stage, ports } = await open('reject');
  const tenants = ROUTES.tenants.map((tenant) => ({ ...tenant, mediaMode: 'signaling-only' as const }));
  stage.signaling.setRoutes({ ...ROUTES, tenants });
  const invite = load('signed/passport-mky.sip');

  const [forwarded] = onwards(stage, invite);
  const [ok] = stage.fromInside(respond(forwarded!, 200, { tag: 'bob1', sdp: ANSWER }));

  expect(bodyOf(forwarded?.text)).toBe(bodyOf(invite.toString('latin1')));
  expect(bodyOf(ok?.text)).toBe(ANSWER);
  expect(stage.facts[0]?.media).toBe('none');
  expect(ports.ready).toBe(2);
});
