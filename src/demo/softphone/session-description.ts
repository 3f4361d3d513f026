/**
 * The phone's side of offer and answer (RFC 3264, RFC 4568): one audio line with one codec, plain or keyed by SDES.
 * It accepts exactly what was offered or nothing: a peer that falls back to plain RTP, or to another key tag, is refused.
 */

import { isIP } from 'node:net';
import { readDirection, type SdpDirection } from '../../protocol/sdp/attribute.ts';
import { readConnection, readRtcp } from '../../protocol/sdp/connection.ts';
import type { MediaSection, Sdp } from '../../protocol/sdp/description.ts';
import { readProfile } from '../../protocol/sdp/media-line.ts';
import { readPayloads } from '../../protocol/sdp/payload.ts';
import { scanSdp } from '../../protocol/sdp/scan.ts';
import { readCryptos, SDES_SUITE, writeCrypto, type SdesKey } from '../../protocol/sdp/sdes.ts';
import type { SrtpSuite } from '../../protocol/srtp/suite.ts';
import { FRAME_MS, PAYLOAD_TYPES, type CodecName } from './codec.ts';
import type { Endpoint } from './udp-port.ts';

export type Security = 'sdes' | 'rtp';
export type Direction = SdpDirection;

/** What the phone says of itself. */
export interface LocalMedia {
  readonly rtp: Endpoint;
  readonly codec: CodecName;
  /** The key it sends with; undefined for plain RTP. */
  readonly key: SdesKey | undefined;
  readonly direction: Direction;
  readonly sessionId: string;
  readonly version: number;
}

/** What the peer says of itself, as far as the phone needs it. */
export interface RemoteMedia {
  readonly rtp: Endpoint;
  readonly rtcp: Endpoint;
  /** The key it sends with; undefined for plain RTP. */
  readonly key: SdesKey | undefined;
  /** Tag of its key line: an answer echoes the offer's. */
  readonly cryptoTag: number;
  readonly direction: Direction;
  /** Position of the audio line, and what the other lines are: an answer refuses each of them. */
  readonly lines: readonly string[];
  readonly audioLine: number;
}

export type SdpProblem = 'unreadable' | 'no_audio' | 'profile' | 'codec' | 'address' | 'no_key' | 'key_tag';

export const OFFERED_TAG = 1;

/** Writes an offer, or with `answering` the answer to it. */
export function writeSdp(local: LocalMedia, answering?: RemoteMedia): string {
  const family = isIP(local.rtp.address) === 6 ? 'IP6' : 'IP4';
  const address = `IN ${family} ${local.rtp.address}`;
  const audio = audioLines(local, answering?.cryptoTag ?? OFFERED_TAG);
  const media = answering ? answerLines(answering, audio) : audio;
  const session = ['v=0', `o=- ${local.sessionId} ${local.version} ${address}`, 's=-', `c=${address}`, 't=0 0'];
  return [...session, ...media, ''].join('\r\n');
}

/** Reads what the peer described. As an answer, its key must have the tag that was offered. */
export function readRemoteMedia(
  body: Uint8Array,
  wanted: {
    readonly codec: CodecName;
    readonly security: Security;
    readonly role: 'offer' | 'answer';
    /** Of the peer's key lines, the one we take. */
    readonly suite?: SrtpSuite;
  },
): RemoteMedia | SdpProblem {
  const scan = scanSdp(body);
  if (scan.kind === 'refused') return 'unreadable';
  const { sdp } = scan;
  const audioLine = sdp.media.findIndex((section) => section.media.media === 'audio' && section.media.port.value > 0);
  const section = sdp.media[audioLine];
  if (!section) return 'no_audio';
  if (readProfile(section.media.proto.value)?.secure !== (wanted.security === 'sdes')) return 'profile';
  if (!speaks(section, wanted.codec)) return 'codec';
  const addresses = readAddresses(sdp, section);
  if (!addresses) return 'address';
  const crypto = wanted.security === 'sdes' ? readKey(section, wanted) : undefined;
  if (typeof crypto === 'string') return crypto;
  return {
    ...addresses,
    key: crypto?.key,
    cryptoTag: crypto?.tag ?? OFFERED_TAG,
    direction: readDirection(sdp, section),
    lines: sdp.media.map(({ media }) => `m=${media.media} 0 ${media.proto.value} ${media.formats[0] ?? '0'}`),
    audioLine,
  };
}

/** The direction that answers `theirs` when we would like `ours` (RFC 3264 §6.1). */
export function answerDirection(theirs: Direction, ours: Direction): Direction {
  const sends = maySend(ours) && mayReceive(theirs);
  const receives = mayReceive(ours) && maySend(theirs);
  if (sends) return receives ? 'sendrecv' : 'sendonly';
  return receives ? 'recvonly' : 'inactive';
}

export function maySend(direction: Direction): boolean {
  return direction === 'sendrecv' || direction === 'sendonly';
}

export function mayReceive(direction: Direction): boolean {
  return direction === 'sendrecv' || direction === 'recvonly';
}

function audioLines(local: LocalMedia, cryptoTag: number): string[] {
  const type = PAYLOAD_TYPES[local.codec];
  return [
    `m=audio ${local.rtp.port} ${local.key ? 'RTP/SAVP' : 'RTP/AVP'} ${type}`,
    `a=rtpmap:${type} ${local.codec}/8000`,
    `a=ptime:${FRAME_MS}`,
    ...(local.key ? [`a=${writeCrypto(cryptoTag, local.key)}`] : []),
    `a=${local.direction}`,
  ];
}

function answerLines(offer: RemoteMedia, audio: readonly string[]): string[] {
  return offer.lines.flatMap((refused, index) => (index === offer.audioLine ? audio : [refused]));
}

function speaks(section: MediaSection, codec: CodecName): boolean {
  return readPayloads(section).some(
    (payload) => payload.encoding === codec && payload.payloadType === PAYLOAD_TYPES[codec],
  );
}

function readAddresses(sdp: Sdp, section: MediaSection): { rtp: Endpoint; rtcp: Endpoint } | undefined {
  const connection = readConnection(sdp, section);
  if (!connection || connection.isMulticast || isIP(connection.address) === 0) return undefined;
  const { address } = connection;
  const port = section.media.port.value;
  const rtcp = readRtcp(section);
  const rtcpAddress = rtcp?.connection?.address ?? address;
  if (isIP(rtcpAddress) === 0 || port === 65_535) return undefined;
  return { rtp: { address, port }, rtcp: { address: rtcpAddress, port: rtcp?.port ?? port + 1 } };
}

function readKey(
  section: MediaSection,
  { role, suite = SDES_SUITE }: { readonly role: 'offer' | 'answer'; readonly suite?: SrtpSuite },
): { key: SdesKey; tag: number } | SdpProblem {
  const readings = readCryptos(section);
  const usable = readings.filter((reading) => reading.kind === 'usable').find(({ key }) => key.suite === suite);
  if (!usable) return 'no_key';
  if (role === 'answer' && (readings.length !== 1 || usable.tag !== OFFERED_TAG)) return 'key_tag';
  return { key: usable.key, tag: usable.tag };
}
