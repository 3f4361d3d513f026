/** The three codecs the softphone speaks, with their static payload types (RFC 3551 §6). */

import type { CodecName } from '../../protocol/codec/codec.ts';

export type { CodecName } from '../../protocol/codec/codec.ts';

export const FRAME_MS = 20;
/** RTP ticks in a frame: the RTP clock of all three is 8000 Hz, for G.722 by historical mistake (RFC 3551 §4.5.2). */
export const FRAME_TICKS = 160;

export const PAYLOAD_TYPES: Readonly<Record<CodecName, number>> = { PCMU: 0, PCMA: 8, G722: 9 };
