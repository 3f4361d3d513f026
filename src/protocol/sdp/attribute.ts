/**
 * Reads `a=` lines by name. Names are compared in lower case: a peer that folds case must not see what we did not.
 * Nothing is interpreted here beyond direction and packet time.
 */

import type { Sdp, SdpLine, SdpSection } from './description.ts';

/** The attribute's name in lower case, or undefined when the line is not an attribute. */
export function attributeName(line: SdpLine): string | undefined {
  if (line.type !== 'a') return undefined;
  const colon = line.value.indexOf(':');
  return (colon === -1 ? line.value : line.value.slice(0, colon)).trim().toLowerCase();
}

/** Lines of `section` that are `a=name` or `a=name:…`, in order. */
export function attributeLines(section: SdpSection, name: string): SdpLine[] {
  return section.lines.filter((line) => attributeName(line) === name);
}

/** Values of every `a=name:value` in `section`; a flag's value is empty. */
export function attributeValues(section: SdpSection, name: string): string[] {
  return attributeLines(section, name).map((line) => {
    const colon = line.value.indexOf(':');
    return colon === -1 ? '' : line.value.slice(colon + 1);
  });
}

export function hasAttribute(section: SdpSection, name: string): boolean {
  return section.lines.some((line) => attributeName(line) === name);
}

export type SdpDirection = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

const DIRECTIONS: readonly SdpDirection[] = ['sendrecv', 'sendonly', 'recvonly', 'inactive'];

/** Direction of a media section, from the peer's point of view: its own, else the session's, else both ways (RFC 8866 §6.7). */
export function readDirection(sdp: Sdp, section: SdpSection): SdpDirection {
  return directionOf(section) ?? directionOf(sdp.session) ?? 'sendrecv';
}

/** `a=ptime` in ms (RFC 8866 §6.4), or undefined when absent or out of reason. */
export function readPtimeMs(section: SdpSection): number | undefined {
  const ptime = attributeValues(section, 'ptime')[0]?.trim();
  if (ptime === undefined || !/^\d{1,4}(\.\d+)?$/.test(ptime)) return undefined;
  const ptimeMs = Math.round(Number(ptime));
  return ptimeMs >= 1 && ptimeMs <= 1000 ? ptimeMs : undefined;
}

function directionOf(section: SdpSection): SdpDirection | undefined {
  return DIRECTIONS.find((direction) => hasAttribute(section, direction));
}
