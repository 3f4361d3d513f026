/**
 * Builds governance once and hands it down: database, ledger, policy, redaction, audio workers, and the journeys that
 * join them. It starts without a database and without a call plane, and becomes ready when both are there.
 */

import { systemClock, type Cancel } from '../base/clock.ts';
import { errorCode } from '../base/error.ts';
import { systemRandom } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import { Metrics } from '../base/metrics.ts';
import { packageRoot, packageVersion } from '../base/package-root.ts';
import { unreachable } from '../base/assert.ts';
import { startApi } from '../api/server.ts';
import { defaultDocument } from '../config/default-document.ts';
import { environmentVariable } from '../config/environment.ts';
import { loadDocument } from '../config/load.ts';
import type { GovernanceRuntime } from '../config/runtime.ts';
import { reportHealth, type PlaneHealth } from '../link/heartbeat.ts';
import { TAP_RENEW_MS } from '../link/messages.ts';
import { toRoutingSnapshot } from '../model/routing.ts';
import type { Processor, Revision } from '../model/tenant.ts';
import { OpenAiChat } from '../processors/openai-chat.ts';
import type { ProcessorEndpoint, TextProcessor } from '../processors/processor.ts';
import { addRevision, findNewestRevision } from '../store/config-revisions.ts';
import { openDatabase, type Database } from '../store/database.ts';
import { assertRuntimeRole } from '../store/runtime-role.ts';
import { AudioPool } from './audio/audio-pool.ts';
import { audioWorkerSpawner } from './audio/spawn-audio-worker.ts';
import { EventHub } from './insights/event-hub.ts';
import { Appender } from './ledger/appender.ts';
import { postgresChainStore } from './ledger/chain-store.ts';
import { PolicyHost } from './policy/policy-host.ts';
import { RedactionHost } from './redaction/redaction-host.ts';
import { activatePolicies, recordGuardrail } from './use-cases/activate-policies.ts';
import { applyConfig, type RevisionStore } from './use-cases/apply-config.ts';
import { audioPortOf } from './use-cases/audio-port.ts';
import { CallPlaneLink, type CallPlaneMessage } from './use-cases/call-plane-link.ts';
import { Conditions } from './use-cases/conditions.ts';
import { endCall } from './use-cases/end-call.ts';
import { followCall } from './use-cases/follow-call.ts';
import { listenAgain, onAudioEvent, onAudioWorkerDied, onTapEnded, onTapRefused } from './use-cases/follow-tap.ts';
import { endTurnsByPause, governSegment } from './use-cases/govern-segment.ts';
import { leaveCalls } from './use-cases/leave-calls.ts';
import { LiveCalls } from './use-cases/live-calls.ts';
import type { Deps } from './use-cases/ports.ts';

import { readLedgerOf } from './use-cases/read-ledger.ts';
import { recordRepeatedRefusals } from './use-cases/record-decision.ts';
import { recordWithheld } from './use-cases/record-gap.ts';
import { renewLeases, renewTaps } from './use-cases/renew-leases.ts';
import { checkHeads, resynchronise, type HeadCheck } from './use-cases/resynchronise.ts';
import { TailGuard } from './use-cases/tail-guard.ts';
import { watchEventsOf } from './use-cases/watch-events.ts';

const LEASE_CHECK_MS = 1000;
const PAUSE_CHECK_MS = 300;
const CONFIG_RETRY_MS = 1000;
/** Short, so that a database that froze is noticed while leases still run. */
const WRITER_LIMIT_MS = 2500;

type Databases = Readonly<Record<'writer' | 'query' | 'app', Database>>;

export class GovernanceApp {
  readonly #runtime: GovernanceRuntime;
  readonly #log: Log;
  readonly #onStop: () => void;
  readonly #life = Buffer.from(systemRandom(8)).toString('hex');
  readonly #metrics = new Metrics();
  readonly #hub = new EventHub(systemClock);
  readonly #databases: Databases;
  readonly #appender: Appender;
  readonly #ledger: TailGuard;
  readonly #policy: PolicyHost;
  readonly #redaction: RedactionHost;
  readonly #audio: AudioPool;
  readonly #callPlane: CallPlaneLink;
  readonly #textProcessors = new Map<string, TextProcessor>();
  readonly #raised = new Conditions((event) => void this.#hub.publish(event));
  readonly #deps: Deps;
  readonly #headCheck: HeadCheck = {
    holdsHead: (head) => this.#appender.hasHead(head).catch(() => undefined),
    onTailLost: (head) => this.#ledger.stopLog(head),
  };
  #revision: Revision | undefined;
  #conditions: readonly string[] = [];
  #isStopping = false;
  #cancels: Cancel[] = [];
  #stopApi: () => Promise<void> = () => Promise.resolve();

  constructor(options: { readonly runtime: GovernanceRuntime; readonly log: Log; onStop(): void }) {
    const { runtime, log } = options;
    const common = { clock: systemClock, random: systemRandom, log, metrics: this.#metrics };
    this.#runtime = runtime;
    this.#log = log;
    this.#onStop = () => options.onStop();
    this.#databases = this.#openDatabases();
    this.#appender = new Appender({
      ...common,
      store: postgresChainStore(this.#databases.writer),
      node: runtime.config.node,
      software: `earshot/${packageVersion}`,
      onAvailability: (isAvailable, reason) => this.#onLedgerAvailability(isAvailable, reason),
    });
    this.#ledger = new TailGuard(this.#appender);
    this.#policy = new PolicyHost({ ...common, packageRoot });
    this.#redaction = new RedactionHost({ ...common, onWithheld: (withheld) => recordWithheld(this.#deps, withheld) });
    this.#audio = new AudioPool({
      workers: runtime.config.governance.audioWorkers,
      spawn: audioWorkerSpawner({ logLevel: runtime.config.log.level }),
      clock: systemClock,
      log,
      handlers: {
        onEvent: (event) => {
          if (event.kind === 'segment') governSegment(this.#deps, event.segment);
          else onAudioEvent(this.#deps, event);
        },
        onWorkerDied: (lost) => onAudioWorkerDied(this.#deps, lost),
        onWorkerBack: () => listenAgain(this.#deps),
      },
    });
    this.#callPlane = new CallPlaneLink(
      { socketPath: runtime.sockets.control, life: this.#life, clock: systemClock, log },
      {
        onConnected: () => this.#publishRoutes(),
        onMessage: (message) => this.#onCallPlane(message),
        onDisconnected: () => undefined,
      },
    );
    this.#deps = {
      ...common,
      ledger: this.#ledger,
      policy: this.#policy,
      redaction: this.#redaction,
      audio: audioPortOf(this.#audio, endpointOf),
      callPlane: this.#callPlane,
      calls: new LiveCalls(),
      conditions: this.#raised,
      publish: (event) => void this.#hub.publish(event),
      textProcessor: (processor) => this.#textProcessorOf(processor),
    };
  }

  /** Workers first, then the ledger in the background, then the socket; the call plane when the configuration is read. */
  async start(): Promise<void> {
    const { sockets } = this.#runtime;
    this.#cancels.push(
      reportHealth({
        socketPath: sockets.supervisor,
        plane: 'governance',
        life: this.#life,
        clock: systemClock,
        log: this.#log,
        health: () => this.#health(),
        onStop: () => this.#onStop(),
      }),
    );
    this.#raised.set('ledger.unavailable', true);
    this.#appender.start();
    await Promise.all([this.#audio.start(), this.#redaction.start()]);
    const guardrail = await this.#policy.start();
    recordGuardrail(this.#ledger, guardrail);
    this.#raised.set('guardrail.invalid', guardrail.kind === 'refused');
    this.#stopApi = await startApi({
      socketPath: sockets.api,
      readLedger: readLedgerOf(this.#databases.query, this.#ledger, systemRandom),
      watchEvents: watchEventsOf(this.#hub),
      log: this.#log,
    });
    await this.#putConfigInForce();
  }

  /** Ends hearing, settles every account, closes the epoch; calls go on without us. */
  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#callPlane.stop();
    for (const cancel of this.#cancels.splice(0)) cancel();
    await this.#audio.stop();
    await leaveCalls(this.#deps);
    this.#hub.close();
    await this.#stopApi();
    await this.#appender.stop();
    this.#redaction.stop();
    await Promise.all([
      this.#policy.stop(),
      ...[...this.#textProcessors.values()].map((processor) => processor.close()),
    ]);
    await Promise.all(Object.values(this.#databases).map((database) => database.close()));
  }

  /** Tries until the database answers: without a configuration nobody may hear anything, and calls do not depend on it. */
  async #putConfigInForce(): Promise<void> {
    while (!this.#isStopping) {
      try {
        this.#revision = await this.#loadRevision();
        break;
      } catch (error) {
        this.#log.warn({ error, code: errorCode(error) }, 'the configuration cannot be put in force yet');
        await new Promise((resolve) => setTimeout(resolve, CONFIG_RETRY_MS));
      }
    }
    if (this.#revision === undefined) return;
    const refused = await activatePolicies(this.#policy, this.#ledger, this.#revision);
    this.#conditions = refused.map((tenant) => `policy_invalid:${tenant}`);
    this.#callPlane.start();
    this.#cancels.push(
      systemClock.every(TAP_RENEW_MS, () => renewTaps(this.#deps)),
      systemClock.every(LEASE_CHECK_MS, () => this.#checkLeases()),
      systemClock.every(PAUSE_CHECK_MS, () => endTurnsByPause(this.#deps)),
    );
  }

  async #loadRevision(): Promise<Revision> {
    const { config, trial } = this.#runtime;
    for (const database of Object.values(this.#databases)) await assertRuntimeRole(database, { trial });
    return applyConfig({
      store: revisionStore(this.#databases.app),
      ledger: this.#ledger,
      seed: config.seed === undefined ? undefined : loadDocument(config.seed),
      fallback: defaultDocument(config),
      nowMs: systemClock.wallMs(),
    });
  }

  #publishRoutes(): void {
    if (this.#revision === undefined) return;
    const interfaces = new Set(this.#runtime.config.interfaces.map(({ name }) => name));
    const { snapshot, leftOut } = toRoutingSnapshot(this.#revision, interfaces);
    this.#conditions = [
      ...this.#conditions.filter((condition) => !condition.startsWith('no_interface:')),
      ...leftOut.map((tenant) => `no_interface:${tenant}`),
    ];
    this.#callPlane.send({ kind: 'routes', snapshot });
  }

  #onCallPlane(message: CallPlaneMessage): void {
    const revision = this.#revision;
    if (revision === undefined) return;
    switch (message.kind) {
      case 'snapshot':
        this.#audio.setTapSockets(message.tapSockets);
        void resynchronise(this.#deps, message, { revision, ...this.#headCheck });
        return;
      case 'call.started':
      case 'call.changed':
        void followCall(this.#deps, revision, message.fact, { isResumed: false });
        return;
      case 'call.ended':
        void endCall(this.#deps, message.call, message.reason);
        return;
      case 'tap.opened':
        return;
      case 'tap.refused':
        onTapRefused(this.#deps, message.tap, message.reason);
        return;
      case 'tap.ended':
        onTapEnded(this.#deps, message.tap, message.reason);
        return;
      case 'tap.sockets':
        this.#audio.setTapSockets(message.tapSockets);
        return;
      default:
        unreachable(message);
    }
  }

  #checkLeases(): void {
    renewLeases(this.#deps);
    recordRepeatedRefusals(this.#deps);
    if (this.#ledger.isAvailable) listenAgain(this.#deps);
    const heads = this.#appender.heads;
    if (heads.length > 0)
      this.#callPlane.send({ kind: 'ledger.heads', heads: heads.slice(0, 10_000).map((head) => ({ ...head })) });
  }

  #onLedgerAvailability(isAvailable: boolean, reason: string): void {
    this.#raised.set('ledger.unavailable', !isAvailable);
    // A database that comes back may be another one than went, without the newest of what it had confirmed.
    if (reason === 'answered') void checkHeads(this.#appender.heads, this.#headCheck);
    // Fenced: another writer took this node's epoch and we are the zombie. Unavailable: its writer broke for good.
    // Either way nothing we decide may count any more, and a new process takes over.
    if (reason === 'FENCED' || reason === 'UNAVAILABLE') this.#onStop();
  }

  #textProcessorOf(processor: Processor): TextProcessor {
    const known = this.#textProcessors.get(processor.id);
    if (known !== undefined) return known;
    const made = new OpenAiChat(endpointOf(processor), systemClock);
    this.#textProcessors.set(processor.id, made);
    return made;
  }

  #openDatabases(): Databases {
    const { database } = this.#runtime;
    const onIdleError = (error: unknown): void => this.#log.warn({ error }, 'an idle database connection broke');
    return {
      writer: openDatabase({
        connection: database.writer,
        poolSize: 4,
        statementLimitMs: WRITER_LIMIT_MS,
        onIdleError,
      }),
      query: openDatabase({ connection: database.query, poolSize: 4, onIdleError }),
      app: openDatabase({ connection: database.app, poolSize: 2, onIdleError }),
    };
  }

  #health(): PlaneHealth {
    const conditions = [...this.#conditions, ...this.#raised.raised.map((name) => name.replace('.', '_'))];
    if (this.#revision === undefined) conditions.push('no_configuration');
    if (!this.#callPlane.isConnected) conditions.push('call_plane_away');
    conditions.push(...this.#ledger.lostTails.map((log) => `tail_lost:${log}`));
    const calls = this.#deps.calls.all();
    const streams = calls.flatMap((call) => [...call.streams.values()]);
    return {
      ready: this.#revision !== undefined && this.#appender.isAvailable && this.#callPlane.isConnected,
      conditions,
      status: {
        calls: calls.length,
        taps: streams.filter(({ tap }) => tap !== undefined).length,
        leases: streams.reduce((sum, { feeds }) => sum + feeds.size, 0),
        ledger: this.#appender.isAvailable,
        revision: this.#revision?.revision ?? 0,
      },
      metrics: [...this.#metrics.snapshot(), ...this.#audio.metrics()],
    };
  }
}

/** The credential comes from this process's environment, by the name the configuration gives. */
function endpointOf(processor: Processor): ProcessorEndpoint {
  const { url, model, instructions, credentialEnv, sampleRateHz } = processor;
  const credential = credentialEnv === undefined ? undefined : environmentVariable(credentialEnv);
  return { url, model, instructions, credential, sampleRateHz };
}

function revisionStore(database: Database): RevisionStore {
  return {
    newest: () => findNewestRevision(database),
    add: (revision) => addRevision(database, revision),
  };
}
