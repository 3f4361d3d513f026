/** Sealed objects for tests: made as governance makes them, with the pair that opens them beside. */

import { asTenantId, newId, systemRandom, type CallId, type RandomBytes } from '../../../src/base/ids.ts';
import { SealedTurns } from '../../../src/governance/retention/sealing.ts';
import { makeKeyPair, type KeyPair } from '../../../src/governance/retention/sodium-open.ts';
import type { TranscriptTurn } from '../../../src/model/api/transcripts.ts';
import type { StoredObject } from '../../../src/store/sealed.ts';

export const NOW_MS = 1_800_000_000_000;
export const KEEP_UNTIL_MS = NOW_MS + 30 * 86_400_000;

export interface Sealed {
  readonly object: StoredObject;
  readonly pair: KeyPair;
}

export function turn(text: string, n = 0): TranscriptTurn {
  return { leg: `l_${'0'.repeat(32)}`, role: 'customer', from_ms: n * 1000, to_ms: n * 1000 + 900, text, entities: {} };
}

/** Seals these texts; without an end where the writer died. */
export function sealTexts(
  texts: readonly string[],
  how: {
    readonly pair?: KeyPair;
    readonly call?: CallId;
    readonly tenant?: string;
    readonly class?: string;
    readonly hasEnd?: boolean;
    readonly isWhole?: boolean;
    readonly random?: RandomBytes;
  } = {},
): Sealed {
  const pair = how.pair ?? makeKeyPair();
  const sealed = new SealedTurns({
    key: { tenant: asTenantId(how.tenant ?? 'acme'), version: 1, publicKey: pair.publicKey },
    call: how.call ?? newId('call'),
    class: how.class ?? 'transcript',
    openedMs: NOW_MS,
    keepUntilMs: KEEP_UNTIL_MS,
    random: how.random ?? systemRandom,
  });
  const chunks = texts.map((text, n) => sealed.sealTurn(turn(text, n))!);
  if (how.hasEnd !== false) chunks.push(sealed.sealEnd({ whole: how.isWhole ?? true }));
  sealed.drop();
  return { object: { ...sealed.row, chunks }, pair };
}
