/**
 * What the session part may no longer say once sections of it end at us. A line that another section still lives by is
 * copied into that section; nothing is lost to it, and nothing of ours is said for it but that we are an ICE lite agent.
 */

import type { Splice } from '../splice.ts';
import { attributeName, attributeValues, hasAttribute } from './attribute.ts';
import type { MediaSection, Sdp, SdpLine } from './description.ts';
import { attributesAt, insertLine, removeLine } from './line-edits.ts';
import type { SectionEdit } from './section-edit.ts';

/** Session-level lines a section inherits; moved into the sections that go on needing them. */
const INHERITED_ICE = ['ice-ufrag', 'ice-pwd'];
const INHERITED_KEYS = ['crypto', 'rtcp-mux', 'setup', 'fingerprint', 'tls-id', 'dtls-id'];
const INHERITED = [...INHERITED_KEYS, ...INHERITED_ICE];

/** Copies of more than this would let a small hostile body grow by the number of its sections. */
const MAX_INHERITED_LINES = 16;

const ICE_LITE = 'ice-lite';
/** Session-level lines that say how ICE is done, harmless to a section that does none; gone when no section is left. */
const ICE_MANNERS = ['ice-options', ICE_LITE, 'ice-pacing', 'ice-mismatch'];

export function editSession(sdp: Sdp, edits: ReadonlyMap<number, SectionEdit>): Splice[] {
  const open = [...edits.values()].filter(isOpen);
  if (open.length === 0) return [];
  const taken = open.some(({ kind }) => kind === 'anchored') ? INHERITED : INHERITED_ICE;
  const inherited = linesOf(sdp, taken);
  const copies = sdp.media.flatMap((section, index) => copyInto(sdp, section, edits.get(index), inherited));
  const iceLite = open.some((edit) => edit.kind === 'anchored' && edit.iceLite);
  const doesIce = sdp.media.some((section, index) => !edits.has(index) && isLive(section));
  const grouped = open.flatMap((edit) =>
    edit.kind === 'anchored' && edit.bundle ? groupLine(sdp, edit.bundle.mid) : [],
  );
  return [...copies, ...grouped, ...inherited.map(removeLine), ...editManners(sdp, { iceLite, doesIce })];
}

/** Whoever offered a bundle may insist on one, even of one line (RFC 8829 §5.11); where a bundle is said, it stays. */
function groupLine(sdp: Sdp, mid: string): Splice[] {
  const isSaid = attributeValues(sdp.session, 'group').some((group) => /^ *BUNDLE\b/i.test(group));
  return isSaid ? [] : [insertLine(sdp, sdp.session, attributesAt(sdp.session), `a=group:BUNDLE ${mid}`)];
}

function copyInto(
  sdp: Sdp,
  section: MediaSection,
  edit: SectionEdit | undefined,
  inherited: readonly SdpLine[],
): Splice[] {
  const needed =
    edit === undefined ? (isLive(section) ? INHERITED : []) : edit.kind === 'relayed' ? INHERITED_KEYS : [];
  // Lines of a relayed section go, its last one perhaps: what comes must not come behind that.
  const at = edit === undefined ? section.end : attributesAt(section);
  return inherited
    .slice(0, MAX_INHERITED_LINES)
    .filter((line) => needed.includes(nameOf(line)) && !hasAttribute(section, nameOf(line)))
    .map((line) => insertLine(sdp, section, at, `a=${line.value}`));
}

/** `doesIce`: a section that we leave alone may do it, in the manner that the session says. */
function editManners(
  sdp: Sdp,
  { iceLite, doesIce }: { readonly iceLite: boolean; readonly doesIce: boolean },
): Splice[] {
  const goes = (line: SdpLine): boolean => !doesIce && !(iceLite && nameOf(line) === ICE_LITE);
  const removed = linesOf(sdp, ICE_MANNERS).filter(goes).map(removeLine);
  const isSaid = !iceLite || hasAttribute(sdp.session, ICE_LITE);
  return isSaid ? removed : [insertLine(sdp, sdp.session, attributesAt(sdp.session), `a=${ICE_LITE}`), ...removed];
}

function linesOf(sdp: Sdp, names: readonly string[]): SdpLine[] {
  return sdp.session.lines.filter((line) => names.includes(nameOf(line)));
}

function nameOf(line: SdpLine): string {
  return attributeName(line) ?? '';
}

function isOpen(edit: SectionEdit): edit is Exclude<SectionEdit, { readonly kind: 'closed' }> {
  return edit.kind === 'relayed' || (edit.kind === 'anchored' && edit.place !== undefined);
}

function isLive(section: MediaSection): boolean {
  return section.media.port.value !== 0 || hasAttribute(section, 'bundle-only');
}
