/**
 * ICE in a session description (RFC 8839): reads what a peer says of its agent, writes what a lite agent of ours says.
 * A reading never quotes a line: the password in it lets its reader steer the media.
 */

import { readIpAddress } from '../sip/ip-address.ts';
import { attributeValues, hasAttribute } from './attribute.ts';
import type { Sdp, SdpSection } from './description.ts';

export interface PeerIce {
  readonly ufrag: string;
  /** Secret. */
  readonly password: string;
  /** A lite agent checks nobody: two of them have nothing but their signaling to go by (RFC 8445 §6.1.1). */
  readonly isLite: boolean;
  readonly options: readonly string[];
  /** Those that name a UDP address; a lite agent needs none of them. */
  readonly candidates: readonly IceCandidate[];
}

export interface IceCandidate {
  /** 1 is RTP, or all of it with rtcp-mux; 2 is RTCP. */
  readonly component: number;
  readonly priority: number;
  /** An IP literal, as written. */
  readonly address: string;
  readonly port: number;
  readonly type: string;
}

export type IceRefusal =
  /** A name without a password, or a password without a name. */
  | 'incomplete'
  /** Two lines where one belongs: two readers could take different ones. */
  | 'repeated'
  | 'ufrag'
  | 'password';

export type IceReading =
  | { readonly kind: 'none' }
  | { readonly kind: 'ice'; readonly ice: PeerIce }
  | { readonly kind: 'refused'; readonly reason: IceRefusal };

/** Candidates and options beyond these are not read: hosts with many networks name some thirty. */
export const MAX_CANDIDATES = 64;
export const MAX_ICE_OPTIONS = 16;

/**
 * Letters, digits, plus and slash (RFC 8839 §5.4), and four more that agents from before it used and browsers still
 * take. Each is one byte in STUN and in SDP, and none parts a STUN user name.
 */
const UFRAG = /^[A-Za-z0-9+/_=#-]{4,256}$/;
const PASSWORD = /^[A-Za-z0-9+/_=#-]{22,256}$/;

/** What holds for `section`: its own lines, else the session's (RFC 8839 §5.4). */
export function readIce(sdp: Sdp, section: SdpSection): IceReading {
  // RFC 8839 §4.2.5: the answerer knows ICE, and says that this section goes without.
  if (hasAttribute(section, 'ice-mismatch')) return { kind: 'none' };
  const ufrags = inherited(sdp, section, 'ice-ufrag');
  const passwords = inherited(sdp, section, 'ice-pwd');
  if (ufrags.length === 0 && passwords.length === 0) return { kind: 'none' };
  const [ufrag] = ufrags;
  const [password] = passwords;
  if (ufrag === undefined || password === undefined) return refused('incomplete');
  if (ufrags.length > 1 || passwords.length > 1) return refused('repeated');
  if (!UFRAG.test(ufrag)) return refused('ufrag');
  if (!PASSWORD.test(password)) return refused('password');
  return {
    kind: 'ice',
    ice: {
      ufrag,
      password,
      isLite: hasAttribute(sdp.session, 'ice-lite'),
      options: readOptions(sdp, section),
      candidates: readCandidates(section),
    },
  };
}

/** The credentials alone; undefined where there are none, or none that can be used. */
export function readIceCredentials(sdp: Sdp, section: SdpSection): Pick<PeerIce, 'ufrag' | 'password'> | undefined {
  const reading = readIce(sdp, section);
  return reading.kind === 'ice' ? { ufrag: reading.ice.ufrag, password: reading.ice.password } : undefined;
}

/** Whether a peer asks to begin ICE anew (RFC 8839 §4.4.1.1.1). One of the two is enough: the old pair serves no more. */
export function isIceRestart(
  before: Pick<PeerIce, 'ufrag' | 'password'>,
  after: Pick<PeerIce, 'ufrag' | 'password'>,
): boolean {
  return before.ufrag !== after.ufrag || before.password !== after.password;
}

export interface LiteSection {
  readonly ufrag: string;
  readonly password: string;
  /** IP literal that peers reach us at. */
  readonly address: string;
  readonly rtpPort: number;
  /** Undefined with rtcp-mux: then there is one component (RFC 8445 §13). */
  readonly rtcpPort: number | undefined;
}

/** The line without `a=` and line end that belongs into the session part, once, and nowhere else (RFC 8839 §5.3). */
export const LITE_SESSION_LINE = 'ice-lite';

/**
 * Lines of a media section, without `a=` and line end. All our candidates are in them; `end-of-candidates` (RFC 8840)
 * would only say so to peers that were told to wait for more, which takes `ice-options:trickle`.
 */
export function writeLiteSection(lite: LiteSection): string[] {
  return [
    'ice-options:ice2',
    `ice-ufrag:${lite.ufrag}`,
    `ice-pwd:${lite.password}`,
    writeCandidate(1, lite.address, lite.rtpPort),
    ...(lite.rtcpPort === undefined ? [] : [writeCandidate(2, lite.address, lite.rtcpPort)]),
  ];
}

/** A host candidate on the only address there is: 126 is the preference of its type, 65535 its own (RFC 8445 §5.1.2). */
function writeCandidate(component: 1 | 2, address: string, port: number): string {
  const priority = 126 * 2 ** 24 + 65_535 * 2 ** 8 + (256 - component);
  return `candidate:1 ${component} UDP ${priority} ${address} ${port} typ host`;
}

function inherited(sdp: Sdp, section: SdpSection, name: string): string[] {
  const own = attributeValues(section, name);
  return (own.length > 0 ? own : attributeValues(sdp.session, name)).map((value) => value.trim());
}

/** Space-separated (RFC 8839 §5.6); libdatachannel writes commas, which no option has. */
function readOptions(sdp: Sdp, section: SdpSection): string[] {
  const lines = [...attributeValues(sdp.session, 'ice-options'), ...attributeValues(section, 'ice-options')];
  const options = lines
    .flatMap((line) => line.split(/[ ,]+/))
    .filter((option) => /^[A-Za-z0-9+/-]{1,32}$/.test(option));
  return [...new Set(options)].slice(0, MAX_ICE_OPTIONS);
}

/** Unusable lines are passed over, as RFC 8839 §5.1 asks: host names, TCP, and what is no candidate. */
function readCandidates(section: SdpSection): IceCandidate[] {
  return attributeValues(section, 'candidate').slice(0, MAX_CANDIDATES).flatMap(readCandidate);
}

/** `foundation component transport priority address port typ type …` */
function readCandidate(value: string): IceCandidate[] {
  if (value.length > 512) return [];
  const [foundation = '', component = '', transport = '', priority = '', address = '', port = '', typ = '', type = ''] =
    value.trim().split(/ +/, 8);
  if (!/^[A-Za-z0-9+/_=#.-]{1,32}$/.test(foundation) || transport.toUpperCase() !== 'UDP') return [];
  if (!/^\d{1,3}$/.test(component) || Number(component) < 1 || Number(component) > 256) return [];
  if (!/^\d{1,10}$/.test(priority) || !/^\d{1,5}$/.test(port) || Number(port) > 65_535) return [];
  if (typ.toLowerCase() !== 'typ' || !/^[a-z0-9-]{1,16}$/i.test(type)) return [];
  if (!readIpAddress(address)) return [];
  return [
    {
      component: Number(component),
      priority: Number(priority),
      address,
      port: Number(port),
      type: type.toLowerCase(),
    },
  ];
}

function refused(reason: IceRefusal): IceReading {
  return { kind: 'refused', reason };
}
