/** Splices that put, replace or take away one whole line of a description, with the line end that it uses. */

import type { Splice } from '../splice.ts';
import type { MediaSection, Sdp, SdpLine, SdpSection } from './description.ts';

export function insertLine(sdp: Sdp, section: SdpSection, at: number, text: string): Splice {
  const last = section.lines.at(-1);
  const isUnended = last !== undefined && at === last.next && last.next === last.end;
  return { at, remove: 0, insert: isUnended ? `${sdp.eol}${text}` : `${text}${sdp.eol}` };
}

/** None where it says just that already. */
export function replaceLine(line: SdpLine, text: string): Splice[] {
  if (`${line.type}=${line.value}` === text) return [];
  return [{ at: line.at, remove: line.end - line.at, insert: text }];
}

export function removeLine(line: SdpLine): Splice {
  return { at: line.at, remove: line.next - line.at, insert: '' };
}

/** Before the first attribute, where our own may stand without parting others. */
export function attributesAt(section: MediaSection | SdpSection): number {
  return section.lines.find((line) => line.type === 'a')?.at ?? section.end;
}
