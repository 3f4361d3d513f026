/**
 * SRTP of one packet, protected in place and opened again, for every suite: by the addon, against the same on
 * node:crypto. The headline is AES_CM_128_HMAC_SHA1_80, which every peer has; `suites` has them all.
 */

import { randomBytes } from 'node:crypto';
import { NO_MKI } from '../../src/protocol/srtp/mki.ts';
import type { SrtpReceiver } from '../../src/protocol/srtp/receiver.ts';
import type { SrtpSender } from '../../src/protocol/srtp/sender.ts';
import { keySaltBytes, SRTP_SUITES, type SrtpSuite } from '../../src/protocol/srtp/suite.ts';
import type { CreateTransform } from '../../src/protocol/srtp/transform.ts';
import type { SrtpExports } from '../../src/native/srtp-transforms.ts';
import { rtpPacket } from '../protocol/rtp/packets.ts';
import type { Bench, Figures } from './support/bench.ts';
import { importBuilt } from './support/built.ts';
import { median, rounded } from './support/statistics.ts';
import { inTurns } from './support/turns.ts';

const ROUNDS = 5;
const PACKETS = 10_000;
const HEADLINE: SrtpSuite = 'AES_CM_128_HMAC_SHA1_80';

export const bench: Bench = {
  says: 'protect + unprotect of a 172-byte RTP packet, by the addon and on node:crypto, for every suite',
  async run(signal) {
    const passes = await createPasses();
    const suites: Record<string, Figures> = {};
    for (const suite of SRTP_SUITES) {
      const { addon, node } = await inTurns(
        { rounds: ROUNDS, signal },
        { addon: passes.addon(suite), node: passes.node(suite) },
      );
      suites[suite] = figuresOf(median(addon), median(node));
    }
    const { us_per_packet, baseline_us_per_packet, ratio } = suites[HEADLINE] as ReturnType<typeof figuresOf>;
    return {
      bench: 'srtp',
      us_per_packet,
      baseline: 'node:crypto',
      baseline_us_per_packet,
      ratio,
      packets: ROUNDS * PACKETS,
      suites,
    };
  },
};

function figuresOf(addonUs: number, nodeUs: number) {
  return {
    us_per_packet: rounded(addonUs),
    baseline_us_per_packet: rounded(nodeUs),
    ratio: rounded(addonUs / nodeUs),
  };
}

type MakePass = (suite: SrtpSuite) => () => number;

async function createPasses(): Promise<{ readonly addon: MakePass; readonly node: MakePass }> {
  const { SrtpSender } = await importBuilt('protocol/srtp/sender');
  const { SrtpReceiver } = await importBuilt('protocol/srtp/receiver');
  const { createTransform } = await importBuilt('protocol/srtp/suites');
  const { nativeTransforms } = await importBuilt('native/srtp-transforms');
  const { loadAddon } = await importBuilt('native/addon');
  const addon = loadAddon<SrtpExports>();
  if (addon.kind === 'absent') throw new Error(`there is no addon to measure: ${addon.reason}`);
  const passOf =
    (create: CreateTransform): MakePass =>
    (suite) => {
      const keySalt = randomBytes(keySaltBytes(suite));
      const transform = () => create(suite, keySalt, NO_MKI);
      const [sender, receiver] = [new SrtpSender(transform()), new SrtpReceiver(transform())];
      let sequence = 0;
      return () => {
        const us = pass(sender, receiver, sequence);
        sequence += PACKETS;
        return us;
      };
    };
  return { addon: passOf(nativeTransforms(addon.exports)), node: passOf(createTransform) };
}

/**
 * Microseconds of CPU per packet of one round, so that a busy neighbour counts less. The last packet of the round must
 * have come through whole.
 */
function pass(sender: SrtpSender, receiver: SrtpReceiver, firstSequence: number): number {
  const packet = rtpPacket();
  let opened: Buffer | string = '';
  const before = process.cpuUsage();
  for (let n = 0; n < PACKETS; n += 1) {
    packet.writeUInt16BE((firstSequence + n) % 65_536, 2);
    const sealed = sender.protectRtp(packet);
    if (typeof sealed === 'string') throw new Error(`not protected: ${sealed}`);
    opened = receiver.unprotectRtp(sealed);
    if (typeof opened === 'string') throw new Error(`not opened: ${opened}`);
  }
  const { user, system } = process.cpuUsage(before);
  if (!packet.equals(Buffer.from(opened))) throw new Error('a packet came through changed');
  return (user + system) / PACKETS;
}
