/**
 * Says whether what left differs from what came by what a proxy must change, and by the closed list of SDP lines in the
 * anchored section, and by nothing else. It reads lines by itself and shares no code with what it judges.
 */

import { expect } from 'vitest';
import type { Remote } from '../../../../src/call/signaling/datagram-port.ts';

/** SDP lines that may change, come or go in an anchored section, or at session level for its sake (`c=` is not among these). */
const CLOSED_LIST =
  /^a=(rtcp|rtcp-mux|rtcp-mux-only|crypto|setup|fingerprint|tls-id|ssrc|ssrc-group|candidate|remote-candidates|end-of-candidates|ice-[a-z]+)(:|$)/i;
/** Those a section has from the session where it has none of its own. */
const INHERITED = ['rtcp-mux', 'crypto', 'setup', 'fingerprint', 'tls-id', 'ice-ufrag', 'ice-pwd'];

/** Headers as logical lines, folds kept inside. */
export function headLines(message: string): string[] {
  const head = message.slice(0, message.indexOf('\r\n\r\n'));
  return head.split(/\r\n(?![ \t])/);
}

export function bodyOf(message: string): string {
  return message.slice(message.indexOf('\r\n\r\n') + 4);
}

/** Values of a list header, in order, as they stand. */
export function listOf(message: string, name: RegExp): string[] {
  return headLines(message)
    .filter((line) => name.test(line))
    .flatMap((line) => splitList(line.slice(line.indexOf(':') + 1)))
    .map((value) => value.trim());
}

export const VIA = /^(via|v)\s*:/i;
export const RECORD_ROUTE = /^record-route\s*:/i;
const ROUTE = /^route\s*:/i;
const MAX_FORWARDS = /^max-forwards\s*:/i;
const CONTENT_LENGTH = /^(content-length|l)\s*:/i;

export interface Forwarding {
  /** Where it came from, and where we sent it from. */
  readonly source: Remote;
  readonly out: Remote;
  /** How many Record-Route lines of ours it must have got. */
  readonly recordRoutes: number;
  /** Route values of ours that it came with, first ones in its list. */
  readonly routes: readonly string[];
}

/** The head of a request that we sent on: our Via above all, our Record-Route above others, one hop fewer, Routes of ours gone. */
export function expectForwarded(before: string, after: string, way: Forwarding): void {
  const was = withoutRoutes(headLines(before), way.routes);
  const now = headLines(after);
  const own = `Via: SIP/2.0/UDP ${way.out.address}:${way.out.port};branch=z9hG4bKe`;
  const ourVia = takeFirst(now, VIA);
  expect(ourVia.startsWith(own) && /^[0-9a-z]{26}$/.test(ourVia.slice(own.length))).toBe(true);
  for (let taken = 0; taken < way.recordRoutes; taken += 1) {
    expect(takeFirst(now, RECORD_ROUTE)).toMatch(/^Record-Route: <sip:[\w-]{35}@[0-9.]+:5060;lr>$/);
  }
  if (!was.some((line) => MAX_FORWARDS.test(line))) expect(takeFirst(now, MAX_FORWARDS)).toBe('Max-Forwards: 70');
  const topVia = was.findIndex((line) => VIA.test(line));
  const isEdited = bodyOf(before) !== bodyOf(after);

  const expected = was.map((line, index) => {
    if (MAX_FORWARDS.test(line)) return line.replace(/\d+$/, (hops) => String(Number(hops) - 1));
    if (CONTENT_LENGTH.test(line) && isEdited) return line.replace(/\d+$/, String(bodyOf(after).length));
    return index === topVia ? line.replace(';received=1.2.3.4', '') : line;
  });
  const unmarked = now.map((line, index) => (index === topVia ? withoutMarks(line, way.source) : line));
  expect(unmarked).toEqual(expected);
}

/** The head of a response that we passed on: our Via gone from the top. */
export function expectPassedOn(before: string, after: string): void {
  const was = headLines(before);
  const at = was.findIndex((line) => VIA.test(line));
  const [first = '', ...rest] = splitList(was[at]?.replace(VIA, '') ?? '');
  expect(first.trim()).toMatch(/^SIP\/2\.0\/UDP (10\.0\.0\.1|198\.51\.100\.1):5060;branch=z9hG4bKe/);
  const kept = rest.length === 0 ? [] : [`${/^[^:]*:\s*/.exec(was[at] ?? '')?.[0] ?? ''}${rest.join(',').trimStart()}`];
  const isEdited = bodyOf(before) !== bodyOf(after);

  const expected = [...was.slice(0, at), ...kept, ...was.slice(at + 1)].map((line) =>
    CONTENT_LENGTH.test(line) && isEdited ? line.replace(/\d+$/, String(bodyOf(after).length)) : line,
  );
  expect(headLines(after)).toEqual(expected);
}

/** What an anchored section must say of us besides its place: each a line, or what a line must look like. */
export interface Says {
  readonly lines: readonly (string | RegExp)[];
  readonly rtcp: 'apart' | 'muxed';
  readonly iceLite: boolean;
  /** What the other side called its line, to be said where the answer does not. */
  readonly mid: string | undefined;
}

/** What the anchored section must say of us. */
export interface Anchored {
  readonly address: string;
  readonly rtpPort: number;
  /** What it must say, with what came. */
  readonly says: Says;
  /** Keys of the peers, neither of which may be ours. */
  readonly theirKeys: readonly string[];
}

/** A description that we anchored: the first open audio section says us, every other means what it meant. */
export function expectAnchored(before: string, after: string, ours: Anchored): void {
  const [oldSession = [], ...oldMedia] = sectionsOf(before);
  const [newSession = [], ...newMedia] = sectionsOf(after);
  const anchored = oldMedia.findIndex(([media]) => /^m=audio [1-9]/.test(media ?? ''));
  const isNeeded = oldMedia.some((section, index) => index !== anchored && isLive(section));

  expect(newMedia).toHaveLength(oldMedia.length);
  expectSession(oldSession, newSession, { isNeeded, says: ours.says });
  for (const [index, section] of oldMedia.entries()) {
    const now = newMedia[index] ?? [];
    if (index === anchored) expectOurs(section, now, ours);
    else expectBeside({ session: oldSession, section }, { session: newSession, section: now });
  }
  // A message keeps the line ends it came with; so does its last line, unless it is one of those that go.
  const ends = (sdp: string): Set<string> => new Set(sdp.match(/\r?\n/g));
  expect(ends(after)).toEqual(ends(before));
  if (!CLOSED_LIST.test(oldMedia.at(-1)?.at(-1) ?? '')) expect(after.endsWith('\n')).toBe(before.endsWith('\n'));
}

/** Lines of the closed list may go, and of those only what sections inherit, or how ICE is done once none does it. */
function expectSession(
  before: readonly string[],
  after: readonly string[],
  { isNeeded, says }: { readonly isNeeded: boolean; readonly says: Says },
): void {
  const mayGo = (line: string): boolean => {
    const name = nameOf(line);
    return INHERITED.includes(name) || (!isNeeded && /^ice-/.test(name));
  };
  const isGrouped = before.some((line) => /^a=group:BUNDLE/.test(line));
  const kept = before.filter((line) => !mayGo(line) || (says.iceLite && line === 'a=ice-lite'));
  const added = [
    ...(says.mid !== undefined && !isGrouped ? [`a=group:BUNDLE ${says.mid}`] : []),
    ...(says.iceLite && !kept.includes('a=ice-lite') ? ['a=ice-lite'] : []),
  ];
  // Ours stand before their first attribute, in one place.
  const at = after.findIndex((line) => line === added[0]);
  const others = added.length === 0 ? after : [...after.slice(0, at), ...after.slice(at + added.length)];
  if (added.length > 0) expect(after.slice(at, at + added.length)).toEqual(added);
  expect(others).toEqual(kept);
}

/** An unanchored section stands as it stood, with what it had from the session now its own. */
function expectBeside(
  before: { readonly session: readonly string[]; readonly section: readonly string[] },
  after: { readonly session: readonly string[]; readonly section: readonly string[] },
): void {
  expect(after.section.slice(0, before.section.length)).toEqual(before.section);
  const added = after.section.slice(before.section.length);
  if (!isLive(before.section)) {
    expect(added).toEqual([]);
    return;
  }
  for (const name of INHERITED) expect(meant(after, name)).toEqual(meant(before, name));
  expect(added.every((line) => before.session.includes(line))).toBe(true);
}

function expectOurs(before: readonly string[], after: readonly string[], ours: Anchored): void {
  const { address, rtpPort, says } = ours;
  const isNamed = before.some((line) => nameOf(line) === 'mid');
  const isAdded = (line: string): boolean => !isNamed && says.mid !== undefined && line === `a=mid:${says.mid}`;
  const isKept = (line: string): boolean => !CLOSED_LIST.test(line) && !line.startsWith('c=');
  const masked = (line: string): string => line.replace(/^m=audio \d+ /, `m=audio ${rtpPort} `);
  expect(after.filter((line) => isKept(line) && !isAdded(line))).toEqual(before.filter(isKept).map(masked));
  expect(after.filter(isAdded)).toHaveLength(says.mid !== undefined && !isNamed ? 1 : 0);

  // Our address where theirs stood, or where RFC 8866 §9 wants it.
  const title = before.findLastIndex((line) => line.startsWith('i='));
  const stood = before.findIndex((line) => line.startsWith('c='));
  const lines = after.filter((line) => line.startsWith('c='));
  expect(lines).toEqual([`c=IN IP4 ${address}`]);
  if (stood < 0) expect(after[after.indexOf(lines[0] ?? '') - 1]).toBe(masked(before[Math.max(0, title)] ?? ''));

  const theirRtcp = before.find((line) => nameOf(line) === 'rtcp');
  const rtcp = `a=rtcp:${rtpPort + 1}${theirRtcp?.includes(' IN ') === true ? ` IN IP4 ${address}` : ''}`;
  const said = after.filter((line) => CLOSED_LIST.test(line));
  const wanted = [...says.lines, ...(theirRtcp === undefined || says.rtcp === 'muxed' ? [] : [rtcp])];
  const looksLike = (pattern: string | RegExp, line: string): boolean =>
    typeof pattern === 'string' ? pattern === line : pattern.test(line);
  expect(said).toHaveLength(wanted.length);
  for (const line of said) expect(wanted.some((pattern) => looksLike(pattern, line))).toBe(true);
  for (const pattern of wanted) expect(said.filter((line) => looksLike(pattern, line))).toHaveLength(1);
  for (const key of ours.theirKeys) expect(said.join()).not.toContain(key);
}

/** What a section says of an attribute: its own lines, else the session's. */
function meant(
  { session, section }: { readonly session: readonly string[]; readonly section: readonly string[] },
  name: string,
): string[] {
  const own = section.filter((line) => nameOf(line) === name);
  return own.length > 0 ? own : session.filter((line) => nameOf(line) === name);
}

function isLive(section: readonly string[]): boolean {
  return !/^m=\S+ 0 /.test(section[0] ?? '') || section.includes('a=bundle-only');
}

function nameOf(line: string): string {
  return /^a=([^:]*)/.exec(line)?.[1]?.toLowerCase() ?? '';
}

/** Lines without their ends, in sections, the session's first. */
function sectionsOf(sdp: string): string[][] {
  const all: string[][] = [[]];
  for (const line of sdp.split(/\r?\n/)) {
    if (line === '') continue;
    if (line.startsWith('m=')) all.push([]);
    all.at(-1)?.push(line);
  }
  return all;
}

/** The first line with that name, taken out; it must stand above all others of the name. */
function takeFirst(lines: string[], name: RegExp): string {
  const at = lines.findIndex((line) => name.test(line));
  return at < 0 ? '' : (lines.splice(at, 1)[0] ?? '');
}

function withoutRoutes(lines: readonly string[], ours: readonly string[]): string[] {
  let left = ours.length;
  return lines.flatMap((line) => {
    if (!ROUTE.test(line)) return [line];
    const values = splitList(line.slice(line.indexOf(':') + 1));
    const gone = Math.min(left, values.length);
    left -= gone;
    if (gone === 0) return [line];
    const prefix = /^[^:]*:\s*/.exec(line)?.[0] ?? '';
    return gone === values.length ? [] : [`${prefix}${values.slice(gone).join(',').trimStart()}`];
  });
}

/** The Via line of the hop before us without what we wrote into its first value; it must be there where RFC 3581 wants it. */
function withoutMarks(line: string, source: Remote): string {
  const [first = '', ...others] = splitList(line);
  const asked = first.includes(';rport');
  const mark = `;received=${source.address}`;
  const isOwnAddress = new RegExp(`UDP\\s+${source.address.replaceAll('.', '\\.')}(?![\\w.])`).test(first);
  expect(first.split(mark)).toHaveLength(asked || !isOwnAddress ? 2 : 1);
  if (asked) expect(first.split(`;rport=${source.port}`)).toHaveLength(2);
  return [first.replace(mark, '').replace(`;rport=${source.port}`, ';rport'), ...others].join(',');
}

/** At commas outside of quotes and angle brackets. */
function splitList(text: string): string[] {
  const commas: number[] = [];
  let isQuoted = false;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') isQuoted = !isQuoted;
    else if (isQuoted) continue;
    else if (char === '<') depth += 1;
    else if (char === '>') depth -= 1;
    else if (char === ',' && depth === 0) commas.push(at);
  }
  return [...commas, text.length].map((end, index) => text.slice(index === 0 ? 0 : (commas[index - 1] ?? 0) + 1, end));
}
