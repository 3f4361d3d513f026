/**
 * Points media sections at us: the closed list of edits, each a splice on the description's own bytes.
 * What is not named here is never touched, the session's `c=` included: other sections may live by it.
 */

import { assert } from '../../base/assert.ts';
import type { Splice } from '../splice.ts';
import { attributeLines, hasAttribute } from './attribute.ts';
import type { MediaSection, Sdp } from './description.ts';
import { attributesAt, insertLine, removeLine, replaceLine } from './line-edits.ts';
import { readRtpProfile, writeRtpProfile } from './media-line.ts';
import { editSession } from './rewrite-session.ts';
import type { MediaPlace, SectionEdit } from './section-edit.ts';

/** Attributes that bind media to the peer's own transport or keys, and mean nothing once it ends at us. */
const TRANSPORT_BOUND = [
  'crypto',
  'rtcp-mux',
  'rtcp-mux-only',
  'setup',
  'fingerprint',
  'tls-id',
  'dtls-id',
  'ssrc',
  'ssrc-group',
];
const ICE_BOUND = [
  ...['ice-ufrag', 'ice-pwd', 'ice-options', 'ice-lite', 'ice-mismatch', 'ice-pacing'],
  ...['candidate', 'remote-candidates', 'end-of-candidates'],
];
const BOUND = [...TRANSPORT_BOUND, ...ICE_BOUND];

/** Splices that make each section say what its edit wants, the session no longer say it for them, and nothing else. */
export function rewriteSdp(sdp: Sdp, edits: ReadonlyMap<number, SectionEdit>): Splice[] {
  const splices: Splice[] = [];
  for (const [index, edit] of edits) {
    const section = sdp.media[index];
    assert(section, 'the section to rewrite exists');
    splices.push(...editSection(sdp, section, edit));
  }
  splices.push(...editSession(sdp, edits));
  // Where a line goes and others come at one offset, what comes must stand first for the splices not to overlap.
  return splices.sort((a, b) => a.at - b.at || a.remove - b.remove);
}

function editSection(sdp: Sdp, section: MediaSection, edit: SectionEdit): Splice[] {
  switch (edit.kind) {
    case 'anchored':
      return [
        ...editPort(section, edit.place?.rtpPort ?? 0),
        ...editTransport(section, edit),
        ...(edit.place ? [...editConnection(sdp, section, edit.place), ...editRtcp(sdp, section, edit.place)] : []),
        ...editAttributes(sdp, section, edit.attributes),
        ...(edit.place && edit.bundle ? nameLine(sdp, section, edit.bundle.mid) : []),
      ];
    case 'relayed':
      return [
        ...editPort(section, edit.place.rtpPort),
        ...editConnection(sdp, section, edit.place),
        ...(isRtp(section) ? editRtcp(sdp, section, edit.place) : []),
        ...ICE_BOUND.flatMap((name) => attributeLines(section, name).map(removeLine)),
      ];
    case 'closed':
      return editPort(section, 0);
  }
}

function editPort(section: MediaSection, wanted: number): Splice[] {
  const { port } = section.media;
  return port.value === wanted ? [] : [{ at: port.at, remove: port.length, insert: String(wanted) }];
}

function editTransport(section: MediaSection, edit: Extract<SectionEdit, { readonly kind: 'anchored' }>): Splice[] {
  const { proto } = section.media;
  const { transport } = edit;
  const profile = readRtpProfile(proto.value);
  if (transport === undefined || profile?.transport === transport) return [];
  // What a browser must write makes a telephone refuse: feedback stays behind with its transport.
  const feedback = profile?.feedback === true && profile.transport !== 'tls';
  const insert = edit.proto ?? writeRtpProfile({ transport, feedback });
  return [{ at: proto.at, remove: proto.length, insert }];
}

function nameLine(sdp: Sdp, section: MediaSection, mid: string): Splice[] {
  return hasAttribute(section, 'mid') ? [] : [insertLine(sdp, section, attributesAt(section), `a=mid:${mid}`)];
}

function editConnection(sdp: Sdp, section: MediaSection, place: MediaPlace): Splice[] {
  const wanted = `c=${connectionText(place)}`;
  // Several stand for multicast alone (RFC 8866 §5.7); one left as it is would be the peer's own address.
  const own = section.lines.filter((line) => line.type === 'c');
  if (own.length > 0) return own.flatMap((line) => replaceLine(line, wanted));
  // RFC 8866 §9: m=, then i=, then c=.
  const before = section.lines.filter((line, order) => order === 0 || line.type === 'i').at(-1);
  return [insertLine(sdp, section, before?.next ?? section.end, wanted)];
}

function editRtcp(sdp: Sdp, section: MediaSection, place: MediaPlace): Splice[] {
  const [first, ...others] = attributeLines(section, 'rtcp');
  const { rtpPort, rtcpPort } = place;
  if (rtcpPort === undefined) return first ? [first, ...others].map(removeLine) : [];
  if (!first) {
    if (rtcpPort === rtpPort + 1) return [];
    return [insertLine(sdp, section, attributesAt(section), `a=rtcp:${rtcpPort}`)];
  }
  const namesAddress = / \S/.test(first.value.trim());
  const wanted = `a=rtcp:${rtcpPort}${namesAddress ? ` ${connectionText(place)}` : ''}`;
  return [...replaceLine(first, wanted), ...others.map(removeLine)];
}

/** Our lines stand where their first of that name stood, or before their attributes; all of theirs go. */
function editAttributes(sdp: Sdp, section: MediaSection, wanted: readonly string[]): Splice[] {
  const splices: Splice[] = [];
  for (const name of new Set([...wanted.map(nameOf), ...BOUND])) {
    const ours = wanted.filter((text) => nameOf(text) === name).map((text) => `a=${text}`);
    const [first, ...others] = attributeLines(section, name);
    if (ours.length === 0) splices.push(...(first ? [first, ...others].map(removeLine) : []));
    else if (first) splices.push(...replaceLine(first, ours.join(sdp.eol)), ...others.map(removeLine));
    else splices.push(...ours.map((text) => insertLine(sdp, section, attributesAt(section), text)));
  }
  return splices;
}

function nameOf(text: string): string {
  const colon = text.indexOf(':');
  return colon === -1 ? text : text.slice(0, colon);
}

function isRtp(section: MediaSection): boolean {
  return section.media.proto.value.toUpperCase().includes('RTP/');
}

function connectionText(place: Pick<MediaPlace, 'address' | 'family'>): string {
  return `IN IP${place.family} ${place.address}`;
}
