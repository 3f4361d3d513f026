/**
 * Starts, watches and stops the processes of a node. One that falls silent is killed and started again; a call plane
 * finds its calls in the mirror that is kept here.
 */

import type { Server as HttpServer } from 'node:http';
import type { Server as SocketServer } from 'node:net';
import { join } from 'node:path';
import type { Cancel, Clock } from '../base/clock.ts';
import { CodedError } from '../base/error.ts';
import { systemRandom } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import { builtFile, packageVersion } from '../base/package-root.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { CallRuntime, GovernanceRuntime, ReaderRuntime } from '../config/runtime.ts';
import { serveUnixSocket } from '../link/unix-socket.ts';
import { startDatabase, type RunningDatabase } from './database.ts';
import { renderMetrics } from './exposition.ts';
import { HangWatch } from './hang-watch.ts';
import { serveHealth } from './health-server.ts';
import { PlaneLink } from './plane-link.ts';
import { PlaneProcess } from './plane-process.ts';
import { MirrorStore } from './mirror-store.ts';
import { serveNodeCommands } from './node-commands.ts';
import { checkSipPorts } from './port-check.ts';
import { ReaderProcess } from './reader-process.ts';
import { ensureRootKeys, withheldKeys, type RootKeys } from './root-keys.ts';
import type { PlaneName } from './scheduling.ts';
import { ensureTokenKey, openStateDir, type StateDir } from './state-dir.ts';

/** Heartbeats come every second; this many silent ms make a plane worth mentioning. */
const SILENT_MS = 3000;
const READER_WANTED_MS = 500;
const PLANES: readonly PlaneName[] = ['call', 'governance'];

export class SupervisorError extends CodedError<'STOPPED'> {}

export class Supervisor {
  readonly #loaded: LoadedConfig;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #link: PlaneLink;
  readonly #mirror: MirrorStore;
  readonly #planes = new Map<PlaneName, PlaneProcess>();
  #hangKills = 0;
  #state: StateDir | undefined;
  #reader: ReaderProcess | undefined;
  #database: RunningDatabase | undefined;
  #socket: SocketServer | undefined;
  #mirrorSocket: SocketServer | undefined;
  #commands: HttpServer | undefined;
  #http: HttpServer | undefined;
  #watch: HangWatch<PlaneName> | undefined;
  #cancelWant: Cancel | undefined;
  #starting: Promise<void> | undefined;
  #isStopping = false;

  constructor(options: { readonly loaded: LoadedConfig; readonly clock: Clock; readonly log: Log }) {
    const { loaded, clock, log } = options;
    this.#loaded = loaded;
    this.#clock = clock;
    this.#log = log;
    this.#mirror = new MirrorStore({ clock, log });
    this.#link = new PlaneLink({ clock, log, life: Buffer.from(systemRandom(8)).toString('hex') });
  }

  /** Unix socket of the local API, once started. */
  get apiSocket(): string {
    return this.#state?.sockets.api ?? '';
  }

  /** Starts everything, in order; on failure what was started is stopped again. */
  async start(): Promise<void> {
    this.#starting = this.#startInOrder();
    try {
      await this.#starting;
    } catch (cause) {
      // A start that failed takes down what it started; planes it adopted carry calls and stay for the next one.
      await this.#stopInOrder((plane) => (this.#isStopping ? plane.stop() : plane.letGo())).catch((error: unknown) =>
        this.#log.error({ error }, 'a start that failed could not be undone'),
      );
      throw cause;
    }
  }

  /** Stops everything in reverse order; a start under way is given up first, and rejects with STOPPED. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#starting?.catch(() => undefined);
    await this.#stopInOrder((plane) => plane.stop());
  }

  /** Whether calls can be taken, and what somebody should know. */
  readiness(): { readonly ready: boolean; readonly conditions: readonly string[] } {
    const draining = this.#link.isDraining ? ['draining'] : [];
    const conditions = [...draining, ...PLANES.flatMap((plane) => this.#conditions(plane))];
    const call = this.#link.report('call')?.heartbeat;
    return { ready: call?.ready === true && !this.#isSilent('call') && !this.#link.isDraining, conditions };
  }

  /** Whether AI can hear calls too: both planes ready and nothing to report. */
  isWhole(): boolean {
    return (
      this.readiness().ready &&
      this.#link.report('governance')?.heartbeat?.ready === true &&
      this.#planes.get('governance')?.isOutdated !== true &&
      !this.#isSilent('governance')
    );
  }

  status(): unknown {
    const planes = PLANES.map((plane) => {
      const process = this.#planes.get(plane);
      const heartbeat = this.#link.report(plane)?.heartbeat;
      return [
        plane,
        {
          pid: process?.pid ?? this.#link.report(plane)?.pid ?? null,
          restarts: process?.restarts ?? 0,
          scheduling: process?.scheduling ?? 'unknown',
          ready: heartbeat?.ready ?? false,
          ...(plane === 'call' ? { understudy: process?.hasUnderstudy ?? false } : {}),
          silent_ms: Math.round(this.#link.silentMs(plane) ?? -1),
          ...heartbeat?.status,
        },
      ];
    });
    return {
      node: this.#loaded.config.node,
      version: packageVersion,
      ...this.readiness(),
      database: this.#database === undefined ? 'starting' : this.#database.trial ? 'embedded' : 'own',
      planes: Object.fromEntries(planes) as unknown,
      reader: this.#reader?.status ?? { state: 'idle', pid: null, starts: 0, failures: 0 },
    };
  }

  /** Each step is taken whatever became of the one before; the first failure is thrown at the end. */
  async #stopInOrder(end: (plane: PlaneProcess) => Promise<void>): Promise<void> {
    this.#watch?.stop();
    this.#cancelWant?.();
    const endPlane = async (name: PlaneName): Promise<void> => {
      const plane = this.#planes.get(name);
      if (plane !== undefined) await end(plane);
    };
    const steps = [
      () => endPlane('governance'),
      async () => this.#reader?.stop(),
      () => endPlane('call'),
      async () => this.#database?.stop(),
      () => this.#stopListening(),
    ];
    const failures: unknown[] = [];
    for (const step of steps) await step().catch((thrown: unknown) => failures.push(thrown));
    this.#state?.release();
    if (failures.length > 0) throw failures[0];
  }

  async #stopListening(): Promise<void> {
    this.#http?.closeAllConnections();
    this.#commands?.closeAllConnections();
    this.#link.close();
    this.#mirror.close();
    await Promise.all([closed(this.#http), closed(this.#socket), closed(this.#mirrorSocket), closed(this.#commands)]);
  }

  /** Between the steps of a start: a stop that came meanwhile ends it there. */
  #goOn(): void {
    if (this.#isStopping) throw new SupervisorError('STOPPED', 'stopped while starting');
  }

  async #startInOrder(): Promise<void> {
    const { config, origin } = this.#loaded;
    const state = openStateDir(config.stateDir, origin);
    this.#state = state;
    this.#http = await serveHealth(config.supervisor.http, origin, {
      readiness: () => this.readiness(),
      status: () => this.status(),
      metrics: () => this.#renderMetrics(),
    });
    const keys = ensureRootKeys(state.path, this.#loaded);
    this.#socket = await serveUnixSocket(state.sockets.supervisor, (socket) => this.#link.accept(socket));
    this.#mirrorSocket = await serveUnixSocket(state.mirrorSocket, (socket) => this.#mirror.accept(socket));
    this.#commands = await serveNodeCommands(state.nodeSocket, { drain: (on) => this.#link.drain(on) });
    const call = this.#planeProcess('call', state, keys);
    const governance = this.#planeProcess('governance', state, keys);
    const reader = this.#readerProcess(state, keys);
    if (!call.hasSurvivor()) await checkSipPorts(config, origin);
    this.#goOn();
    call.start(this.#callRuntime(state));
    // Before the database: that it is slow to start, or down, is no reason to leave calls in a plane that hangs.
    this.#watchForHangs();
    this.#database = await startDatabase({ loaded: this.#loaded, state, log: this.#log });
    this.#goOn();
    await reader.endLeftBehind();
    governance.start(this.#governanceRuntime(state, this.#database, keys));
    // Calls do not notice a new governance process; a new call plane they might, so it keeps what it has and we say so.
    if (governance.isOutdated) governance.renew();
    const readerRuntime = this.#readerRuntime(state, this.#database, keys);
    this.#cancelWant = this.#clock.every(READER_WANTED_MS, () => {
      if (this.#isReaderWanted()) reader.want(readerRuntime);
    });
  }

  #watchForHangs(): void {
    this.#watch = new HangWatch<PlaneName>({
      clock: this.#clock,
      hangMs: this.#loaded.config.supervisor.hangMs,
      planes: PLANES.map((name) => ({
        name,
        silentMs: () => this.#link.silentMs(name),
        ageMs: () => this.#planes.get(name)?.ageMs ?? 0,
      })),
      onAway: () => this.#link.forgiveSilence(),
      onHung: (name) => this.#killHung(name),
    });
    this.#watch.start();
  }

  #planeProcess(plane: PlaneName, state: StateDir, keys: RootKeys): PlaneProcess {
    const process = new PlaneProcess({
      plane,
      file: builtFile(`${plane}/main`),
      runtimeFile: join(state.runDir, `${plane}.json`),
      pidFile: join(state.runDir, `${plane}.pid`),
      scheduling: this.#loaded.config.supervisor.scheduling,
      withheldEnv: [...databaseVariables(this.#loaded.config), ...withheldKeys(keys, plane)],
      clock: this.#clock,
      log: this.#log,
      isUrgent: plane === 'call',
      onExit: (_reason, wasAsked) => {
        this.#link.forget(plane);
        if (plane === 'call') this.#mirror.onPlaneGone(wasAsked);
      },
    });
    this.#planes.set(plane, process);
    return process;
  }

  #readerProcess(state: StateDir, keys: RootKeys): ReaderProcess {
    const reader = new ReaderProcess({
      file: builtFile('reader/main'),
      runtimeFile: join(state.runDir, 'reader.json'),
      pidFile: join(state.runDir, 'reader.pid'),
      scheduling: this.#loaded.config.supervisor.scheduling,
      withheldEnv: [...databaseVariables(this.#loaded.config), ...withheldKeys(keys, 'reader')],
      clock: this.#clock,
      log: this.#log,
    });
    this.#reader = reader;
    return reader;
  }

  #callRuntime(state: StateDir): CallRuntime {
    return {
      config: withoutSecrets(this.#loaded.config),
      sockets: state.sockets,
      mirrorSocket: state.mirrorSocket,
      routesFile: join(state.path, 'routes.json'),
      tokenKeyFile: ensureTokenKey(state),
    };
  }

  #governanceRuntime(state: StateDir, { trial, runtime }: RunningDatabase, keys: RootKeys): GovernanceRuntime {
    const config = withoutSecrets(this.#loaded.config);
    const { rootOps, readerKeyFile } = keys;
    return { config, sockets: state.sockets, trial, database: runtime, rootOps, readerKeyFile };
  }

  #readerRuntime(state: StateDir, { trial, runtime, reader }: RunningDatabase, keys: RootKeys): ReaderRuntime {
    const { rootRead, readerKeyFile } = keys;
    const database = { writer: runtime.writer, app: runtime.app, reader };
    const config = withoutSecrets(this.#loaded.config);
    return { config, sockets: state.sockets, trial, database, rootRead, readerKeyFile };
  }

  #isReaderWanted(): boolean {
    return !this.#isSilent('governance') && this.#link.report('governance')?.heartbeat?.status['wants_reader'] === true;
  }

  #killHung(name: PlaneName): void {
    this.#link.forget(name);
    this.#hangKills += 1;
    this.#planes.get(name)?.kill('silent');
  }

  #isSilent(plane: PlaneName): boolean {
    const silentMs = this.#link.silentMs(plane);
    return silentMs === undefined || silentMs > SILENT_MS;
  }

  #conditions(plane: PlaneName): string[] {
    const heartbeat = this.#link.report(plane)?.heartbeat;
    if (heartbeat === undefined) return [`${plane}: starting`];
    const silent = this.#isSilent(plane) ? [`${plane}: silent`] : [];
    const outdated = this.#planes.get(plane)?.isOutdated === true ? [`${plane}: older_config`] : [];
    return [...silent, ...outdated, ...heartbeat.conditions.map((condition) => `${plane}: ${condition}`)];
  }

  #renderMetrics(): string {
    const own = PLANES.flatMap((plane) => {
      const process = this.#planes.get(plane);
      const heartbeat = this.#link.report(plane)?.heartbeat;
      const labels = { plane };
      return [
        { name: 'earshot_plane_up', kind: 'gauge' as const, labels, value: this.#isSilent(plane) ? 0 : 1 },
        { name: 'earshot_plane_ready', kind: 'gauge' as const, labels, value: heartbeat?.ready === true ? 1 : 0 },
        { name: 'earshot_plane_restarts_total', kind: 'counter' as const, labels, value: process?.restarts ?? 0 },
        {
          name: 'earshot_plane_scheduling',
          kind: 'gauge' as const,
          labels: { plane, policy: process?.scheduling ?? 'unknown' },
          value: 1,
        },
        ...(heartbeat?.metrics ?? []).map((sample) => ({ ...sample, labels: { plane, ...sample.labels } })),
      ];
    });
    const node = [
      { name: 'earshot_hang_kills_total', kind: 'counter' as const, labels: {}, value: this.#hangKills },
      { name: 'earshot_mirrored_calls', kind: 'gauge' as const, labels: {}, value: this.#mirror.size },
      { name: 'earshot_mirror_refused_total', kind: 'counter' as const, labels: {}, value: this.#mirror.refused },
      { name: 'earshot_restored_calls_total', kind: 'counter' as const, labels: {}, value: this.#mirror.restored },
    ];
    return renderMetrics([...own, ...node]);
  }
}

/** No process is given what it need not have: a URL of another's role, or where another's key is. */
function withoutSecrets(config: LoadedConfig['config']): LoadedConfig['config'] {
  const rest = { ...config };
  delete rest.database;
  delete rest.keys;
  return rest;
}

function databaseVariables({ database }: LoadedConfig['config']): string[] {
  return Object.values(database ?? {}).flatMap((secret) =>
    typeof secret === 'object' && 'env' in secret ? [secret.env] : [],
  );
}

function closed(server: { close(callback: () => void): unknown } | undefined): Promise<void> {
  if (server === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
