/**
 * The few peers one port has, so that an address becomes text, and text an address, once for each of them and not for
 * each packet. Bounded by a handful a port: who sprays addresses pays with the slow way and leaves nothing behind.
 */

import { SocketAddress } from 'node:net';

/** A peer and one more: the branches of a fork, or the old and the new address of somebody on the move. */
const MAX_PEERS = 4;

/**
 * A peer and its sockaddr. What tells peers apart stands in fields of its own: on a busy worker whatever is looked into
 * besides is out of the cache.
 */
export interface Peer {
  readonly address: string;
  readonly port: number;
  /** Family and port, as they lie in memory. */
  readonly first: number;
  /** An IPv4 address, or the flow label of IPv6. */
  readonly second: number;
  /** An IPv6 address and its zone; none for IPv4. */
  readonly rest: Uint8Array;
}

const REST_AT = 8;
const REST_BYTES = 20;
const V6_ADDRESS_BYTES = 16;
const NO_REST = new Uint8Array(0);

/** Finds whom a sockaddr is of. */
export class PeerSources {
  readonly #family: 4 | 6;
  readonly #known: Peer[] = [];
  #latest: Peer | undefined;
  #oldest = 0;

  constructor(family: 4 | 6) {
    this.#family = family;
  }

  /** Whose sockaddr begins at that byte. */
  find(memory: DataView, at: number): Peer {
    const latest = this.#latest;
    if (latest !== undefined && this.#is(latest, memory, at)) return latest;
    const found = this.#known.find((peer) => this.#is(peer, memory, at)) ?? this.#remember(memory, at);
    this.#latest = found;
    return found;
  }

  #is(peer: Peer, memory: DataView, at: number): boolean {
    if (peer.first !== memory.getInt32(at, true)) return false;
    if (this.#family === 4) return peer.second === memory.getInt32(at + 4, true);
    for (let n = 0; n < V6_ADDRESS_BYTES; n++) if (peer.rest[n] !== memory.getUint8(at + REST_AT + n)) return false;
    return true;
  }

  #remember(memory: DataView, at: number): Peer {
    const bytes = Buffer.from(memory.buffer, memory.byteOffset + at, REST_AT + REST_BYTES);
    const address = this.#family === 4 ? bytes.subarray(4, 8).join('.') : textOfV6(bytes.subarray(REST_AT));
    const peer = peerOf({ address, port: bytes.readUInt16BE(2) }, bytes, this.#family);
    this.#known[this.#oldest] = peer;
    this.#oldest = (this.#oldest + 1) % MAX_PEERS;
    return peer;
  }
}

/** Finds the sockaddr of an address. */
export class PeerTargets {
  readonly #known: Peer[] = [];
  #latest: Peer | undefined;
  #oldest = 0;

  find(address: string, port: number): Peer | undefined {
    const latest = this.#latest;
    if (latest?.port === port && latest.address === address) return latest;
    const found = this.#known.find((peer) => peer.port === port && peer.address === address);
    if (found) this.#latest = found;
    return found;
  }

  remember({ address, port }: Pick<Peer, 'address' | 'port'>, sockaddr: Buffer, family: 4 | 6): Peer {
    const peer = peerOf({ address, port }, sockaddr, family);
    this.#known[this.#oldest] = peer;
    this.#oldest = (this.#oldest + 1) % MAX_PEERS;
    this.#latest = peer;
    return peer;
  }
}

/** As the kernel and `canonicalEndpoint` write it. */
function textOfV6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(2 * at).toString(16));
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}

function peerOf({ address, port }: Pick<Peer, 'address' | 'port'>, sockaddr: Buffer, family: 4 | 6): Peer {
  const rest = family === 4 ? NO_REST : Uint8Array.from(sockaddr.subarray(REST_AT, REST_AT + REST_BYTES));
  return { address, port, first: sockaddr.readInt32LE(0), second: sockaddr.readInt32LE(4), rest };
}
