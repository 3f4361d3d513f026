import fc from 'fast-check';
import { expect, test } from 'vitest';
import { asProcessorId, asTenantId, newId } from '../../src/base/ids.ts';
import { createNarrator } from '../../src/demo/narrate.ts';
import type { EarshotEvent } from '../../src/governance/insights/events.ts';

const call = newId('call');
const stream = newId('stream');
const leg = newId('leg');
const tenant = asTenantId('acme');
const assist = asProcessorId('assist');
const plain = createNarrator({ colour: false });

const EVENTS: readonly EarshotEvent[] = [
  { kind: 'call', call, tenant, state: 'started' },
  {
    kind: 'decision',
    call,
    tenant,
    entrypoint: 'stream',
    allow: true,
    code: 'allowed',
    reasons: [{ rule: 'raw_audio_in_region', clause: 'dpa-4' }],
    processor: assist,
    modality: 'audio',
  },
  {
    kind: 'decision',
    call,
    tenant,
    entrypoint: 'emit',
    allow: false,
    code: 'policy_deadline',
    reasons: [],
    subscriber: 'local',
  },
  { kind: 'lease', call, tenant, processor: assist, stream, state: 'opened', throughMs: 30_000, bytes: 0 },
  { kind: 'lease', call, tenant, processor: assist, stream, state: 'renewed', throughMs: 60_000, bytes: 5 },
  { kind: 'lease', call, tenant, processor: assist, stream, state: 'closed', throughMs: 12_340, bytes: 394_880 },
  { kind: 'segment', call, tenant, leg, stream, processor: assist, final: true, chars: 12, startMs: 0, endMs: 10 },
  {
    kind: 'release',
    call,
    tenant,
    leg,
    role: 'customer',
    processor: assist,
    release: newId('release'),
    text: 'my card number is [CARD_1]',
    entities: { CARD: 1 },
  },
  {
    kind: 'insight',
    call,
    tenant,
    processor: assist,
    insight: newId('insight'),
    text: 'Be kind.',
    entities: {},
    lateMs: 1500,
  },
  { kind: 'partial', call, tenant, leg, role: 'customer', text: 'my name is', startMs: 0, endMs: 10 },
  {
    kind: 'insight',
    call,
    tenant,
    processor: assist,
    insight: newId('insight'),
    text: 'Greet ann and [NAME_2].',
    entities: {},
    restored: { NAME: 1 },
    notRestored: 1,
  },
  { kind: 'gap', call, tenant, stream, reason: 'tap_overflow', fromMs: 1000, toMs: 2500, processor: assist },
  { kind: 'condition', name: 'ledger_unavailable', state: 'raised' },
  { kind: 'call', call, tenant, state: 'ended', reason: 'bye' },
];

test('the end of a condition is told only to whoever was told of its beginning', () => {
  const narrator = createNarrator({ colour: false });
  const event = (state: string) => narrator.event({ kind: 'condition', name: 'ledger.unavailable', state });

  expect(event('cleared')).toEqual([]);
  expect(event('raised')).toEqual(['condition  ledger.unavailable raised']);
  expect(event('cleared')).toEqual(['condition  ledger.unavailable cleared']);
  expect(event('cleared')).toEqual([]);
});

test('each of Earshot’s events becomes at most one line that says who, what and why', () => {
  expect(EVENTS.flatMap((event) => plain.event(event))).toEqual([
    'call       started, tenant acme',
    'allow      stream assist audio: raw_audio_in_region (dpa-4)',
    'deny       emit local: policy_deadline',
    'lease      assist may hear up to 30.0 s',
    'lease      assist heard 394880 bytes up to 12.3 s',
    'released   customer → assist: my card number is [CARD_1] (taken out: 1 CARD)',
    'answer     assist: Be kind. (1.5 s late)',
    'saying     customer: my name is …',
    'answer     assist: Greet ann and [NAME_2]. (put back: 1 NAME; not known any more: 1)',
    'gap        tap_overflow, 1.0 s to 2.5 s, for assist',
    'condition  ledger_unavailable raised',
    'call       ended: bye, tenant acme',
  ]);
});

test('what the demo adds is labelled, the recogniser by its kind', () => {
  expect([
    plain.heard('pay my bill', 'scripted'),
    plain.rtp({ sent: 10, received: 9, lost: 1 }),
    plain.ledger(1),
    plain.verified(true),
    plain.verified(false),
  ]).toEqual([
    'heard      pay my bill (scripted)',
    'rtp        sent 10, received 9, lost 1',
    'ledger     1 entry',
    'verified   the evidence holds',
    'verified   no: the evidence does not hold',
  ]);
});

test('colours change nothing but the label', () => {
  const [line] = createNarrator({ colour: true }).event(EVENTS[0]);

  expect(line).toBe('\u001b[34mcall      \u001b[0m started, tenant acme');
});

test('no text from outside can move the cursor, break the line or hide itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (said) => {
      const text = `\u001b[2J\r\n\u202e${said}`;
      const lines = [
        plain.heard(text, 'pocketsphinx'),
        ...plain.event({ kind: 'insight', processor: text.slice(0, 9), text }),
      ];

      expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(lines.every((line) => line.length < 600)).toBe(true);
    }),
  );
});

test('what is no event is passed over', () => {
  for (const junk of [undefined, null, 7, 'call', [], {}, { kind: 'call' }, { kind: 'unheard_of' }]) {
    expect(plain.event(junk)).toEqual([]);
  }
});
