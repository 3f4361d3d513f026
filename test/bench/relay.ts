/**
 * The packet path of one media worker over real UDP on loopback, SRTP to SRTP under two keys, with each kind of port,
 * against rtpengine in userspace: the same load, in turns, from the same generator. Delay is between the kernel's times
 * of sending and of arriving, less what the same way takes without a relay.
 */

import { PACKET_PORT_KINDS } from '../../src/call/media/messages.ts';
import { requireBuilt, requirePeer } from '../peers/require-peer.ts';
import type { Carried, Flow, GeneratorQuestions, Heard, RelayQuestions } from './relay/flows.ts';
import type { Bench, BenchResult, Figures } from './support/bench.ts';
import { Child, type Questions } from './support/child.ts';
import { median, rounded, sum } from './support/statistics.ts';
import { inTurns } from './support/turns.ts';

/** Calls at a time: of a small node, and of a busy worker. */
const LEVELS = [50, 400];
const MAX_FLOWS = Math.max(...LEVELS);
const ROUNDS = 2;
/** Of each side of each flow in one round: 2 s. */
const PACKETS = 100;

const PEER = 'rtpengine';
const RELAYS = [...PACKET_PORT_KINDS, PEER] as const;
type Relay = (typeof RELAYS)[number];

export const bench: Bench = {
  says: `CPU and delay of one media worker with ${LEVELS.join(' to ')} SRTP calls, against ${PEER} in userspace`,
  limitMs: 180_000,
  async run(signal) {
    const compiler = requirePeer('cc');
    const program = requireBuilt(compiler, new URL('relay/generator.c', import.meta.url), {
      header: 'linux/errqueue.h',
      library: 'c',
    });
    if (!program) throw new Error('a C compiler and the headers of Linux are needed');
    const started: { stop(): Promise<void> }[] = [];
    const start = async <Asked extends Questions<Asked>>(file: string): Promise<Child<Asked>> => {
      const child = await Child.start<Asked>(new URL(`relay/${file}.ts`, import.meta.url));
      started.push(child);
      return child;
    };
    try {
      const generator = await start<GeneratorQuestions>('generator');
      const flows = await generator.ask('open', { program: program.path, flows: MAX_FLOWS, packets: PACKETS });
      const relays = new Map<Relay, Carrying>();
      for (const kind of RELAYS) {
        const relay = await start<RelayQuestions>(kind === PEER ? 'rtpengine-relay' : 'media-relay');
        const carried = await relay.ask('carry', kind === PEER ? { flows } : { flows, packetPort: kind });
        relays.set(kind, { relay, carried });
      }
      const scheduling = await Promise.all([...relays.values()].map(({ relay }) => relay.ask('scheduling', null)));
      const rounds: Level[] = [];
      for (const level of LEVELS) rounds.push(await contend(level, { generator, flows, relays }, signal));
      return { ...resultOf(rounds), scheduling: [...new Set(scheduling)].join(' ') };
    } finally {
      await Promise.all(started.map((child) => child.stop()));
      program.remove();
    }
  },
};

interface Carrying {
  readonly relay: Child<RelayQuestions>;
  readonly carried: readonly Carried[];
}

interface Contest {
  readonly generator: Child<GeneratorQuestions>;
  readonly flows: readonly Flow[];
  readonly relays: ReadonlyMap<Relay, Carrying>;
}

interface Round extends Heard {
  /** Of the relay; 0 where there is none. */
  readonly cpuUs: number;
}

interface Level {
  readonly flows: number;
  readonly rounds: Readonly<Record<Relay | 'direct', readonly Round[]>>;
}

async function contend(level: number, { generator, flows, relays }: Contest, signal: AbortSignal): Promise<Level> {
  const through = async (kind: Relay): Promise<Round> => {
    const { relay, carried } = relays.get(kind)!;
    const before = await relay.ask('cpuUs', null);
    const heard = await generator.ask('speak', { carried: carried.slice(0, level), packets: PACKETS });
    return { ...heard, cpuUs: (await relay.ask('cpuUs', null)) - before };
  };
  const direct = flows.slice(0, level).map(({ caller, callee }): Carried => ({
    caller: { port: callee.port, hears: callee.sends },
    callee: { port: caller.port, hears: caller.sends },
  }));
  const rounds = await inTurns(
    { rounds: ROUNDS, signal },
    {
      io_uring: () => through('io_uring'),
      mmsg: () => through('mmsg'),
      dgram: () => through('dgram'),
      rtpengine: () => through('rtpengine'),
      direct: async () => ({ ...(await generator.ask('speak', { carried: direct, packets: PACKETS / 2 })), cpuUs: 0 }),
    },
  );
  return { flows: level, rounds };
}

function resultOf(levels: readonly Level[]): BenchResult {
  const of = (relay: Relay): Round[] => levels.flatMap(({ rounds }) => rounds[relay]);
  const [us, peerUs] = [usPerPacket(of('io_uring')), usPerPacket(of(PEER))];
  const ours = PACKET_PORT_KINDS.flatMap(of);
  return {
    bench: 'relay',
    us_per_packet: rounded(us),
    peer: PEER,
    peer_us_per_packet: rounded(peerUs),
    ratio: rounded(us / peerUs),
    dgram_ratio: rounded(usPerPacket(of('dgram')) / peerUs),
    packets: sum(ours.map(({ sent }) => sent)),
    lost: lostOf(ours),
    peer_lost: lostOf(of(PEER)),
    rows: levels.flatMap((level) => RELAYS.map((relay) => rowOf(level, relay))),
  };
}

function rowOf({ flows, rounds }: Level, relay: Relay): Figures {
  const added = (figure: 'p50Us' | 'p99Us'): number =>
    rounded(median(rounds[relay].map((round) => round[figure])) - median(rounds.direct.map((round) => round[figure])));
  return {
    port: relay,
    flows,
    us_per_packet: rounded(usPerPacket(rounds[relay])),
    added_p50_us: added('p50Us'),
    added_p99_us: added('p99Us'),
  };
}

function usPerPacket(rounds: readonly Round[]): number {
  return sum(rounds.map(({ cpuUs }) => cpuUs)) / sum(rounds.map(({ sent }) => sent));
}

function lostOf(rounds: readonly Round[]): number {
  return sum(rounds.map(({ sent, arrived }) => sent - arrived));
}
