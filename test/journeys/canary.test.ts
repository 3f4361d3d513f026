import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { systemRandom } from '../../src/base/ids.ts';
import { createLog } from '../../src/base/log.ts';
import { gainAccess } from '../../src/cli/demo-access.ts';
import { freeUdpPort } from '../../src/cli/demo-node.ts';
import { startChatModel, type ChatModel } from '../../src/demo/chat/chat-model.ts';
import { startRecogniser } from '../../src/demo/recogniser/recogniser.ts';
import { createScriptedEngine } from '../../src/demo/recogniser/scripted.ts';
import { createSoftphone, type Softphone } from '../../src/demo/softphone/softphone.ts';
import { finished, readStatus, startCli, writeNodeFiles, type Finished, type NodeFiles } from './support/cli.ts';
import { until } from './support/stage.ts';

/** What only the caller may know. The card comes in two pieces, as recognisers cut it. */
const SAID = [
  'the marmalade wants to pay my card is four two four two four two four two',
  'four two four two four two four two thank you',
  'call me on plus one four one five five five five two six seven one',
  'or write to jane.canary@example.com about the marmalade',
];
const SECRETS = /(four two ){3}|4242 ?4242|five five five|415.?555.?2671|jane[. ]|canary@|example\.com/i;
/** An innocent word: it may be read where redacted text may be read, and nowhere else. */
const INNOCENT = /marmalade/i;

const common = { clock: systemClock, log: createLog({ name: 'canary', level: 'error' }) };
const undo: (() => unknown)[] = [];

let files: NodeFiles;
let chat: ChatModel;
let logs: Finished;
const seen = { events: '', entries: '', metrics: '', status: '' };

beforeAll(async () => {
  const lines = SAID.map((text, at) => ({ text, startMs: 300 + at * 700, endMs: 900 + at * 700 }));
  const recogniser = await startRecogniser({ ...common, engine: createScriptedEngine(() => lines) });
  chat = await startChatModel({ ...common, behaviour: 'echo-card' });
  undo.push(
    () => recogniser.stop(),
    () => chat.stop(),
  );
  const [caller, callee] = [await phone('customer'), await phone('agent')];
  files = await writeNodeFiles('seed: ./tenants.yaml');
  writeFileSync(files.config, readFileSync(files.config, 'utf8').replace('level: error', 'level: debug'));
  writeFileSync(join(files.folder, 'tenants.yaml'), documentOf(callee.endpoint.port, recogniser.url, chat.baseUrl));
  const node = startCli(['start', '-c', files.config]);
  const ended = finished(node);
  undo.push(() => node.kill('SIGKILL'));
  await until(
    'governance is ready',
    async () => {
      const status = await readStatus(files.httpPort);
      return status?.ready === true && status.planes.governance.ready;
    },
    30_000,
  );
  const { auditor } = await gainAccess(join(files.stateDir, 'run', 'api.sock'));

  const out = await caller.dial({
    to: `sip:agent@127.0.0.1:${files.sipPort}`,
    via: { address: '127.0.0.1', port: files.sipPort },
    deadlineMs: 10_000,
  });
  const watching = new AbortController();
  void (async () => {
    const events = auditor.lines({ path: '/v1/events', isEndless: true, signal: watching.signal });
    for await (const event of events) seen.events += JSON.stringify(event);
  })().catch(() => undefined);
  await until('everything was said, released and answered', () =>
    chat.requests.some(({ body }) => body.includes('[EMAIL')),
  );
  await until('the answer was shown', () => seen.events.includes('"insight"'));
  await out.hangUp();
  await until('the call was closed', () => seen.events.includes('"ended"'), 30_000);

  for await (const row of auditor.lines({ path: '/v1/ledger/raw' })) seen.entries += rawOf(row);
  seen.metrics = await read('metrics');
  seen.status = await read('status');
  watching.abort();
  node.kill('SIGTERM');
  logs = await ended;
}, 90_000);

afterAll(async () => {
  for (const step of undo.reverse()) await step();
  files.remove();
});

test('what was said was said: the model was asked, without what it may not know', () => {
  const sent = chat.requests.map(({ body }) => body).join('\n');

  expect(sent).toMatch(INNOCENT);
  expect(sent).toMatch(/\[CARD/);
  expect(sent).toMatch(/\[PHONE/);
  expect(sent).not.toMatch(SECRETS);
});

test('events carry redacted text and nothing that was taken out of it, not even what the model made up', () => {
  expect(seen.events).toMatch(INNOCENT);
  expect(seen.events).not.toMatch(SECRETS);
});

test.each(['entries', 'metrics', 'status'] as const)('%s carry no text at all', (where) => {
  expect(seen[where].length).toBeGreaterThan(100);
  expect(seen[where]).not.toMatch(INNOCENT);
  expect(seen[where]).not.toMatch(SECRETS);
});

test('no process logs a word of it, at the most talkative level there is', () => {
  expect(logs.code).toBe(0);
  expect(logs.stderr).toContain('"level":"debug"');
  expect(logs.stderr + logs.stdout).not.toMatch(INNOCENT);
  expect(logs.stderr + logs.stdout).not.toMatch(SECRETS);
});

test('nothing of it is in any file of the node, its database included', () => {
  const found = filesBelow(files.stateDir).filter((file) => {
    const bytes = readFileSync(file).toString('latin1');
    return INNOCENT.test(bytes) || /jane\.canary|4242 ?4242|(four two ){3}/.test(bytes);
  });

  expect(found).toEqual([]);
});

async function phone(user: string): Promise<Softphone> {
  const made = await createSoftphone({
    ...common,
    random: systemRandom,
    user,
    bind: { address: '127.0.0.1', sipPort: await freeUdpPort() },
    media: { codec: 'G722', security: 'sdes' },
  });
  undo.push(() => made.stop());
  return made;
}

async function read(page: 'metrics' | 'status'): Promise<string> {
  return (await fetch(`http://127.0.0.1:${files.httpPort}/${page}`)).text();
}

/** The bytes of the entry as they are stored, and the row as it is exported. */
function rawOf(row: unknown): string {
  // The first and the last line of an export are no entries.
  const { raw = '' } = row as { raw?: string };
  return `${JSON.stringify(row)}\n${Buffer.from(raw, 'base64').toString('utf8')}\n`;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
}

function documentOf(calleePort: number, recogniserUrl: string, chatUrl: string): string {
  const terms = { training: false, retentionDays: 0, expires: '2035-01-01' };
  const of = { region: 'eu', legalEntity: 'Example', purpose: 'transcription', terms };
  return JSON.stringify({
    version: 1,
    processors: [
      { id: 'ears', protocol: 'vosk', url: recogniserUrl, hears: 'raw_audio', ...of },
      { id: 'coach', protocol: 'openai-chat', url: chatUrl, hears: 'text', model: 'scripted', ...of },
    ],
    tenants: [
      {
        id: 'acme',
        match: { sources: ['127.0.0.0/8'], trusted: true },
        route: { ingress: 'local', egress: 'local', next: [`sip:127.0.0.1:${calleePort}`] },
        media: { caller: 'sdes', callee: 'sdes', onUnavailable: 'reject' },
        jurisdictions: ['EU'],
        consent: { state: 'granted', method: 'announcement', parties: 'all' },
        disclosure: { played: true },
        processors: ['ears', 'coach'],
      },
    ],
  });
}
