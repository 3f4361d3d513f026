/**
 * The connections of one listener: found by their flow, or by where a message is to go (RFC 5923). It judges whether a
 * connection may stand for a name; it opens and closes none.
 */

import { canonicalHost } from '../../../protocol/sip/ip-address.ts';
import type { Connection } from './connection.ts';
import type { Peer, Remote } from './sip-port.ts';

export interface TableOptions {
  /** Whether a connection must prove by its certificate that it stands for a name. */
  readonly isAuthenticated: boolean;
}

/** Its own place and what a sane peer asks for beside: more would fill the table. */
const MAX_PLACES = 4;

/** Connections to one place, the newest last: more are possible, as one peer may have several names. */
type Place = Connection[];

export class ConnectionTable {
  readonly #isAuthenticated: boolean;
  readonly #byFlow = new Map<string, Connection>();
  readonly #byPlace = new Map<string, Place>();
  readonly #places = new Map<Connection, Set<string>>();

  constructor(options: TableOptions) {
    this.#isAuthenticated = options.isAuthenticated;
  }

  get all(): readonly Connection[] {
    return [...this.#byFlow.values()];
  }

  add(connection: Connection): void {
    this.#byFlow.set(connection.id, connection);
    this.#places.set(connection, new Set());
    this.#addPlace(connection, connection.remote);
  }

  remove(connection: Connection): void {
    this.#byFlow.delete(connection.id);
    for (const key of this.#places.get(connection) ?? []) {
      const left = this.#byPlace.get(key)?.filter((other) => other !== connection) ?? [];
      if (left.length > 0) this.#byPlace.set(key, left);
      else this.#byPlace.delete(key);
    }
    this.#places.delete(connection);
  }

  /** The peer listens at that port too, and asks to be reached there by this connection (RFC 5923 §5). */
  alias(connection: Connection, port: number): void {
    if (this.#places.has(connection)) this.#addPlace(connection, { address: connection.remote.address, port });
  }

  byFlow(flow: string): Connection | undefined {
    const connection = this.#byFlow.get(flow);
    return connection?.isUsable ? connection : undefined;
  }

  /** A connection that may carry a message there; the newest of several. */
  toPlace(to: Peer): Connection | undefined {
    return this.#byPlace
      .get(keyOf(to))
      ?.findLast((connection) => connection.isUsable && this.#mayCarry(connection, to));
  }

  #addPlace(connection: Connection, remote: Remote): void {
    const key = keyOf(remote);
    const known = this.#places.get(connection);
    if (!known || known.has(key) || known.size >= MAX_PLACES) return;
    known.add(key);
    this.#byPlace.set(key, [...(this.#byPlace.get(key) ?? []), connection]);
  }

  /** Who is at that address is nobody's word but its certificate's, or our own when we called it by that name. */
  #mayCarry(connection: Connection, to: Peer): boolean {
    if (!this.#isAuthenticated) return true;
    const domain = canonicalHost(to.domain ?? to.address);
    if (connection.openedBy === 'us') {
      // Who is at an address was settled when we called it by name.
      if (domain === canonicalHost(connection.domain ?? '') || domain === canonicalHost(to.address)) return true;
    }
    return connection.speaksFor?.(domain) ?? false;
  }
}

function keyOf({ address, port }: Remote): string {
  return `${canonicalHost(address)} ${port}`;
}
