/**
 * Real baresip phones with SDES and G.722: each in a folder of its own, speaking from a file, and keeping what it heard
 * as a recording where it is asked to. Their SIP is on loopback, their media on whatever address the machine has.
 */

import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readWav, writeWav, type Wav } from '../../src/demo/wav.ts';
import { tone } from '../protocol/codec/tones.ts';
import { PeerProcess } from './peer-process.ts';

const MODULES = '/usr/lib/baresip/modules';
const RATE_HZ = 16_000;
const KEYING = { rtp: '', sdes: ';mediaenc=srtp-mand', dtls: ';mediaenc=dtls_srtp' } as const;
/** A phone hangs up when its file ends: longer than any test. */
const TONE_SECONDS = 60;

/** RTP ports of phones: away from what nodes take and from what the system hands out. */
export const PHONE_PORTS = { from: 30_200, to: 32_599 } as const;

export interface PortRange {
  readonly from: number;
  readonly to: number;
}

export type PhoneSecurity = 'rtp' | 'sdes' | 'dtls';

export interface PhoneOptions {
  readonly program: string;
  readonly sipPort: number;
  /** SIP URI to call at once; without it the phone answers. */
  readonly dial?: string;
  readonly rtpPorts?: PortRange;
  /** What it answers to; `phone` when nothing is said. */
  readonly user?: string;
  /** How it keys its media: mandatory SDES when nothing is said. */
  readonly security?: PhoneSecurity;
  /** What it says, at 16 kHz; a tone when absent. */
  readonly voice?: Wav;
  /** Whether it keeps what it hears; only a phone with one call can. */
  readonly records?: boolean;
}

export class Baresip {
  readonly #folder: string;
  readonly #recordings: string;
  readonly #process: PeerProcess;

  constructor({
    program,
    sipPort,
    dial,
    rtpPorts = PHONE_PORTS,
    user = 'phone',
    security = 'sdes',
    voice = longTone(),
    records = false,
  }: PhoneOptions) {
    this.#folder = mkdtempSync(join(tmpdir(), 'earshot-baresip-'));
    this.#recordings = join(this.#folder, 'heard');
    mkdirSync(this.#recordings);
    const speech = join(this.#folder, 'voice.wav');
    writeFileSync(speech, writeWav(voice));
    const profile = join(this.#folder, 'profile');
    mkdirSync(profile);
    const recordings = records ? this.#recordings : undefined;
    writeFileSync(join(profile, 'config'), configOf({ sipPort, rtpPorts, speech, recordings }));
    const account = `<sip:${user}@127.0.0.1:${sipPort}>;regint=0;answermode=auto${KEYING[security]};audio_codecs=G722\n`;
    writeFileSync(join(profile, 'accounts'), account);
    writeFileSync(join(profile, 'contacts'), '');
    const orders = dial === undefined ? [] : ['-e', `/dial ${dial}`];
    this.#process = new PeerProcess(program, ['-f', profile, '-v', ...orders]);
  }

  get said(): string {
    return this.#process.said;
  }

  /** Whether audio of the other side was opened and heard. */
  get hears(): boolean {
    return this.callsHeard > 0;
  }

  /** In how many of its calls so far it did. */
  get callsHeard(): number {
    return this.said.split("incoming rtp for 'audio' established").length - 1;
  }

  /** What it heard in the call that has ended, as its own codec decoded it. */
  recording(): Wav {
    const name = readdirSync(this.#recordings).find((file) => file.endsWith('-dec.wav'));
    if (name === undefined) throw new Error('the phone kept no recording');
    return readWav(readFileSync(join(this.#recordings, name)));
  }

  /** Hangs up and ends. Its recording is there until it is stopped. */
  async hangUp(): Promise<void> {
    await this.#process.stop();
  }

  async stop(): Promise<void> {
    await this.hangUp();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A port that is free beside its neighbour: baresip listens on both, on UDP and TCP. */
export async function freeSipPort(): Promise<number> {
  for (;;) {
    const first = await listen(0);
    const { port } = first.address() as AddressInfo;
    const second = await listen(port + 1).catch(() => undefined);
    first.close();
    second?.close();
    if (second) return port;
  }
}

async function listen(port: number): Promise<ReturnType<typeof createServer>> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function configOf(options: {
  readonly sipPort: number;
  readonly rtpPorts: PortRange;
  readonly speech: string;
  readonly recordings: string | undefined;
}): string {
  const { sipPort, rtpPorts, speech, recordings } = options;
  // What is heard is decoded only for a player; the bridge is one that needs no sound card.
  const ear = recordings === undefined ? [] : ['aubridge.so', 'sndfile.so'];
  const modules = ['g722.so', 'srtp.so', 'dtls_srtp.so', 'aufile.so', ...ear].map((name) => `module ${name}`);
  return [
    'poll_method epoll',
    `sip_listen 127.0.0.1:${sipPort}`,
    `rtp_ports ${rtpPorts.from}-${rtpPorts.to}`,
    `audio_source aufile,${speech}`,
    ...(recordings === undefined ? [] : ['audio_player aubridge,ear', `snd_path ${recordings}`]),
    'audio_srate 8000-48000',
    'audio_channels 1-2',
    'rtp_timeout 60',
    `module_path ${MODULES}`,
    ...modules,
    'module_tmp account.so',
    'module_app menu.so',
    '',
  ].join('\n');
}

function longTone(): Wav {
  return { sampleRateHz: RATE_HZ, samples: tone(440, RATE_HZ * TONE_SECONDS) };
}
