/**
 * Opens one sealed object, or says which of its promises is broken. The first one broken ends it: nothing is given of an
 * object that is not what was sealed, because a part of it would be taken for the whole.
 */

import { constantTimeEqual, wipe } from '../base/bytes.ts';
import { decodeEnding, decodeTurn } from '../governance/retention/chunk-content.ts';
import {
  chunkBinding,
  commitToKey,
  ENVELOPE_VERSION,
  purposeKey,
  type Sealing,
} from '../governance/retention/envelope.ts';
import { OpenStream, openSealed, type KeyPair } from '../governance/retention/sodium-open.ts';
import { KEY_BYTES, STREAM_HEADER_BYTES } from '../governance/retention/sodium.ts';
import type { TranscriptTurn } from '../model/api/transcripts.ts';
import type { SealedChunkRow } from '../store/schema.ts';
import type { StoredObject } from '../store/sealed.ts';

/**
 * `envelope`: of a version we do not know. `wrap`: not sealed to this pair. `commitment`: another data key than it was
 * made with. `order`: a chunk is missing or stands twice. `chunk`: changed, or of another object, call, tenant, class or
 * place. `content`: no writer of ours says such a thing. `ending`: the last chunk is not the last, or miscounts.
 */
export type Breach = 'envelope' | 'wrap' | 'commitment' | 'order' | 'chunk' | 'content' | 'ending';

export type OpenedObject =
  | {
      readonly kind: 'opened';
      readonly turns: readonly TranscriptTurn[];
      /** Whether the writer sealed its end. */
      readonly hasEnd: boolean;
      /** Whether it has an end, and nothing was lost before it. */
      readonly isWhole: boolean;
    }
  | { readonly kind: 'refused'; readonly why: Breach };

export function openObject(object: StoredObject, pair: KeyPair): OpenedObject {
  if (object.envelope !== ENVELOPE_VERSION) return refuse('envelope');
  const dataKey = openSealed(object.wrap, pair);
  if (dataKey?.length !== KEY_BYTES) return refuse('wrap');
  try {
    // Before anything is decrypted: without it one ciphertext could be made to say two things under two keys.
    if (!constantTimeEqual(commitToKey(dataKey), object.key_commit)) return refuse('commitment');
    if (object.header.length !== STREAM_HEADER_BYTES) return refuse('chunk');
    return openTurns(object, dataKey);
  } finally {
    wipe(dataKey);
  }
}

function openTurns(object: StoredObject, dataKey: Uint8Array): OpenedObject {
  const turnsKey = purposeKey(dataKey, 'turns');
  const stream = new OpenStream(turnsKey, object.header);
  wipe(turnsKey);
  try {
    return readChunks(object, stream);
  } finally {
    stream.end();
  }
}

function readChunks(object: StoredObject, stream: OpenStream): OpenedObject {
  const sealing = sealingOf(object);
  const turns: TranscriptTurn[] = [];
  for (const [n, chunk] of object.chunks.entries()) {
    if (chunk.n !== n) return refuse('order');
    const opened = stream.pull(chunk.bytes, chunkBinding(sealing, 'turns', n));
    if (opened === undefined || !isOf(chunk, object)) return refuse('chunk');
    if (opened.isFinal !== chunk.is_final) return refuse('ending');
    if (opened.isFinal) {
      const ending = decodeEnding(opened.message);
      const isLast = n === object.chunks.length - 1;
      if (!isLast || ending?.turns !== turns.length) return refuse('ending');
      return { kind: 'opened', turns, hasEnd: true, isWhole: ending.whole };
    }
    const turn = decodeTurn(opened.message);
    wipe(opened.message);
    if (turn === undefined) return refuse('content');
    turns.push(turn);
  }
  return { kind: 'opened', turns, hasEnd: false, isWhole: false };
}

function isOf(chunk: SealedChunkRow, object: StoredObject): boolean {
  return chunk.sealed === object.sealed && chunk.tenant === object.tenant;
}

function sealingOf(object: StoredObject): Sealing {
  const { tenant, call, sealed, opened_ms: openedMs, keep_until_ms: keepUntilMs, key_commit: commitment } = object;
  return { tenant, call, sealed, class: object.class, openedMs, keepUntilMs, commitment };
}

function refuse(why: Breach): OpenedObject {
  return { kind: 'refused', why };
}
