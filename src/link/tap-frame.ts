/**
 * What a media worker says on its tap socket: the start of a tap, one received audio packet (decrypted), packets
 * dropped because the reader was slow, and the end. Bytes only; the socket is in `tap-channel.ts`.
 */

import type { StreamId, TapId } from '../base/ids.ts';

/** Bounds one frame: a jumbo audio packet and its header fit, nothing larger is an audio packet. */
export const MAX_TAP_FRAME_BYTES = 4096;

export type TapFrame =
  | { readonly kind: 'begin'; readonly tap: TapId; readonly stream: StreamId; readonly streamStartUs: number }
  | {
      readonly kind: 'media';
      readonly tap: TapId;
      /** When the packet reached us, CLOCK_MONOTONIC. */
      readonly arrivalUs: number;
      readonly ssrc: number;
      /** ROC × 65536 + sequence number: contiguous through wraps. */
      readonly extendedSequence: number;
      readonly rtpTimestamp: number;
      readonly payloadType: number;
      readonly payload: Uint8Array;
    }
  | {
      readonly kind: 'dropped';
      readonly tap: TapId;
      readonly count: number;
      readonly fromUs: number;
      readonly toUs: number;
    }
  | { readonly kind: 'end'; readonly tap: TapId };

/*
 *  byte 0      kind: 1 begin, 2 media, 3 dropped, 4 end
 *  byte 1      payload type (media), else 0
 *  bytes 2-17  tap id
 *  begin:   18-33 stream id, 34-41 first arrival of the stream (µs; the tap's opening if nothing arrived yet)
 *  media:   18-25 arrival µs, 26-29 ssrc, 30-37 extended sequence, 38-41 timestamp, 42… payload
 *  dropped: 18-21 count, 22-29 first arrival µs, 30-37 last arrival µs
 */
const BEGIN = 1;
const MEDIA = 2;
const DROPPED = 3;
const END = 4;
const COMMON_BYTES = 18;
const BEGIN_BYTES = 42;
export const MEDIA_HEADER_BYTES = 42;
const DROPPED_BYTES = 38;

export function encodeTapFrame(frame: TapFrame): Buffer {
  switch (frame.kind) {
    case 'begin': {
      const bytes = allocate(BEGIN, BEGIN_BYTES, frame.tap);
      writeId(bytes, 18, frame.stream);
      writeUint(bytes, 34, frame.streamStartUs);
      return bytes;
    }
    case 'media': {
      const bytes = allocate(MEDIA, MEDIA_HEADER_BYTES + frame.payload.length, frame.tap);
      bytes[1] = frame.payloadType;
      writeUint(bytes, 18, frame.arrivalUs);
      bytes.writeUInt32BE(frame.ssrc, 26);
      writeUint(bytes, 30, frame.extendedSequence);
      bytes.writeUInt32BE(frame.rtpTimestamp, 38);
      bytes.set(frame.payload, MEDIA_HEADER_BYTES);
      return bytes;
    }
    case 'dropped': {
      const bytes = allocate(DROPPED, DROPPED_BYTES, frame.tap);
      bytes.writeUInt32BE(frame.count, 18);
      writeUint(bytes, 22, frame.fromUs);
      writeUint(bytes, 30, frame.toUs);
      return bytes;
    }
    case 'end':
      return allocate(END, COMMON_BYTES, frame.tap);
  }
}

/** Reads one frame body; undefined when it is not one (the reader then disconnects). */
export function decodeTapFrame(bytes: Buffer): TapFrame | undefined {
  if (bytes.length < COMMON_BYTES) return undefined;
  const tap = `t_${bytes.toString('hex', 2, 18)}` as TapId;
  switch (bytes[0]) {
    case BEGIN:
      if (bytes.length !== BEGIN_BYTES) return undefined;
      return {
        kind: 'begin',
        tap,
        stream: `s_${bytes.toString('hex', 18, 34)}` as StreamId,
        streamStartUs: readUint(bytes, 34),
      };
    case MEDIA:
      if (bytes.length < MEDIA_HEADER_BYTES) return undefined;
      return {
        kind: 'media',
        tap,
        payloadType: bytes.readUInt8(1),
        arrivalUs: readUint(bytes, 18),
        ssrc: bytes.readUInt32BE(26),
        extendedSequence: readUint(bytes, 30),
        rtpTimestamp: bytes.readUInt32BE(38),
        payload: bytes.subarray(MEDIA_HEADER_BYTES),
      };
    case DROPPED:
      if (bytes.length !== DROPPED_BYTES) return undefined;
      return {
        kind: 'dropped',
        tap,
        count: bytes.readUInt32BE(18),
        fromUs: readUint(bytes, 22),
        toUs: readUint(bytes, 30),
      };
    case END:
      return bytes.length === COMMON_BYTES ? { kind: 'end', tap } : undefined;
    default:
      return undefined;
  }
}

function allocate(kind: number, sizeBytes: number, tap: TapId): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  bytes[0] = kind;
  writeId(bytes, 2, tap);
  return bytes;
}

function writeId(bytes: Buffer, at: number, id: string): void {
  bytes.write(id.slice(2), at, 16, 'hex');
}

/** Unsigned 64-bit field holding a safe integer, without BigInt on the packet path. */
function writeUint(bytes: Buffer, at: number, value: number): void {
  bytes.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at);
  bytes.writeUInt32BE(value >>> 0, at + 4);
}

function readUint(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
}
