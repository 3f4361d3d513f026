/**
 * The peer: rtpengine in userspace, one call for each flow, negotiated by its control protocol as a proxy would. The
 * CPU time is that of its process alone.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bdecode, bencode, type Bencoded } from '../../peers/bencode.ts';
import { requirePeer } from '../../peers/require-peer.ts';
import { freeUdpPort } from '../../../src/cli/demo-node.ts';
import { answerParent } from '../support/answering.ts';
import { runAsCallPlane } from './as-call-plane.ts';
import { SUITES, type Carried, type Flow, type Peer, type RelayQuestions, type Side } from './flows.ts';

const PORTS = { from: 28_000, to: 32_699 };
const ANSWER_MS = 5000;
/** Flows wait for their level without media, and must still be there then. */
const NEVER_SILENT = ['--timeout=3600', '--silent-timeout=3600'];

interface Engine {
  readonly process: ChildProcess;
  readonly control: Socket;
  readonly folder: string;
  readonly waiting: Map<string, (answer: string) => void>;
}

let engine: Engine | undefined;

const scheduling = runAsCallPlane();
answerParent<RelayQuestions>(
  {
    scheduling: () => scheduling,
    carry: async ({ flows }) => {
      const started = await startEngine();
      engine = started;
      const carried: Carried[] = [];
      for (const [at, flow] of flows.entries()) carried.push(await carry(started, `bench-${at}`, flow));
      return carried;
    },
    cpuUs: () => cpuUsOf(engine?.process.pid ?? 0),
  },
  async () => {
    engine?.control.close();
    if (engine?.process.exitCode === null) {
      const exit = once(engine.process, 'exit');
      engine.process.kill('SIGTERM');
      await exit;
    }
    if (engine) rmSync(engine.folder, { recursive: true, force: true });
  },
);

async function startEngine(): Promise<Engine> {
  const program = requirePeer('rtpengine');
  if (program === undefined) throw new Error('rtpengine is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'earshot-bench-'));
  const port = await freeUdpPort();
  const control = createSocket('udp4');
  const listening = once(control, 'listening');
  control.bind(0, '127.0.0.1');
  await listening;
  control.connect(port, '127.0.0.1');
  const waiting = new Map<string, (answer: string) => void>();
  control.on('error', () => undefined);
  control.on('message', (message) => {
    const text = message.toString('latin1');
    const cookie = text.slice(0, text.indexOf(' '));
    waiting.get(cookie)?.(text.slice(cookie.length + 1));
    waiting.delete(cookie);
  });
  const options = [
    ...['--foreground', '--log-stderr', '--log-level=3', '--table=-1', '--interface=127.0.0.1', ...NEVER_SILENT],
    ...[`--listen-ng=127.0.0.1:${port}`, `--pidfile=${join(folder, 'pid')}`],
    ...[`--port-min=${PORTS.from}`, `--port-max=${PORTS.to}`],
  ];
  const child = spawn(program, options, { stdio: 'ignore' });
  const started = { process: child, control, folder, waiting };
  for (let tries = 0; tries < 50; tries++) {
    await sleep(100);
    if (await tell(started, { command: 'ping' }, 200)) return started;
  }
  throw new Error('rtpengine did not answer');
}

let cookies = 0;

async function tell(
  { control, waiting }: Engine,
  command: { readonly [key: string]: Bencoded },
  limitMs = ANSWER_MS,
): Promise<string | undefined> {
  const cookie = `c${++cookies}`;
  const answer = new Promise<string>((resolve) => waiting.set(cookie, resolve));
  control.send(Buffer.from(`${cookie} ${bencode(command)}`, 'latin1'));
  return Promise.race([answer, sleep(limitMs, undefined, { ref: false })]);
}

async function ask(asked: Engine, command: { readonly [key: string]: Bencoded }): Promise<string> {
  const answer: Bencoded = bdecode((await tell(asked, command)) ?? 'de');
  const sdp = new Map<string, Bencoded>(Object.entries(answer)).get('sdp');
  if (typeof sdp !== 'string') throw new Error(`rtpengine refused a call: ${JSON.stringify(answer)}`);
  return sdp;
}

async function carry(asked: Engine, call: string, flow: Flow): Promise<Carried> {
  const common = {
    'call-id': call,
    'from-tag': 'caller',
    'transport-protocol': 'RTP/SAVP',
    ICE: 'remove',
    DTLS: 'off',
  };
  const toCallee = await ask(asked, { ...common, command: 'offer', sdp: sdpOf('caller', flow.caller, '1') });
  const callee = cryptoOf('callee', toCallee);
  const toCaller = await ask(asked, {
    ...common,
    command: 'answer',
    'to-tag': 'callee',
    sdp: sdpOf('callee', flow.callee, callee.tag),
  });
  const caller = cryptoOf('caller', toCaller);
  const keys = [caller.keySalt, callee.keySalt, flow.caller.sends.keySalt, flow.callee.sends.keySalt];
  if (new Set(keys).size < keys.length) throw new Error('rtpengine passes packets on under the key they came with');
  return {
    caller: { port: portOf(toCaller), hears: { suite: SUITES.caller, keySalt: caller.keySalt } },
    callee: { port: portOf(toCallee), hears: { suite: SUITES.callee, keySalt: callee.keySalt } },
  };
}

function sdpOf(side: Side, { port, sends }: Peer, tag: string): string {
  return [
    ...['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0'],
    ...[
      `m=audio ${port} RTP/SAVP 0`,
      'a=rtpmap:0 PCMU/8000',
      `a=crypto:${tag} ${SUITES[side]} inline:${sends.keySalt}`,
    ],
    '',
  ].join('\r\n');
}

function cryptoOf(side: Side, sdp: string): { readonly tag: string; readonly keySalt: string } {
  const [, tag, keySalt] = new RegExp(`a=crypto:(\\d+) ${SUITES[side]} inline:([A-Za-z0-9+/=]+)`).exec(sdp) ?? [];
  if (tag === undefined || keySalt === undefined) throw new Error('rtpengine does not speak the suite of this leg');
  return { tag, keySalt };
}

function portOf(sdp: string): number {
  return Number(/m=audio (\d+) /.exec(sdp)?.[1]);
}

/** Of every thread, by the scheduler's own count. */
function cpuUsOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const ranNs = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  );
  return ranNs.reduce((total, ns) => total + ns, 0) / 1000;
}
