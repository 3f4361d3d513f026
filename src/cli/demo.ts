/**
 * `earshot demo`: a real call through a real node, shown as it happens. A recogniser the policy allows hears it, one it
 * refuses hears nothing, a chat model gets the redacted text; at the end the ledger is verified.
 */

import { systemClock } from '../base/clock.ts';
import { CodedError } from '../base/error.ts';
import { systemRandom } from '../base/ids.ts';
import { createLog, type Log } from '../base/log.ts';
import { startChatModel } from '../demo/chat/chat-model.ts';
import { playDemoCall } from '../demo/demo-call.ts';
import { createNarrator, type Narrator } from '../demo/narrate.ts';
import { createDemoEngine, createEngine, findRecogniser } from '../demo/recogniser/find-recogniser.ts';
import { startRecogniser, type Recogniser } from '../demo/recogniser/recogniser.ts';
import { createSoftphone, type Softphone } from '../demo/softphone/softphone.ts';
import type { ApiClient } from './api-client.ts';
import { gainAccess } from './demo-access.ts';
import { becomesWhole } from './start.ts';
import { createDemoNode, freeUdpPort, type DemoNode } from './demo-node.ts';
import { DemoTally, type DemoSummary } from './demo-tally.ts';
import { verifyNode } from './ledger-verify.ts';
import { onInterrupt } from './signals.ts';

export class DemoFailure extends CodedError<'NOT_READY' | 'NOT_SHOWN' | 'INTERRUPTED'> {}

const READY_LIMIT_MS = 20_000;
/** By then the call must be closed, last words released and answered, whatever the machine is busy with. */
const CLOSED_BY_MS = 52_000;
/** Evidence nobody waits for (the call's close, outcomes) becomes durable within a batch. */
const LEDGER_SETTLES_MS = 500;
const MEDIA = { codec: 'G722', security: 'sdes' } as const;

interface Stage {
  readonly log: Log;
  readonly narrator: Narrator;
  readonly say: (lines: readonly string[]) => void;
  readonly keep: boolean;
  /** Has `part` stopped at the end, whatever happens until then; the last first. */
  readonly onTheWay: <Part extends { stop(): Promise<void> }>(part: Part) => Part;
}

export async function demo(options: { readonly json?: boolean; readonly keep?: boolean }): Promise<void> {
  const isJson = options.json === true;
  const out = isJson ? process.stderr : process.stdout;
  const stops: (() => Promise<void>)[] = [];
  let isOver = false;
  const takeDown = async (): Promise<void> => {
    isOver = true;
    for (const stop of stops.splice(0)) await stop();
  };
  const stage: Stage = {
    log: createLog({ name: 'demo', level: 'error' }),
    narrator: createNarrator({ colour: !isJson && process.stdout.isTTY }),
    say: (lines) => lines.forEach((line) => out.write(`${line}\n`)),
    keep: options.keep === true,
    onTheWay: (part) => {
      stops.unshift(() => part.stop());
      if (!isOver) return part;
      // It was still being made when the stage came down.
      void takeDown();
      throw interrupted();
    },
  };
  const summary = await untilInterrupted(playAndVerify(stage), takeDown);
  if (isJson) process.stdout.write(`${JSON.stringify(summary)}\n`);
  const missing = whatIsMissing(summary);
  if (missing.length > 0) throw new DemoFailure('NOT_SHOWN', `the demo failed: ${missing.join(', ')}`);
}

/** Takes the stage down when the play is over, failed, or somebody pressed Ctrl-C. */
async function untilInterrupted(play: Promise<DemoSummary>, takeDown: () => Promise<void>): Promise<DemoSummary> {
  // Once the stage is down, whatever the play still says of that is nobody's concern.
  play.catch(() => undefined);
  let release = (): void => undefined;
  const pressed = new Promise<never>((_resolve, reject) => {
    const stop = (): void => reject(interrupted());
    release = onInterrupt({ signals: ['SIGINT', 'SIGTERM', 'SIGHUP'], clock: systemClock, stop });
  });
  try {
    return await Promise.race([play, pressed]);
  } finally {
    await takeDown();
    release();
  }
}

async function playAndVerify(stage: Stage): Promise<DemoSummary> {
  const { log, narrator, say, onTheWay } = stage;
  const common = { clock: systemClock, log };
  const startedUs = systemClock.monoUs();
  const kind = await findRecogniser(common);
  const recogniser = onTheWay(
    await startRecogniser({
      ...common,
      engine: await createEngine(kind, common),
      onText: (text) => say([narrator.heard(text, kind)]),
    }),
  );
  const training = onTheWay(await startRecogniser({ ...common, engine: createDemoEngine() }));
  const chat = onTheWay(await startChatModel(common));
  const callee = onTheWay(await createPhone('agent', log));
  const caller = onTheWay(await createPhone('customer', log));
  say([narrator.note('starting Earshot on free ports')]);
  const node = await createDemoNode(
    {
      calleePort: callee.endpoint.port,
      recogniserUrl: recogniser.url,
      trainingRecogniserUrl: training.url,
      chatUrl: chat.baseUrl,
    },
    log,
  );
  onTheWay({ stop: () => node.stop(stage.keep) });
  await node.start();
  if (!(await becomesWhole(node.supervisor, READY_LIMIT_MS))) throw notReady(node);
  const tally = new DemoTally(kind);
  const { auditor } = await gainAccess(node.supervisor.apiSocket);
  watch(auditor, tally, stage);
  const rtp = await callThrough(node, { caller, callee, recogniser });
  await tally.callClosed(Math.max(CLOSED_BY_MS - (systemClock.monoUs() - startedUs) / 1000, 0));
  await new Promise((resolve) => setTimeout(resolve, LEDGER_SETTLES_MS));
  const report = await verifyNode(auditor);
  const deniedBytes = training.bytesReceived;
  const summary = tally.summary({ rtp, report, deniedBytes });
  if (deniedBytes > 0) say([narrator.note(`the refused processor received ${deniedBytes} bytes`)]);
  say([narrator.rtp(rtp), narrator.ledger(summary.entries), narrator.verified(summary.verified)]);
  if (stage.keep) say([narrator.note(`state kept in ${node.stateDir}`)]);
  return summary;
}

async function createPhone(user: string, log: Log): Promise<Softphone> {
  const bind = { address: '127.0.0.1', sipPort: await freeUdpPort() };
  return createSoftphone({ clock: systemClock, random: systemRandom, log, user, bind, media: MEDIA });
}

async function callThrough(
  node: DemoNode,
  cast: { readonly caller: Softphone; readonly callee: Softphone; readonly recogniser: Recogniser },
): Promise<DemoSummary['rtp']> {
  const { caller, callee, recogniser } = cast;
  const { address, port } = node.sip;
  const { rtp } = await playDemoCall({
    caller,
    callee,
    to: `sip:agent@${address}:${port}`,
    via: node.sip,
    clock: systemClock,
    untilHeard: () => recogniser.settled(),
  });
  return rtp;
}

/** Shows and counts every event until the stage comes down. */
function watch(auditor: ApiClient, tally: DemoTally, stage: Stage): void {
  const control = new AbortController();
  const stop = (): Promise<void> => {
    control.abort();
    return Promise.resolve();
  };
  stage.onTheWay({ stop });
  const follow = async (): Promise<void> => {
    const events = auditor.lines({ path: '/v1/events', query: { since: 0 }, isEndless: true, signal: control.signal });
    for await (const event of events) {
      tally.count(event);
      stage.say(stage.narrator.event(event));
    }
  };
  follow().catch((error: unknown) => {
    if (!control.signal.aborted) stage.log.error({ error }, 'the events could not be followed');
  });
}

function interrupted(): DemoFailure {
  return new DemoFailure('INTERRUPTED', 'the demo was interrupted');
}

function notReady(node: DemoNode): DemoFailure {
  const conditions = node.supervisor.readiness().conditions.join('; ');
  return new DemoFailure('NOT_READY', `the demo's node is not ready in time: ${conditions || 'still starting'}`);
}

/** Why this was not the demo that was promised; nothing when it was. */
export function whatIsMissing({ calls, segments, releases, redactions, verified, rtp }: DemoSummary): string[] {
  return [
    ...(verified ? [] : ['the evidence does not hold']),
    ...(rtp.lost === 0 ? [] : [`${rtp.lost} RTP packets were lost`]),
    ...(calls === 1 ? [] : [`${calls} calls were seen instead of one`]),
    ...(segments === 0 ? ['nothing was recognised'] : []),
    ...(releases === 0 ? ['nothing was released'] : []),
    ...(segments > 0 && redactions === 0 ? ['no card number was taken out'] : []),
  ];
}
