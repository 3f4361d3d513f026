/** A whole node from the build, two softphones, a scripted recogniser that counts bytes, and a scripted chat model. */

import { systemClock } from '../../../src/base/clock.ts';
import { systemRandom } from '../../../src/base/ids.ts';
import { createLog } from '../../../src/base/log.ts';
import type { ApiClient } from '../../../src/cli/api-client.ts';
import { gainAccess, type DemoAccess } from '../../../src/cli/demo-access.ts';
import { startDemoNode, type DemoNode, type DemoNodeChanges } from '../../../src/cli/demo-node.ts';
import { verifyNode } from '../../../src/cli/ledger-verify.ts';
import { startChatModel, type ChatModel } from '../../../src/demo/chat/chat-model.ts';
import { startRecogniser, type Recogniser } from '../../../src/demo/recogniser/recogniser.ts';
import { createScriptedEngine, type ScriptedLine } from '../../../src/demo/recogniser/scripted.ts';
import { createSoftphone, type Softphone } from '../../../src/demo/softphone/softphone.ts';
import type { PhoneCall } from '../../../src/demo/softphone/phone-call.ts';
import { importRow } from '../../../src/governance/ledger/verify/exported-row.ts';
import type { VerifyReport } from '../../../src/governance/ledger/verify.ts';
import { readEntry, type Entry } from '../../../src/model/evidence.ts';
import { freeUdpPort } from '../../../src/cli/demo-node.ts';

export type StageEvent = Readonly<Record<string, unknown>> & { readonly kind: string };

const log = createLog({ name: 'journey', level: 'error' });
const common = { clock: systemClock, log };

export interface DialledCall {
  readonly out: PhoneCall;
  readonly incoming: PhoneCall;
}

export interface Stage {
  readonly node: DemoNode;
  readonly recogniser: Recogniser;
  /** The recogniser whose terms the policy refuses. */
  readonly refused: Recogniser;
  readonly chat: ChatModel;
  readonly caller: Softphone;
  readonly callee: Softphone;
  readonly events: readonly StageEvent[];
  readonly access: DemoAccess;
  dial(): Promise<DialledCall>;
  entries(): Promise<readonly Entry[]>;
  verify(): Promise<VerifyReport>;
  stop(): Promise<void>;
}

/** What a test may want otherwise: of the node, or a recogniser or a callee of its own in place of the one here. */
export type StageChanges = DemoNodeChanges & { readonly recogniserUrl?: string; readonly calleePort?: number };

/** The recogniser says the same on every stream, so whoever gives a card number would be silenced with everybody. */
const UNINTERRUPTED = { pci: { enabled: false } };

/** Builds everything; `lines` is what the recogniser says on every stream as its audio passes. */
export async function buildStage(lines: readonly ScriptedLine[], changes: StageChanges = {}): Promise<Stage> {
  const recogniser = await startRecogniser({ ...common, engine: createScriptedEngine(() => lines) });
  const refused = await startRecogniser({ ...common, engine: createScriptedEngine(() => lines) });
  const chat = await startChatModel(common);
  const media = { codec: 'G722', security: 'sdes' } as const;
  const phone = async (user: string): Promise<Softphone> =>
    createSoftphone({
      ...common,
      random: systemRandom,
      user,
      bind: { address: '127.0.0.1', sipPort: await freeUdpPort() },
      media,
    });
  const callee = await phone('agent');
  const caller = await phone('customer');
  const node = await startDemoNode(
    {
      calleePort: changes.calleePort ?? callee.endpoint.port,
      recogniserUrl: changes.recogniserUrl ?? recogniser.url,
      trainingRecogniserUrl: refused.url,
      chatUrl: chat.baseUrl,
    },
    log,
    { redaction: UNINTERRUPTED, ...changes },
  );
  await until('the node is whole', () => node.supervisor.isWhole(), 30_000);
  const access = await gainAccess(node.supervisor.apiSocket);
  const events: StageEvent[] = [];
  const watching = new AbortController();
  const watch = (): void => {
    void (async () => {
      const lines = access.auditor.lines({ path: '/v1/events', isEndless: true, signal: watching.signal });
      for await (const event of lines) events.push(event as StageEvent);
    })().catch(() => undefined);
  };
  watch();
  return {
    node,
    recogniser,
    refused,
    chat,
    caller,
    callee,
    events,
    access,
    dial: () => dial(node, caller, callee),
    entries: () => readEntries(access.auditor),
    verify: () => verifyNode(access.auditor),
    async stop() {
      watching.abort();
      await Promise.all([caller.stop(), callee.stop()]);
      await node.stop(false);
      await Promise.all([recogniser.stop(), refused.stop(), chat.stop()]);
    },
  };
}

async function dial(node: DemoNode, caller: Softphone, callee: Softphone): Promise<DialledCall> {
  const { address, port } = node.sip;
  const answered = callee.nextCall(10_000);
  const out = await caller.dial({ to: `sip:agent@${address}:${port}`, via: node.sip, deadlineMs: 10_000 });
  return { out, incoming: await answered };
}

async function readEntries(auditor: ApiClient): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for await (const line of auditor.lines({ path: '/v1/ledger/raw' })) {
    const row = importRow(line);
    const read = row === undefined ? 'invalid' : readEntry(JSON.parse(row.raw.toString('utf8')));
    if (typeof read === 'object') entries.push(read.entry);
  }
  return entries;
}

/** Waits for a condition of the world outside; fails with its name when it does not come about. */
export async function until(name: string, isTrue: () => boolean | Promise<boolean>, limitMs = 15_000): Promise<void> {
  const deadlineUs = systemClock.monoUs() + limitMs * 1000;
  while (!(await isTrue())) {
    if (systemClock.monoUs() > deadlineUs) throw new Error(`not in time: ${name}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Falls silent and waits for the last packets; returns how many either phone never got. */
export async function drainCall({ out, incoming }: DialledCall): Promise<number> {
  out.fallSilent();
  incoming.fallSilent();
  const lost = (): number =>
    Math.max(0, out.counts.sent - incoming.counts.received) + Math.max(0, incoming.counts.sent - out.counts.received);
  await until('the last packets arrived', () => lost() === 0, 3000).catch(() => undefined);
  return lost();
}

/** Bytes that the accounts of one processor's leases say it was sent; fails on one that cannot say. */
export function accountedBytes(entries: readonly Entry[], processor: string): number {
  return ofKind(entries, 'lease.close')
    .filter((close) => close.processor === processor)
    .reduce((sum, { bytes }) => sum + Number(bytes), 0);
}

/** Entries of one kind. */
export function ofKind<Kind extends Entry['kind']>(
  entries: readonly Entry[],
  kind: Kind,
): Extract<Entry, { kind: Kind }>[] {
  return entries.filter((entry): entry is Extract<Entry, { kind: Kind }> => entry.kind === kind);
}
