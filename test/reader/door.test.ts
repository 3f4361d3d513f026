import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../../src/base/clock.ts';
import { newId } from '../../src/base/ids.ts';
import { silentLog } from '../../src/base/log.ts';
import { TranscriptOpener } from '../../src/governance/use-cases/open-transcript.ts';
import type { Principal } from '../../src/model/access.ts';
import type { OpenedTranscript } from '../../src/model/api/transcripts.ts';
import { openDoor, type Door } from '../../src/reader/door.ts';
import { ReaderError } from '../../src/reader/error.ts';
import { turn } from '../governance/retention/sealed.ts';

const call = newId('call');
const principal: Principal = { token: newId('token'), holder: 'ada', roles: ['auditor'], tenants: 'all' };
const opened: OpenedTranscript = { call, tenant: 'acme', complete: true, turns: [turn('hello')] };

let folder: string;
let socketPath: string;
let door: Door | undefined;
let asked: string[];
let answer: () => Promise<OpenedTranscript>;
let clock: ManualClock;
let opener: TranscriptOpener;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-door-'));
  socketPath = join(folder, 'r.sock');
  asked = [];
  answer = () => Promise.resolve(opened);
  clock = new ManualClock();
  opener = new TranscriptOpener({ socketPath, clock });
});

afterEach(async () => {
  await door?.close();
  door = undefined;
  rmSync(folder, { recursive: true });
});

async function serve(): Promise<void> {
  door = await openDoor({
    socketPath,
    log: silentLog,
    open: (bearer, id) => {
      asked.push(`${bearer} ${id}`);
      return answer();
    },
    onAnswered: () => undefined,
  });
}

test('a question with a token gets the transcript, through a socket that only we can open', async () => {
  await serve();

  expect(await opener.open(principal, 'ear_secret', call)).toEqual(opened);
  expect(asked).toEqual([`ear_secret ${call}`]);
  expect(statSync(socketPath).mode & 0o777).toBe(0o600);
});

test('for whoever may open nothing the reader is not even started', async () => {
  await serve();

  expect(await codeOf(opener.open({ ...principal, roles: ['ops', 'security'] }, 'ear_secret', call))).toBe('FORBIDDEN');
  expect(asked).toEqual([]);
});

test('what the reader refuses is said in words that tell nothing else', async () => {
  await serve();
  const codes = ['unauthenticated', 'forbidden', 'not_found', 'tampered', 'wrong_key', 'unavailable'] as const;

  const said: string[] = [];
  for (const code of codes) {
    answer = () => Promise.reject(new ReaderError(code, 'no'));
    said.push(await codeOf(opener.open(principal, 'ear_secret', call)));
  }

  expect(said).toEqual(['FORBIDDEN', 'FORBIDDEN', 'NOT_FOUND', 'CONFLICT', 'READER_UNAVAILABLE', 'READER_UNAVAILABLE']);
});

test('what breaks inside is not told to whoever asks', async () => {
  await serve();
  answer = () => Promise.reject(new Error('password hunter2'));

  const { status, body } = await post({ authorization: 'Bearer x' }, JSON.stringify({ call }));

  expect(status).toBe(503);
  expect(body).not.toContain('hunter2');
});

test('without a token, with another question, or with too much of one, nobody is asked', async () => {
  await serve();

  const answers = [
    await post({}, JSON.stringify({ call })),
    await post({ authorization: 'Basic eDp5' }, JSON.stringify({ call })),
    await post({ authorization: 'Bearer x' }, JSON.stringify({ call: 'c_1' })),
    await post({ authorization: 'Bearer x' }, JSON.stringify({ call, tenant: 'acme' })),
    await post({ authorization: 'Bearer x' }, '{'),
    await post({ authorization: 'Bearer x' }, ' '.repeat(5000)),
    await post({ authorization: 'Bearer x' }, JSON.stringify({ call }), '/other'),
  ];

  expect(answers.map(({ status }) => status)).toEqual([401, 401, 404, 404, 404, 413, 404]);
  expect(asked).toEqual([]);
});

test('more questions at once than it answers are turned away', async () => {
  await serve();
  const waiting: (() => void)[] = [];
  answer = () => new Promise((resolve) => waiting.push(() => resolve(opened)));
  const first = Array.from({ length: 4 }, () => opener.open(principal, 'ear_secret', call));
  await turns(() => waiting.length === 4);

  expect(await codeOf(opener.open(principal, 'ear_secret', call))).toBe('READER_UNAVAILABLE');
  for (const let_ of waiting) let_();

  expect(await Promise.all(first)).toHaveLength(4);
});

test('a reader that is still starting is waited for, and one that never comes is given up after ten seconds', async () => {
  const early = opener.open(principal, 'ear_secret', call);
  expect(opener.isAsking).toBe(true);
  await serve();
  await turns(() => asked.length > 0, 100);
  expect(await early).toEqual(opened);
  expect(opener.isAsking).toBe(false);
  await door?.close();
  door = undefined;

  const late = codeOf(opener.open(principal, 'ear_secret', call));
  const given = { up: false };
  void late.then(() => (given.up = true));
  await turns(() => given.up, 5000);

  expect(await late).toBe('READER_UNAVAILABLE');
  expect(opener.isAsking).toBe(false);
});

async function codeOf(asking: Promise<unknown>): Promise<string> {
  return asking.then(
    () => 'opened',
    (thrown: unknown) => (thrown as { readonly code: string }).code,
  );
}

/** Lets the world go on until it has come about, moving our clock along. */
async function turns(isTrue: () => boolean, stepMs = 0): Promise<void> {
  for (let n = 0; n < 2000 && !isTrue(); n += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    if (stepMs > 0) clock.advance(stepMs);
  }
}

function post(
  headers: Readonly<Record<string, string>>,
  body: string,
  path = '/open',
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, method: 'POST', headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8') }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
