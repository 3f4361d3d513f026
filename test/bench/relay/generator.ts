/**
 * Both peers of every flow, in a process of its own: seals what they say at 50 packets a second and side, lets
 * `generator.c` say it, and judges every packet that came back.
 */

import { randomBytes } from 'node:crypto';
import { answerParent } from '../support/answering.ts';
import { percentile } from '../support/statistics.ts';
import { runAsCallPlane } from './as-call-plane.ts';
import { SIDES, SUITES, type Flow, type GeneratorQuestions, type Heard, type Side, type Speech } from './flows.ts';
import { Voice } from './voice.ts';
import { WireGenerator } from './wire-generator.ts';

/** Caller and callee of the first flow, then of the second, and so on. */
let voices: readonly Voice[] = [];
let wire: WireGenerator | undefined;

runAsCallPlane();
answerParent<GeneratorQuestions>({ open, speak }, () => wire?.stop());

async function open(ask: GeneratorQuestions['open']['ask']): Promise<readonly Flow[]> {
  const started = await WireGenerator.start(ask.program, 2 * ask.flows, ask.packets);
  wire = started;
  const flows = Array.from({ length: ask.flows }, (_, flow) => ({
    caller: { port: started.ports[2 * flow]!, sends: makeKey('caller') },
    callee: { port: started.ports[2 * flow + 1]!, sends: makeKey('callee') },
  }));
  voices = flows.flatMap((flow, at) => SIDES.map((side, n) => new Voice(2 * at + n + 1, flow[side].sends)));
  return flows;
}

function makeKey(side: Side) {
  return { suite: SUITES[side], keySalt: randomBytes(30).toString('base64') };
}

async function speak({ carried, packets }: Speech): Promise<Heard> {
  if (!wire) throw new Error('nobody was opened');
  const generator = wire;
  const speakers = carried.flatMap((flow) => [flow.caller, flow.callee]);
  speakers.forEach(({ port }, at) => {
    const voice = voices[at]!;
    const packetsOf = voice.prepare(packets);
    generator.prepare(at, { port, firstSequence: voice.firstSequence }, packetsOf);
  });
  const sent = await generator.speak(speakers.length, packets);
  const delaysUs: number[] = [];
  let arrived = 0;
  for (const at of speakers.keys()) {
    const heard = generator.heardOf(at, packets);
    // Its listener is the other side of the flow.
    const { hears } = speakers[at ^ 1]!;
    const judged = voices[at]!.judge(
      heard.map(({ heard: bytes }) => bytes),
      hears,
    );
    arrived += judged.filter((isGood, n) => isGood && heard[n]!.copies === 1).length;
    delaysUs.push(...heard.flatMap(({ delayUs }, n) => (judged[n] && delayUs !== undefined ? [delayUs] : [])));
  }
  return { sent, arrived, p50Us: percentile(delaysUs, 0.5), p99Us: percentile(delaysUs, 0.99) };
}
