import { ok } from 'node:assert/strict';
import { expect, test } from 'vitest';
import { classify } from '../../src/protocol/rtp/classify.ts';
import { rtpHeaderBytes, rtpPaddingBytes, rtpSequence, rtpSsrc, rtpTimestamp } from '../../src/protocol/rtp/header.ts';
import { Reception } from '../../src/protocol/rtp/reception.ts';
import { isRtcp, renameRtcpSsrcs } from '../../src/protocol/rtp/rtcp.ts';
import { SequenceUnwrapper } from '../../src/protocol/rtp/sequence.ts';
import { TelephoneEvents } from '../../src/protocol/rtp/telephone-event.ts';
import { rtpPacket, senderReport } from '../protocol/rtp/packets.ts';
import { fuzz, fuzzTimeoutMs } from './fuzzer.ts';

/** Its own inverse, and like every relay's it leaves the SSRC that means none as it is. */
const MASK = 0x5a5a5a5a;
const rename = (ssrc: number): number => (ssrc === 0 || ssrc === MASK ? ssrc : (ssrc ^ MASK) >>> 0);
const names = { ofSender: rename, ofHeard: rename };

test(
  'no packet makes the readers of RTP and RTCP throw, reach beyond it, or change what they must not',
  { timeout: fuzzTimeoutMs },
  async () => {
    const seeds = [rtpPacket(), rtpPacket({ payload: Buffer.from([5, 0x8a, 1, 0x40]) }), senderReport(1, 2)];

    const { outcomes } = await fuzz({ name: 'rtp', seeds, maxBytes: 1500, repair: asPacket, check: judge });

    expect(outcomes.get('rtcp renamed')).toBeGreaterThan(0);
    expect(outcomes.get('rtp read')).toBeGreaterThan(0);
  },
);

/** Version 2 and, of RTCP, a first packet that ends where the datagram does. */
function asPacket(input: Buffer): Buffer {
  if (input.length < 12) return input;
  input[0] = 0x80 | (input[0]! & 0x3f);
  const isRtcpType = input[1]! >= 192 && input[1]! <= 223;
  if (isRtcpType) input.writeUInt16BE((input.length >> 2) - 1, 2);
  return isRtcpType ? input.subarray(0, input.length & ~3) : input;
}

const reception = new Reception();
const unwrapper = new SequenceUnwrapper();
const events = new TelephoneEvents();

function judge(input: Buffer): string {
  const rtp = readRtp(input);
  const rtcp = readRtcp(input);
  const kind = classify(input);
  if (kind === 'rtp') return `rtp ${rtp}`;
  return kind === 'rtcp' ? `rtcp ${rtcp}` : kind;
}

function readRtp(input: Buffer): string {
  const headerBytes = rtpHeaderBytes(input);
  if (headerBytes === 0) return 'refused';
  ok(headerBytes <= input.length, 'a header ends within its packet');
  const paddingBytes = rtpPaddingBytes(input, headerBytes);
  if (paddingBytes < 0) return 'padding';
  ok(headerBytes + paddingBytes <= input.length, 'padding is not taken from the header');
  ok(rtpSsrc(input) >= 0, 'an SSRC has no sign');
  note(input, input.subarray(headerBytes, input.length - paddingBytes));
  return 'read';
}

function note(input: Buffer, payload: Buffer): void {
  const sequence = rtpSequence(input);
  reception.note(sequence, rtpTimestamp(input), input.length * 1000, 8000);
  const { jitter, received, expected, lost } = reception.snapshot();
  ok(jitter >= 0 && Number.isFinite(jitter), 'jitter is a length of time');
  ok(lost === expected - received && reception.takeFractionLost() <= 255, 'the account is one');
  ok((unwrapper.extend(sequence) & 0xffff) === sequence, 'an extended number ends in its own');
  events.note(payload, rtpTimestamp(input));
  ok(events.event <= 255 && events.duration >= 0, 'an event is a byte, and lasts');
}

function readRtcp(input: Buffer): string {
  const original = Buffer.from(input);
  const isWellFormed = isRtcp(input);
  ok(input.equals(original), 'checking changes nothing');
  const renamed = Buffer.from(input);
  ok(renameRtcpSsrcs(renamed, names) === isWellFormed, 'names decide nothing');
  if (!isWellFormed) return 'refused';
  const isChanged = !renamed.equals(original);
  ok(renameRtcpSsrcs(renamed, names) && renamed.equals(original), 'only names are changed, and all of them');
  return isChanged ? 'renamed' : 'without names';
}
