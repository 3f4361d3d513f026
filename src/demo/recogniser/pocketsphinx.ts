/**
 * Hears English at 16 kHz by running pocketsphinx once per utterance, for a limited time and at the priority of
 * everything else: at a lower one it heard nothing on a busy machine, and the call did not gain by it. Audio touches
 * the disk only in a private folder that is removed again; nothing heard is ever logged.
 */

import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { errorCode } from '../../base/error.ts';
import type { Log } from '../../base/log.ts';
import { writeWav } from '../wav.ts';
import type { Heard, Hearing, SpeechEngine } from './engine.ts';
import { readPocketsphinx } from './pocketsphinx-output.ts';
import { Turnstile } from './turnstile.ts';
import { Utterances, type Utterance } from './utterances.ts';

const COMMAND = 'pocketsphinx_continuous';
const SAMPLE_RATE_HZ = 16_000;
const RUN_LIMIT_MS = 25_000;
const MAX_OUTPUT_BYTES = 64 * 1024;
const MAX_WAITING_UTTERANCES = 16;
const MAX_RUNNING = 2;
/** The packaged model reaches further into silence than our margin; without it the last word suffers. */
const PADDING_MS = 300;

export interface PocketsphinxOptions {
  readonly clock: Clock;
  readonly log: Log;
}

/** Whether pocketsphinx and its English model are here and work: it is asked to hear a moment of silence. */
export async function hasPocketsphinx(options: PocketsphinxOptions): Promise<boolean> {
  const folder = await makeFolder();
  try {
    const silence = new Int16Array(SAMPLE_RATE_HZ / 10);
    return (await runPocketsphinx(folder, 'probe', silence, options.clock, new AbortController().signal)) !== undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function createPocketsphinxEngine({ clock, log }: PocketsphinxOptions): Promise<SpeechEngine> {
  const folder = await makeFolder();
  const stopped = new AbortController();
  const turnstile = new Turnstile(MAX_RUNNING);
  let count = 0;

  const hear = (utterance: Utterance, name: string): Promise<Heard | undefined> =>
    turnstile.pass(async () => {
      if (stopped.signal.aborted) return undefined;
      const output = await runPocketsphinx(folder, name, utterance.samples, clock, stopped.signal);
      if (output === undefined) log.warn({ utterance: name }, 'pocketsphinx did not answer');
      return output === undefined ? undefined : readPocketsphinx(output, utterance.offsetMs - PADDING_MS);
    });

  return {
    kind: 'pocketsphinx',
    sampleRatesHz: [SAMPLE_RATE_HZ],
    open: (_rate, onHeard) => listen((utterance) => hear(utterance, String(count++)), onHeard, log),
    settled: () => turnstile.settled(),
    async stop() {
      stopped.abort();
      await turnstile.settled();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** One stream: utterances are heard side by side but handed over in the order spoken. */
function listen(
  hear: (utterance: Utterance) => Promise<Heard | undefined>,
  onHeard: (heard: Heard) => void,
  log: Log,
): Hearing {
  const utterances = new Utterances(SAMPLE_RATE_HZ);
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;
  let isOpen = true;
  const enqueue = (utterance: Utterance): void => {
    if (waiting >= MAX_WAITING_UTTERANCES) {
      log.warn({ waiting }, 'an utterance was passed over: too many wait to be heard');
      return;
    }
    waiting += 1;
    const heard = hear(utterance).catch((thrown: unknown) => {
      log.warn({ code: errorCode(thrown) }, 'an utterance could not be heard');
      return undefined;
    });
    last = last.then(async () => {
      const result = await heard;
      waiting -= 1;
      if (result && result.text !== '' && isOpen) onHeard(result);
    });
  };
  return {
    push: (samples) => utterances.push(samples).forEach(enqueue),
    async finish() {
      const rest = utterances.finish();
      if (rest) enqueue(rest);
      await last;
    },
    close: () => {
      isOpen = false;
    },
  };
}

function makeFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'earshot-hearing-'));
}

/** What pocketsphinx printed, or undefined when it is missing, failed, or took too long. */
async function runPocketsphinx(
  folder: string,
  name: string,
  samples: Int16Array,
  clock: Clock,
  signal: AbortSignal,
): Promise<string | undefined> {
  const path = join(folder, `${name}.wav`);
  const padding = (SAMPLE_RATE_HZ * PADDING_MS) / 1000;
  const padded = new Int16Array(samples.length + 2 * padding);
  padded.set(samples, padding);
  await writeFile(path, writeWav({ sampleRateHz: SAMPLE_RATE_HZ, samples: padded }), { mode: 0o600 });
  try {
    return await readOutput(path, clock, signal);
  } finally {
    await rm(path, { force: true });
  }
}

function readOutput(path: string, clock: Clock, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const args = ['-infile', path, '-logfn', '/dev/null', '-time', 'yes'];
    const child = spawn(COMMAND, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    const kill = (): void => void child.kill('SIGKILL');
    const cancel = clock.after(RUN_LIMIT_MS, kill);
    const settle = (output: string | undefined): void => {
      cancel();
      signal.removeEventListener('abort', kill);
      resolve(output);
    };
    let output = Buffer.alloc(0);
    signal.addEventListener('abort', kill);
    if (signal.aborted) kill();
    child.once('error', () => settle(undefined));
    child.once('close', (code) => settle(code === 0 ? output.toString('utf8') : undefined));
    child.stdout.on('data', (chunk: Buffer) => {
      output = Buffer.concat([output, chunk]);
      if (output.length > MAX_OUTPUT_BYTES) kill();
    });
  });
}
