/** `earshot start`: runs the supervisor in this process until told to stop, and says what is listening. */

import { systemClock } from '../base/clock.ts';
import { createLog } from '../base/log.ts';
import { packageVersion } from '../base/package-root.ts';
import { loadDocument, loadNodeConfig, type LoadedConfig } from '../config/load.ts';
import { Supervisor, SupervisorError } from '../supervisor/supervisor.ts';
import { onInterrupt } from './signals.ts';

const READY_LIMIT_MS = 30_000;

export async function start(options: { readonly config?: string }): Promise<void> {
  const loaded = loadNodeConfig({ file: options.config, cwd: process.cwd() });
  if (loaded.config.seed !== undefined) loadDocument(loaded.config.seed, loaded.config);
  const log = createLog({ name: 'supervisor', level: loaded.config.log.level });
  const supervisor = new Supervisor({ loaded, clock: systemClock, log });
  const stopped = stopOnSignal(supervisor);
  try {
    await supervisor.start();
  } catch (thrown) {
    if (!(thrown instanceof SupervisorError)) throw thrown;
    await stopped;
    return;
  }
  const isWhole = await Promise.race([becomesWhole(supervisor, READY_LIMIT_MS), stopped]);
  if (isWhole !== undefined) process.stdout.write(describe(loaded, supervisor, isWhole));
  await stopped;
  process.exit();
}

/** Resolves with true when everything is ready, or with false when that takes too long: calls may work all the same. */
export async function becomesWhole(supervisor: Supervisor, limitMs: number): Promise<boolean> {
  const deadlineUs = systemClock.monoUs() + limitMs * 1000;
  while (systemClock.monoUs() < deadlineUs) {
    if (supervisor.isWhole()) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

function stopOnSignal(supervisor: Supervisor): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => void supervisor.stop().then(resolve, reject);
    onInterrupt({ signals: ['SIGINT', 'SIGTERM'], clock: systemClock, stop });
  });
}

function describe({ origin, config }: LoadedConfig, supervisor: Supervisor, isWhole: boolean): string {
  const rows: (readonly [string, string])[] = [
    ['config', origin],
    ...config.interfaces.flatMap(({ name, sip, media }): (readonly [string, string])[] => [
      ...sip.map(
        ({ transport, address, port }) => ['SIP', `${transport} ${address}:${port} (interface ${name})`] as const,
      ),
      ['media', `udp ${media.bind}:${media.ports.from}-${media.ports.to} (interface ${name})`],
    ]),
    ['health', `${urlOf('http', config.supervisor.http)}/readyz  /metrics  /status`],
    ['API', `${urlOf(config.api.tls === undefined ? 'http' : 'https', config.api.http)}/v1, with a token`],
    ['', `unix:${supervisor.apiSocket}`],
    ['database', config.database === undefined ? 'embedded Postgres, for trial' : 'your own'],
  ];
  const lines = rows.map(([name, value]) => `  ${name.padEnd(10)} ${value}`);
  const here = origin === 'embedded defaults' ? '' : ` -c ${origin}`;
  const conditions = supervisor.readiness().conditions.join('; ');
  const state = isWhole
    ? `ready${conditions === '' ? '' : `, but ${conditions}`}`
    : `not everything is ready yet: ${conditions || 'still starting'}`;
  return [
    `Earshot ${packageVersion}, node ${config.node}: ${state}`,
    ...lines,
    '',
    "Next: send an INVITE to the SIP address from a network that a tenant matches; it goes to that tenant's next hop.",
    `      \`earshot access bootstrap --for NAME${here}\` makes the first token; with it \`earshot tokens issue\` makes others.`,
    `      \`earshot status${here}\` shows this node, \`earshot calls${here}\` its calls; \`npm run demo\` plays a governed one.`,
    '      Ctrl-C stops.',
    '',
  ].join('\n');
}

function urlOf(scheme: string, { address, port }: { readonly address: string; readonly port: number }): string {
  return `${scheme}://${address.includes(':') ? `[${address}]` : address}:${port}`;
}
