/**
 * `earshot demo`: a real call through a real node, shown as it happens. A recogniser the policy allows hears it, one it
 * refuses hears nothing, a chat model gets the redacted text; at the end the ledger is verified.
 */

import { systemClock } from '../base/clock.ts';
import { systemRandom } from '../base/ids.ts';
import { createLog, type Log } from '../base/log.ts';
import { startChatModel } from '../demo/chat/chat-model.ts';
import { playDemoCall, type DemoCallResult } from '../demo/demo-call.ts';
import { createNarrator, type Narrator } from '../demo/narrate.ts';
import { createDemoEngine, createEngine, findRecogniser } from '../demo/recogniser/find-recogniser.ts';
import { startRecogniser } from '../demo/recogniser/recogniser.ts';
import { createSoftphone } from '../demo/softphone/softphone.ts';
import { readLines } from './api-client.ts';
import { becomesWhole } from './start.ts';
import { freeUdpPort, startDemoNode, type DemoNode } from './demo-node.ts';
import { DemoTally } from './demo-tally.ts';
import { verifyNode } from './ledger-verify.ts';

const READY_LIMIT_MS = 20_000;
/** After the BYE: last words recognised, released and answered. */
const CALL_CLOSED_LIMIT_MS = 25_000;
/** Evidence nobody waits for (the call's close, outcomes) becomes durable within a batch. */
const LEDGER_SETTLES_MS = 500;

export async function demo(options: { readonly json?: boolean; readonly keep?: boolean }): Promise<void> {
  const log = createLog({ name: 'demo', level: 'error' });
  const isJson = options.json === true;
  const narrator = createNarrator({ colour: !isJson && process.stdout.isTTY });
  const say = (lines: readonly string[]): void => {
    const out = isJson ? process.stderr : process.stdout;
    for (const line of lines) out.write(`${line}\n`);
  };
  const summary = await playAndVerify({ log, narrator, say, keep: options.keep === true });
  if (isJson) process.stdout.write(`${JSON.stringify(summary)}\n`);
  if (!summary.verified || summary.rtp.lost > 0) process.exitCode = 1;
}

interface Stage {
  readonly log: Log;
  readonly narrator: Narrator;
  readonly say: (lines: readonly string[]) => void;
  readonly keep: boolean;
}

type Summary = ReturnType<DemoTally['summary']>;

/** Builds the stage, plays the call, takes the stage down again whatever happened. */
async function playAndVerify(stage: Stage): Promise<Summary> {
  const { log, narrator, say } = stage;
  const common = { clock: systemClock, log };
  const kind = await findRecogniser(common);
  const stops: (() => Promise<void>)[] = [];
  const onTheWay = <Part extends { stop(): Promise<void> }>(part: Part): Part => {
    stops.unshift(() => part.stop());
    return part;
  };
  try {
    const recogniser = onTheWay(
      await startRecogniser({
        ...common,
        engine: await createEngine(kind, common),
        onText: (text) => say([narrator.heard(text, kind)]),
      }),
    );
    const training = onTheWay(await startRecogniser({ ...common, engine: createDemoEngine() }));
    const chat = onTheWay(await startChatModel(common));
    const calleePort = await freeUdpPort();
    const media = { codec: 'G722', security: 'sdes' } as const;
    const callee = onTheWay(
      await createSoftphone({ ...common, random: systemRandom, user: 'agent', bind: at(calleePort), media }),
    );
    const caller = onTheWay(
      await createSoftphone({
        ...common,
        random: systemRandom,
        user: 'customer',
        bind: at(await freeUdpPort()),
        media,
      }),
    );
    say([narrator.note('starting Earshot on free ports')]);
    const node = await startDemoNode(
      { calleePort, recogniserUrl: recogniser.url, trainingRecogniserUrl: training.url, chatUrl: chat.baseUrl },
      log,
    );
    stops.unshift(() => node.stop(stage.keep));
    const tally = new DemoTally(kind);
    const watching = watch(node, tally, stage);
    const { rtp } = await callThrough(node, { caller, callee });
    await tally.callClosed(CALL_CLOSED_LIMIT_MS);
    await new Promise((resolve) => setTimeout(resolve, LEDGER_SETTLES_MS));
    const report = await verifyNode(node.supervisor.apiSocket);
    watching.abort();
    const summary = tally.summary({ rtp, report, deniedBytes: training.bytesReceived });
    say([narrator.rtp(rtp), narrator.ledger(summary.entries), narrator.verified(summary.verified)]);
    if (stage.keep) say([narrator.note(`state kept in ${node.stateDir}`)]);
    return summary;
  } finally {
    for (const stop of stops) await stop();
  }
}

async function callThrough(
  node: DemoNode,
  phones: {
    readonly caller: Parameters<typeof playDemoCall>[0]['caller'];
    readonly callee: Parameters<typeof playDemoCall>[0]['callee'];
  },
): Promise<DemoCallResult> {
  await becomesWhole(node.supervisor, READY_LIMIT_MS);
  const { address, port } = node.sip;
  return playDemoCall({ ...phones, to: `sip:agent@${address}:${port}`, via: node.sip, clock: systemClock });
}

/** Shows and counts every event until aborted. */
function watch(node: DemoNode, tally: DemoTally, stage: Stage): AbortController {
  const control = new AbortController();
  const follow = async (): Promise<void> => {
    await becomesWhole(node.supervisor, READY_LIMIT_MS);
    for await (const event of readLines(node.supervisor.apiSocket, '/v1/events?since=0', control.signal)) {
      tally.count(event);
      stage.say(stage.narrator.event(event));
    }
  };
  follow().catch((error: unknown) => {
    if (!control.signal.aborted) stage.log.error({ error }, 'the events could not be followed');
  });
  return control;
}

function at(sipPort: number): { readonly address: string; readonly sipPort: number } {
  return { address: '127.0.0.1', sipPort };
}
