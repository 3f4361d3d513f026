/** Real baresip phones with SDES on loopback: each in a folder of its own, playing a tone. */

import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PeerProcess } from './peer-process.ts';

const MODULES = '/usr/lib/baresip/modules';
const RATE_HZ = 8000;
/** A phone hangs up when its file ends: longer than any test. */
const TONE_SECONDS = 60;

export interface PhoneOptions {
  readonly program: string;
  readonly sipPort: number;
  /** SIP URI to call at once; without it the phone answers. */
  readonly dial?: string;
}

export class Baresip {
  readonly #folder: string;
  readonly #process: PeerProcess;

  constructor({ program, sipPort, dial }: PhoneOptions) {
    this.#folder = mkdtempSync(join(tmpdir(), 'earshot-baresip-'));
    const tone = join(this.#folder, 'tone.wav');
    writeFileSync(tone, toneWave());
    const profile = join(this.#folder, 'profile');
    mkdirSync(profile);
    writeFileSync(join(profile, 'config'), configOf(sipPort, tone));
    const account = `<sip:phone@127.0.0.1:${sipPort}>;regint=0;answermode=auto;mediaenc=srtp-mand;audio_codecs=PCMU\n`;
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
    return this.said.includes("incoming rtp for 'audio' established");
  }

  /** Hangs up and ends. */
  async stop(): Promise<void> {
    await this.#process.stop();
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

function configOf(sipPort: number, tone: string): string {
  const modules = ['g711.so', 'srtp.so', 'aufile.so'].map((name) => `module ${name}`);
  return [
    'poll_method epoll',
    `sip_listen 127.0.0.1:${sipPort}`,
    `audio_source aufile,${tone}`,
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

/** A WAV file of 16-bit mono with a 440 Hz tone. */
function toneWave(): Buffer {
  const dataBytes = RATE_HZ * TONE_SECONDS * 2;
  const wave = Buffer.alloc(44 + dataBytes);
  wave.write('RIFF', 0);
  wave.writeUInt32LE(36 + dataBytes, 4);
  wave.write('WAVEfmt ', 8);
  wave.writeUInt32LE(16, 16);
  wave.writeUInt16LE(1, 20);
  wave.writeUInt16LE(1, 22);
  wave.writeUInt32LE(RATE_HZ, 24);
  wave.writeUInt32LE(RATE_HZ * 2, 28);
  wave.writeUInt16LE(2, 32);
  wave.writeUInt16LE(16, 34);
  wave.write('data', 36);
  wave.writeUInt32LE(dataBytes, 40);
  for (let sample = 0; sample < RATE_HZ * TONE_SECONDS; sample++) {
    wave.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * 440 * sample) / RATE_HZ)), 44 + sample * 2);
  }
  return wave;
}
