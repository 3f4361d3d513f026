/**
 * The packet path of one media worker over real UDP on loopback, SRTP to SRTP, against a process that only receives and
 * sends: the same load, in turns, from the same generator. Delay is what either adds to the same way without a relay.
 */

import { randomBytes } from 'node:crypto';
import type { Flow, FlowPorts, GeneratorQuestions, Heard, RelayQuestions, SideKeys } from './relay/flows.ts';
import type { Bench, BenchResult } from './support/bench.ts';
import { Child, type Questions } from './support/child.ts';
import { median, rounded, sum } from './support/statistics.ts';
import { inTurns } from './support/turns.ts';

const FLOWS = 50;
const ROUNDS = 4;
/** Of each side of each flow in one round: 2 s, so 8 s of each contestant. */
const PACKETS = 100;

export const bench: Bench = {
  says: `CPU and delay of one media worker with ${FLOWS} SRTP calls, against a bare dgram relay`,
  async run(signal) {
    const started: { stop(): Promise<void> }[] = [];
    const start = async <Asked extends Questions<Asked>>(file: string): Promise<Child<Asked>> => {
      const child = await Child.start<Asked>(new URL(`relay/${file}.ts`, import.meta.url));
      started.push(child);
      return child;
    };
    try {
      const generator = await start<GeneratorQuestions>('generator');
      const media = await start<RelayQuestions>('media-relay');
      const bare = await start<RelayQuestions>('dgram-relay');
      return await contend({ generator, media, bare }, signal);
    } finally {
      await Promise.all(started.map((child) => child.stop()));
    }
  },
};

interface Processes {
  readonly generator: Child<GeneratorQuestions>;
  readonly media: Child<RelayQuestions>;
  readonly bare: Child<RelayQuestions>;
}

interface Round extends Heard {
  /** Of the relay, for each packet sent to it; 0 where there is none. */
  readonly cpuUsPerPacket: number;
}

async function contend({ generator, media, bare }: Processes, signal: AbortSignal): Promise<BenchResult> {
  const flows = Array.from({ length: FLOWS }, (): Flow => ({ caller: makeKeys(), callee: makeKeys() }));
  const peers = await generator.ask('open', flows);
  const mediaPorts = await media.ask('carry', { flows, peers });
  const barePorts = await bare.ask('carry', { flows, peers });
  const swapped = peers.map(({ caller, callee }): FlowPorts => ({ caller: callee, callee: caller }));
  const rounds = await inTurns(
    { rounds: ROUNDS, signal },
    {
      media: () => speakThrough(generator, media, { targets: mediaPorts, isRekeyed: true }),
      bare: () => speakThrough(generator, bare, { targets: barePorts, isRekeyed: false }),
      direct: async () => {
        const heard = await generator.ask('speak', { targets: swapped, isRekeyed: false, packets: PACKETS / 2 });
        return { ...heard, cpuUsPerPacket: 0 };
      },
    },
  );
  return resultOf(rounds);
}

function makeKeys(): SideKeys {
  return { sends: randomBytes(30).toString('base64'), hears: randomBytes(30).toString('base64') };
}

async function speakThrough(
  generator: Processes['generator'],
  relay: Child<RelayQuestions>,
  way: { readonly targets: readonly FlowPorts[]; readonly isRekeyed: boolean },
): Promise<Round> {
  const before = await relay.ask('cpuUs', null);
  const heard = await generator.ask('speak', { ...way, packets: PACKETS });
  const cpuUs = (await relay.ask('cpuUs', null)) - before;
  return { ...heard, cpuUsPerPacket: cpuUs / heard.sent };
}

function resultOf({ media, bare, direct }: Record<'media' | 'bare' | 'direct', readonly Round[]>): BenchResult {
  const of = (rounds: readonly Round[], figure: keyof Round): number => median(rounds.map((round) => round[figure]));
  const directP50Us = of(direct, 'p50Us');
  const addedMs = (rounds: readonly Round[], figure: 'p50Us' | 'p99Us'): number =>
    rounded((of(rounds, figure) - directP50Us) / 1000);
  const [us, bareUs] = [of(media, 'cpuUsPerPacket'), of(bare, 'cpuUsPerPacket')];
  return {
    bench: 'relay',
    us_per_packet: rounded(us),
    baseline: 'bare dgram relay',
    baseline_us_per_packet: rounded(bareUs),
    ratio: rounded(us / bareUs),
    packets: sum(media.map(({ sent }) => sent)),
    lost: sum(media.map(({ sent, arrived }) => sent - arrived)),
    added_p50_ms: addedMs(media, 'p50Us'),
    added_p99_ms: addedMs(media, 'p99Us'),
    baseline_lost: sum(bare.map(({ sent, arrived }) => sent - arrived)),
    baseline_added_p50_ms: addedMs(bare, 'p50Us'),
    baseline_added_p99_ms: addedMs(bare, 'p99Us'),
    flows: FLOWS,
    clock: "the generator's own: its event loop is part of every delay",
  };
}
