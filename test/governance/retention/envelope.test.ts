import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newId, systemRandom } from '../../../src/base/ids.ts';
import { chunkBinding, commitToKey, lengthPrefixed, type Sealing } from '../../../src/governance/retention/envelope.ts';
import { makeKeyPair } from '../../../src/governance/retention/sodium-open.ts';
import { openObject } from '../../../src/reader/open-object.ts';
import type { StoredObject } from '../../../src/store/sealed.ts';
import { sealTexts, turn } from './sealed.ts';

const TEXTS = ['hello i would like to pay', 'my card number is [CARD_1]', 'thank you'];
const CANARY = 'the quick brown fox';

test('what was sealed opens, turn by turn and whole', () => {
  const { object, pair } = sealTexts(TEXTS);

  const opened = openObject(object, pair);

  expect(opened).toEqual({ kind: 'opened', turns: TEXTS.map(turn), hasEnd: true, isWhole: true });
});

test('nothing that is stored holds a word of what was said', () => {
  const { object } = sealTexts([CANARY]);

  const stored = Buffer.concat([object.wrap, object.header, object.key_commit, ...object.chunks.map((c) => c.bytes)]);

  expect(stored.includes('quick')).toBe(false);
  expect(stored.includes('customer')).toBe(false);
});

test('an object whose writer died opens as far as it goes, and is not whole', () => {
  const { object, pair } = sealTexts(TEXTS, { hasEnd: false });

  expect(openObject(object, pair)).toMatchObject({ kind: 'opened', hasEnd: false, isWhole: false });
});

test('an end that says turns were lost is an end, and not the whole', () => {
  const { object, pair } = sealTexts(TEXTS, { isWhole: false });

  expect(openObject(object, pair)).toMatchObject({ kind: 'opened', hasEnd: true, isWhole: false });
});

test('every field an object is bound to, changed, makes it refuse to open', () => {
  const { object, pair } = sealTexts(TEXTS);
  const flipped = (bytes: Buffer): Buffer => Buffer.from(bytes.map((byte, at) => (at === 3 ? byte ^ 1 : byte)));
  const changes: Partial<StoredObject>[] = [
    { envelope: 2 },
    { tenant: 'globex' },
    { call: newId('call') },
    { sealed: newId('sealed') },
    { class: 'audit' },
    { opened_ms: object.opened_ms - 1 },
    { keep_until_ms: object.keep_until_ms + 1 },
    { key_commit: flipped(object.key_commit) },
    { wrap: flipped(object.wrap) },
    { header: flipped(object.header) },
    { header: object.header.subarray(1) },
  ];

  const answers = changes.map((change) => {
    const changed = { ...object, ...change };
    const chunks = changed.chunks.map((chunk) => ({ ...chunk, sealed: changed.sealed, tenant: changed.tenant }));
    return openObject({ ...changed, chunks }, pair).kind;
  });

  expect(answers).toEqual(changes.map(() => 'refused'));
});

test('any bit of any chunk, changed, makes the whole object refuse to open', () => {
  const { object, pair } = sealTexts(TEXTS);
  const bits = fc.tuple(fc.nat(object.chunks.length - 1), fc.nat(), fc.nat(7));

  fc.assert(
    fc.property(bits, ([n, place, bit]) => {
      const chunks = object.chunks.map((chunk, at) => {
        if (at !== n) return chunk;
        const bytes = Buffer.from(chunk.bytes);
        bytes[place % bytes.length]! ^= 1 << bit;
        return { ...chunk, bytes };
      });
      return openObject({ ...object, chunks }, pair).kind === 'refused';
    }),
    { numRuns: 200 },
  );
});

test('chunks left out, repeated, or in another order are refused, however they are numbered', () => {
  const { object, pair } = sealTexts(TEXTS);
  const [a, b, c, end] = object.chunks as [Chunk, Chunk, Chunk, Chunk];
  const orders: Chunk[][] = [
    [b, a, c, end],
    [a, c, end],
    [a, a, b, c, end],
    [a, b, end, c],
    [end],
    [a, b, c, end, end],
    [a, b, c, end, a],
  ];

  for (const chunks of orders) {
    const renumbered = chunks.map((chunk, n) => ({ ...chunk, n }));
    expect(openObject({ ...object, chunks }, pair).kind).toBe('refused');
    expect(openObject({ ...object, chunks: renumbered }, pair).kind).toBe('refused');
  }
});

test('an end that is said to be none, or a turn said to be the end, is refused', () => {
  const { object, pair } = sealTexts(TEXTS);
  const said = (n: number, isFinal: boolean): StoredObject => ({
    ...object,
    chunks: object.chunks.map((chunk, at) => (at === n ? { ...chunk, is_final: isFinal } : chunk)),
  });

  expect(openObject(said(3, false), pair)).toEqual({ kind: 'refused', why: 'ending' });
  expect(openObject(said(0, true), pair)).toEqual({ kind: 'refused', why: 'ending' });
});

test('chunks of another object are refused: of another call, tenant or class, and of a second one of the same', () => {
  const pair = makeKeyPair();
  const call = newId('call');
  const { object } = sealTexts(TEXTS, { pair, call });
  const others = [
    sealTexts(TEXTS, { pair }),
    sealTexts(TEXTS, { pair, call, tenant: 'globex' }),
    sealTexts(TEXTS, { pair, call, class: 'audit' }),
    sealTexts(TEXTS, { pair, call }),
  ];

  for (const other of others) {
    const chunks = other.object.chunks.map((chunk) => ({ ...chunk, sealed: object.sealed, tenant: object.tenant }));
    const { wrap, header, key_commit } = other.object;
    expect(openObject({ ...object, chunks }, pair).kind).toBe('refused');
    // Even with everything that belongs to them.
    expect(openObject({ ...object, chunks, wrap, header, key_commit }, pair).kind).toBe('refused');
  }
});

test('a wrap of another data key is refused before anything is decrypted', () => {
  const pair = makeKeyPair();
  const [{ object }, other] = [sealTexts(TEXTS, { pair }), sealTexts(TEXTS, { pair })];

  expect(openObject({ ...object, wrap: other.object.wrap }, pair)).toEqual({ kind: 'refused', why: 'commitment' });
});

test('the pair of another tenant opens nothing', () => {
  const { object } = sealTexts(TEXTS);

  expect(openObject(object, makeKeyPair())).toEqual({ kind: 'refused', why: 'wrap' });
});

test('commitments of two keys are never the same', () => {
  const commitments = Array.from({ length: 64 }, () => Buffer.from(commitToKey(systemRandom(32))).toString('hex'));

  expect(new Set(commitments).size).toBe(64);
});

test('no two lists of fields are bound by the same bytes', () => {
  const fields = fc.array(fc.string({ maxLength: 6 }), { minLength: 1, maxLength: 6 });

  fc.assert(
    fc.property(fields, fields, (one, other) => {
      const isSame = lengthPrefixed(one).equals(lengthPrefixed(other));
      return isSame === (JSON.stringify(one) === JSON.stringify(other));
    }),
  );
});

test('every chunk of an object is bound to a place of its own', () => {
  const sealing: Sealing = {
    tenant: 'acme',
    call: newId('call'),
    sealed: newId('sealed'),
    class: 'transcript',
    openedMs: 0,
    keepUntilMs: 1,
    commitment: systemRandom(32),
  };

  const bindings = [0, 1, 255, 256, 2 ** 32, 2 ** 53 - 1].map((n) => chunkBinding(sealing, 'turns', n).toString('hex'));

  expect(new Set(bindings).size).toBe(6);
});

test('what any turn says comes back as it was', () => {
  const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 200 }), { maxLength: 5 });
  const pair = makeKeyPair();

  fc.assert(
    fc.property(texts, (said) => {
      const opened = openObject(sealTexts(said, { pair }).object, pair);
      return opened.kind === 'opened' && JSON.stringify(opened.turns) === JSON.stringify(said.map(turn));
    }),
    { numRuns: 50 },
  );
});

type Chunk = StoredObject['chunks'][number];
