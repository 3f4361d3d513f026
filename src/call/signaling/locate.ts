/**
 * A next hop as the addresses to try, in order (RFC 3263 §4): NAPTR and SRV where it leaves transport or port open, A
 * and AAAA always. Looked up in the background; a call that finds it unknown waits once, and briefly.
 */

import type { Clock } from '../../base/clock.ts';
import type { RandomBytes } from '../../base/ids.ts';
import { ipFamily } from '../../protocol/sip/ip-address.ts';
import { namedTargets, orderByWeight, servicesOf, srvNameOf } from '../../protocol/sip/locating.ts';
import type { NamedService, NaptrRecord, SrvRecord } from '../../protocol/sip/locating.ts';
import type { HopTarget } from '../../protocol/sip/loose-route.ts';
import type { SipTransport } from '../../protocol/sip/transport.ts';
import { BackgroundAnswers } from './background-answers.ts';
import type { Found } from './background-answers.ts';
import type { SignalingLimits } from './limits.ts';

/** Who is asked. Each resolves to nothing where there is no such record, and rejects where nobody could say. */
export interface Lookups {
  readonly addresses: (name: string) => Promise<{ readonly addresses: readonly string[]; readonly ttlMs?: number }>;
  readonly srv: (name: string) => Promise<readonly SrvRecord[]>;
  readonly naptr: (name: string) => Promise<readonly NaptrRecord[]>;
}

/** One server, with all its addresses. */
interface Server extends Pick<SrvRecord, 'priority' | 'weight'> {
  /** What the hop itself says where no record says more. */
  readonly port: number | undefined;
  readonly transport: SipTransport | undefined;
  readonly addresses: readonly string[];
}

/** A server, if its name resolved, and for how long that holds. */
interface Resolved {
  readonly server: Server | undefined;
  readonly ttlMs: number | undefined;
}

/** Groups of servers: one after the other, and within each by priority and weight. */
type Located = readonly (readonly Server[])[];

/** Where a name says nothing of its transport (RFC 3263 §4.1): encrypted ones must be asked for. */
const UNASKED: readonly SipTransport[] = ['udp', 'tcp'];
const MAX_SERVERS = 16;
const MAX_ADDRESSES = 8;
/** What is handed out for one request: each is a wait for whoever calls. */
const MAX_TARGETS = 6;

export interface LocatorOptions {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly lookups: Lookups;
  readonly limits: SignalingLimits;
}

export class Locator {
  readonly #options: LocatorOptions;
  readonly #answers: BackgroundAnswers<Located>;

  constructor(options: LocatorOptions) {
    const { clock, limits } = options;
    this.#options = options;
    this.#answers = new BackgroundAnswers({ clock, limits, find: (key) => this.#find(hopOf(key)) });
  }

  /** Where it is by what is known now; starts a lookup when that is missing or old. */
  known(hop: HopTarget): HopTarget[] {
    return literal(hop) ?? this.#order(hop, this.#answers.known(keyOf(hop)));
  }

  /** Calls `done` once: at once when known, else when the lookups end or their deadline passes (with nothing). */
  locate(hop: HopTarget, done: (targets: readonly HopTarget[]) => void): void {
    const own = literal(hop);
    if (own) done(own);
    else this.#answers.ask(keyOf(hop), (located) => done(this.#order(hop, located)));
  }

  /** Next hops of the routes: kept warm, and looked up before a call asks. */
  keep(hops: readonly HopTarget[]): void {
    this.#answers.keep([...new Set(hops.filter((hop) => !literal(hop)).map(keyOf))]);
  }

  #order(hop: HopTarget, located: Located | undefined): HopTarget[] {
    const servers = (located ?? []).flatMap((group) => orderByWeight(group, (limit) => this.#below(limit)));
    const targets = servers.flatMap(({ addresses, port, transport }) =>
      // A certificate is for the name that was asked for, not for what DNS made of it (RFC 5922 §4).
      addresses.map((address) => ({ host: address, port, transport, domain: hop.domain ?? hop.host })),
    );
    return targets.slice(0, MAX_TARGETS);
  }

  #below(limit: number): number {
    return Math.floor((Buffer.from(this.#options.random(4)).readUInt32BE() / 2 ** 32) * limit);
  }

  async #find(hop: HopTarget): Promise<Found<Located>> {
    const { host, port, transport } = hop;
    if (port !== undefined) return this.#findAddresses(hop, false);
    const { services, isSure } = await this.#services(host, transport);
    const groups = await Promise.all(services.map((service) => this.#group(service)));
    const isWeak = !isSure || groups.some((group) => !group.isSure);
    const answer = groups.map(({ servers }) => servers.flatMap(({ server }) => server ?? []));
    const ttlMs = shorter(...groups.flatMap(({ servers }) => servers.map((one) => one.ttlMs)));
    if (answer.some((servers) => servers.length > 0)) return { answer, ttlMs, isWeak };
    return this.#findAddresses(hop, isWeak);
  }

  /** Whose SRV records to ask for, best first. */
  async #services(
    host: string,
    transport: SipTransport | undefined,
  ): Promise<{ readonly services: readonly NamedService[]; readonly isSure: boolean }> {
    const named = (by: SipTransport): NamedService[] => {
      const srvName = srvNameOf(host, by);
      return srvName === undefined ? [] : [{ transport: by, srvName }];
    };
    if (transport !== undefined) return { services: named(transport), isSure: true };
    const records = await this.#options.lookups.naptr(host).catch(() => undefined);
    const services = servicesOf(records ?? []);
    return { services: services.length > 0 ? services : UNASKED.flatMap(named), isSure: records !== undefined };
  }

  /** The servers of one service, as far as their names resolve. */
  async #group({ transport, srvName }: NamedService): Promise<{
    readonly servers: readonly Resolved[];
    readonly isSure: boolean;
  }> {
    const records = await this.#options.lookups.srv(srvName).catch(() => undefined);
    const named = namedTargets(records ?? []).slice(0, MAX_SERVERS);
    const servers = await Promise.all(named.map((record) => this.#server(record, transport)));
    return { servers, isSure: records !== undefined };
  }

  async #server(record: SrvRecord, transport: SipTransport): Promise<Resolved> {
    const { priority, weight, port, name } = record;
    const found = await this.#options.lookups.addresses(name).catch(() => undefined);
    const addresses = found?.addresses.slice(0, MAX_ADDRESSES) ?? [];
    const server = addresses.length > 0 ? { priority, weight, port, transport, addresses } : undefined;
    return { server, ttlMs: found?.ttlMs };
  }

  async #findAddresses({ host, port, transport }: HopTarget, isWeak: boolean): Promise<Found<Located>> {
    const { addresses, ttlMs } = await this.#options.lookups.addresses(host);
    if (addresses.length === 0) return { answer: undefined };
    const server = { priority: 0, weight: 0, port, transport, addresses: addresses.slice(0, MAX_ADDRESSES) };
    return { answer: [[server]], ttlMs, isWeak };
  }
}

/** An address is its own place, and no record is asked for (RFC 3263 §4.2); so is a flow. */
function literal(hop: HopTarget): HopTarget[] | undefined {
  if (hop.flow) return [hop];
  const family = ipFamily(hop.host);
  if (family === undefined) return undefined;
  return [family === 4 ? hop : { ...hop, host: hop.host.replace(/^\[|\]$/g, '') }];
}

function shorter(...times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
}

function keyOf({ host, port, transport }: HopTarget): string {
  return `${host.toLowerCase()} ${port ?? ''} ${transport ?? ''}`;
}

function hopOf(key: string): HopTarget {
  const [host = '', port = '', transport = ''] = key.split(' ');
  const known = (['udp', 'tcp', 'tls', 'ws', 'wss'] as const).find((one) => one === transport);
  return { host, port: port === '' ? undefined : Number(port), transport: known };
}
