/**
 * Both peers of every flow, in a process of its own: speaks at 50 packets a second and side, and says what arrived and
 * when. Delays are by its own clock, from before the send call until its event loop has the packet.
 */

import type { Socket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../../src/base/clock.ts';
import { answerParent } from '../support/answering.ts';
import { percentile } from '../support/statistics.ts';
import type { Flow, FlowPorts, GeneratorQuestions, Heard, Speech } from './flows.ts';
import { openLoopbackSocket } from './loopback-socket.ts';
import { Voice } from './voice.ts';

const PTIME_US = 20_000;
/** Time for the last packets to arrive. */
const DRAIN_MS = 200;

/** A voice and where it speaks from. */
interface Speaker {
  readonly voice: Voice;
  readonly socket: Socket;
}

/** Caller and callee of the first flow, then of the second, and so on. */
const speakers: Speaker[] = [];

answerParent<GeneratorQuestions>({ open, speak }, () => {
  for (const { socket } of speakers) socket.close();
});

async function open(flows: readonly Flow[]): Promise<FlowPorts[]> {
  const ports: FlowPorts[] = [];
  for (const { caller, callee } of flows) {
    const ssrc = speakers.length + 1;
    const fromCaller = await openSpeaker(new Voice(ssrc, { sent: caller.sends, heard: callee.hears }));
    const fromCallee = await openSpeaker(new Voice(ssrc + 1, { sent: callee.sends, heard: caller.hears }));
    fromCaller.socket.on('message', (bytes) => fromCallee.voice.hear(bytes, systemClock.monoUs()));
    fromCallee.socket.on('message', (bytes) => fromCaller.voice.hear(bytes, systemClock.monoUs()));
    speakers.push(fromCaller, fromCallee);
    ports.push({ caller: fromCaller.socket.address().port, callee: fromCallee.socket.address().port });
  }
  return ports;
}

async function openSpeaker(voice: Voice): Promise<Speaker> {
  return { voice, socket: await openLoopbackSocket() };
}

async function speak({ targets, isRekeyed, packets }: Speech): Promise<Heard> {
  for (const { voice } of speakers) voice.prepare(packets);
  await sendAll(
    targets.flatMap(({ caller, callee }) => [caller, callee]),
    packets,
  );
  await sleep(DRAIN_MS);
  const delaysUs = speakers.flatMap(({ voice }) => voice.judge(isRekeyed));
  return {
    sent: packets * speakers.length,
    arrived: delaysUs.length,
    p50Us: percentile(delaysUs, 0.5),
    p99Us: percentile(delaysUs, 0.99),
  };
}

/** Every speaker has its own moment in each 20 ms; what a late timer held up is sent at once. */
async function sendAll(ports: readonly number[], packets: number): Promise<void> {
  const total = packets * speakers.length;
  const gapUs = PTIME_US / speakers.length;
  const startUs = systemClock.monoUs();
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor((systemClock.monoUs() - startUs) / gapUs) + 1);
    for (; sent < due; sent += 1) {
      const speaker = sent % speakers.length;
      const { voice, socket } = speakers[speaker]!;
      const bytes = voice.say(Math.floor(sent / speakers.length), systemClock.monoUs());
      socket.send(bytes, ports[speaker], '127.0.0.1');
    }
    await sleep(1);
  }
}
