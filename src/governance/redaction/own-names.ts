/**
 * The names this call gave to its values, where they stand in an answer: whoever repeats one says nothing new, so it is
 * left as it is. A name that nobody was given is text like any other.
 */

import type { TextRange } from '../../model/transcript.ts';
import type { CallMemory } from './call-memory.ts';
import { linkableToken, type LinkKey } from './linkable-token.ts';
import { lastFour } from './renderer.ts';

const NAME = /\[([A-Z][A-Z_]*)_(?:([1-9][0-9]{0,8})(?: …([0-9]{4}))?|([a-z0-9]{1,8}\.[a-z2-7]{16}))\]/g;

export function ownNames(text: string, memory: CallMemory, linkKey: LinkKey | undefined): readonly TextRange[] {
  const places: TextRange[] = [];
  let tokens: ReadonlySet<string> | undefined;
  for (const { 0: name, 1: type = '', 2: number, 3: four, 4: token, index: start } of text.matchAll(NAME)) {
    if (token !== undefined) tokens ??= tokensOf(memory, linkKey);
    const isOwn = token === undefined ? isKnown(memory, type, Number(number), four) : tokens?.has(`${type}_${token}`);
    if (isOwn === true) places.push({ start, end: start + name.length });
  }
  return places;
}

function isKnown(memory: CallMemory, type: string, number: number, four: string | undefined): boolean {
  const known = memory.values.named(type, number);
  return known !== undefined && (four === undefined || lastFour(known) === four);
}

function tokensOf(memory: CallMemory, linkKey: LinkKey | undefined): ReadonlySet<string> {
  if (linkKey === undefined) return new Set();
  const whole = memory.values.all().filter(({ isWhole }) => isWhole);
  return new Set(whole.map(({ type, value }) => `${type}_${linkableToken(type, value, linkKey) ?? ''}`));
}
