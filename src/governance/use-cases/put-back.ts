/**
 * Gives a redacted answer its values back, of the types that policy lets its subscriber see. They are known to this call's
 * memory alone: what is not there any more stays a pseudonym, and is counted.
 */

import type { EntityType } from '../../model/transcript.ts';
import type { LiveCall } from './live-calls.ts';
import type { Deps } from './ports.ts';

export interface PutBackText {
  readonly text: string;
  /** By type; absent where there was nothing to put back. */
  readonly restored?: Record<EntityType, number> | undefined;
  readonly notRestored?: number | undefined;
}

/** A value's name as it is written in its place: `[NAME_1]`, `[CARD_1 …1111]`. */
const PSEUDONYM = /\[([A-Za-z][A-Za-z0-9_.-]{0,63}?)_\d{1,9}(?: …\d{4})?\]/gu;

/** An answer made of nothing but pseudonyms must not grow without end. */
const MAX_TEXT_CHARS = 32 * 1024;

/** Never rejects; when redaction does not answer in time the text stays as it is. */
export async function putBack(
  deps: Deps,
  call: LiveCall,
  text: string,
  types: readonly EntityType[],
): Promise<PutBackText> {
  const named = [...text.matchAll(PSEUDONYM)].filter(([, type]) => type !== undefined && types.includes(type));
  if (named.length === 0) return { text };
  const back = await deps.redaction.restore(call.call, text, types);
  if (back.kind === 'withheld' || back.text.length > MAX_TEXT_CHARS) return { text, notRestored: named.length };
  const { restored, unknown } = back;
  return {
    text: back.text,
    ...(Object.keys(restored).length === 0 ? {} : { restored: { ...restored } }),
    ...(unknown === 0 ? {} : { notRestored: unknown }),
  };
}
