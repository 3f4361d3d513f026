/**
 * Points one media section at us: the closed list of edits, each a splice on the description's own bytes.
 * What is not named here is never touched, the session's `c=` included: other sections may live by it.
 */

import { assert } from '../../base/assert.ts';
import type { Splice } from '../splice.ts';
import { attributeLines, attributeName, hasAttribute } from './attribute.ts';
import type { MediaSection, Sdp, SdpLine } from './description.ts';
import { readProfile, writeProfile } from './media-line.ts';
import { writeCrypto } from './sdes.ts';
import type { SdesKey } from './sdes.ts';

export interface SectionEdit {
  /** Profile the section is to say; undefined leaves it. Feedback (`F`) stays as the peer wrote it. */
  readonly secure: boolean | undefined;
  /** Where media is to come; undefined closes the section with port 0. */
  readonly endpoint:
    | { readonly address: string; readonly family: 4 | 6; readonly rtpPort: number; readonly rtcpPort: number }
    | undefined;
  readonly crypto: { readonly tag: number; readonly key: SdesKey } | undefined;
}

/** Attributes that bind media to the peer's own transport or keys, and mean nothing once it ends at us. */
const REMOVED = new Set([
  'rtcp-mux',
  'rtcp-mux-only',
  'setup',
  'fingerprint',
  'tls-id',
  'ssrc',
  'ssrc-group',
  'candidate',
  'remote-candidates',
  'end-of-candidates',
  'ice-ufrag',
  'ice-pwd',
  'ice-options',
  'ice-lite',
  'ice-mismatch',
  'ice-pacing',
]);

/** Session-level lines a section inherits; moved into the sections that go on needing them. */
const INHERITED = new Set(['crypto', 'rtcp-mux', 'setup', 'fingerprint', 'tls-id', 'ice-ufrag', 'ice-pwd']);

/** Copies of more than this would let a small hostile body grow by the number of its sections. */
const MAX_INHERITED_LINES = 16;

/** Session-level lines that say how ICE is done, harmless to a section that does none; gone when no section is left. */
const ICE_MANNERS = new Set(['ice-options', 'ice-lite', 'ice-pacing', 'ice-mismatch']);

/** Splices that make media section `index` say what `edit` wants, and nothing else. */
export function rewriteSection(sdp: Sdp, index: number, edit: SectionEdit): Splice[] {
  const section = sdp.media[index];
  assert(section, 'the section to rewrite exists');
  const splices = [
    ...editMediaLine(section, edit),
    ...editConnection(sdp, section, edit),
    ...editRtcp(sdp, section, edit),
    ...editCrypto(sdp, section, edit),
    ...section.lines.filter((line) => REMOVED.has(attributeName(line) ?? '')).map(removeLine),
    ...(edit.endpoint ? editSession(sdp, section) : []),
  ];
  // Where a line goes and others come at one offset, what comes must stand first for the splices not to overlap.
  return splices.sort((a, b) => a.at - b.at || a.remove - b.remove);
}

function editMediaLine(section: MediaSection, edit: SectionEdit): Splice[] {
  const { port, proto } = section.media;
  const splices: Splice[] = [];
  const wantedPort = edit.endpoint?.rtpPort ?? 0;
  if (port.value !== wantedPort) splices.push({ at: port.at, remove: port.length, insert: String(wantedPort) });
  const profile = readProfile(proto.value);
  if (edit.secure !== undefined && profile?.secure !== edit.secure) {
    const written = writeProfile({ secure: edit.secure, feedback: profile?.feedback ?? false });
    splices.push({ at: proto.at, remove: proto.length, insert: written });
  }
  return splices;
}

function editConnection(sdp: Sdp, section: MediaSection, edit: SectionEdit): Splice[] {
  if (!edit.endpoint) return [];
  const wanted = `c=${connectionText(edit.endpoint)}`;
  const own = section.lines.find((line) => line.type === 'c');
  if (own) return replaceLine(own, wanted);
  // RFC 8866 §9: m=, then i=, then c=.
  const before = section.lines.filter((line, order) => order === 0 || line.type === 'i').at(-1);
  return [insertLine(sdp, section, before?.next ?? section.end, wanted)];
}

function editRtcp(sdp: Sdp, section: MediaSection, edit: SectionEdit): Splice[] {
  if (!edit.endpoint) return [];
  const [first, ...others] = attributeLines(section, 'rtcp');
  const { rtpPort, rtcpPort } = edit.endpoint;
  if (!first) {
    if (rtcpPort === rtpPort + 1) return [];
    return [insertLine(sdp, section, attributesAt(section), `a=rtcp:${rtcpPort}`)];
  }
  const namesAddress = / \S/.test(first.value.trim());
  const wanted = `a=rtcp:${rtcpPort}${namesAddress ? ` ${connectionText(edit.endpoint)}` : ''}`;
  return [...replaceLine(first, wanted), ...others.map(removeLine)];
}

/** Our one key line stands where their first one stood; all of theirs go, whoever it was they were meant for. */
function editCrypto(sdp: Sdp, section: MediaSection, edit: SectionEdit): Splice[] {
  const theirs = attributeLines(section, 'crypto');
  if (!edit.crypto) return theirs.map(removeLine);
  const wanted = `a=${writeCrypto(edit.crypto.tag, edit.crypto.key)}`;
  const [first, ...others] = theirs;
  if (!first) return [insertLine(sdp, section, attributesAt(section), wanted)];
  return [...replaceLine(first, wanted), ...others.map(removeLine)];
}

/** Takes what the section would inherit out of the session part, and gives it to the sections that still need it. */
function editSession(sdp: Sdp, anchored: MediaSection): Splice[] {
  const needing = sdp.media.filter((section) => section !== anchored && isLive(section));
  const inherited = sdp.session.lines.filter((line) => INHERITED.has(attributeName(line) ?? ''));
  const manners = sdp.session.lines.filter((line) => ICE_MANNERS.has(attributeName(line) ?? ''));
  const copies = needing.flatMap((section) =>
    inherited
      .slice(0, MAX_INHERITED_LINES)
      .filter((line) => !hasAttribute(section, attributeName(line) ?? ''))
      .map((line) => insertLine(sdp, section, section.end, `a=${line.value}`)),
  );
  return [...copies, ...inherited.map(removeLine), ...(needing.length === 0 ? manners.map(removeLine) : [])];
}

function isLive(section: MediaSection): boolean {
  return section.media.port.value !== 0 || hasAttribute(section, 'bundle-only');
}

/** Before the first attribute, where our own may stand without parting others. */
function attributesAt(section: MediaSection): number {
  return section.lines.find((line) => line.type === 'a')?.at ?? section.end;
}

function connectionText(endpoint: { readonly address: string; readonly family: 4 | 6 }): string {
  return `IN IP${endpoint.family} ${endpoint.address}`;
}

function insertLine(sdp: Sdp, section: MediaSection, at: number, text: string): Splice {
  const last = section.lines.at(-1);
  const isUnended = last !== undefined && at === last.next && last.next === last.end;
  return { at, remove: 0, insert: isUnended ? `${sdp.eol}${text}` : `${text}${sdp.eol}` };
}

function replaceLine(line: SdpLine, text: string): Splice[] {
  if (`${line.type}=${line.value}` === text) return [];
  return [{ at: line.at, remove: line.end - line.at, insert: text }];
}

function removeLine(line: SdpLine): Splice {
  return { at: line.at, remove: line.next - line.at, insert: '' };
}
