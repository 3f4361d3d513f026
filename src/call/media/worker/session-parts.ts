/** What every session of a worker is built from, and whom it tells. Types only. */

import type { Clock } from '../../../base/clock.ts';
import type { RandomBytes, StreamId } from '../../../base/ids.ts';
import type { Metric } from '../../../base/metrics.ts';
import type { Side } from '../../../model/tenant.ts';
import type { IceVerdict } from '../../../protocol/ice/lite-agent.ts';
import type { CreateTransform } from '../../../protocol/srtp/transform.ts';
import type { MediaDrop } from '../drop.ts';
import type { Endpoint, IceCredentials, MediaPair } from '../session-state.ts';
import type { DtlsMaker, DtlsResult, Handshakes } from './dtls-end.ts';
import type { PacketPort } from './packet-port.ts';

/** Answers connectivity checks with one side's credentials, as `IceLiteAgent` does. */
export interface IceAgent {
  usePeers(remoteUfrags: readonly string[]): void;
  receive(datagram: Buffer, from: Endpoint): IceVerdict;
}

export type CreateIceAgent = (local: IceCredentials) => IceAgent;

export interface SessionParts {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly createTransform: CreateTransform;
  /** Undefined on a node that runs without the addon. */
  readonly dtls: DtlsMaker | undefined;
  readonly createIceAgent: CreateIceAgent;
  /** Handshakes under way, of all sessions. */
  readonly handshakes: Handshakes;
  readonly countDrop: (reason: MediaDrop) => void;
  readonly countDtls: (result: DtlsResult) => void;
  /** What every session of the worker counts together. */
  readonly traffic: Readonly<Record<Side, SideTraffic>>;
}

export interface SessionEvents {
  /** Once per stream, at its first accepted packet. */
  onStreamStarted(stream: StreamId, firstArrivalUs: number): void;
  /** A key was pressed on that stream. Which one is not said. */
  onDtmf(stream: StreamId, atUs: number, durationMs: number): void;
  /** Something changed that must outlive the worker. Often; whoever hears it gathers. */
  onChange(): void;
  /** A handshake gave keys, which must outlive the worker from now on. */
  onKeys(): void;
}

export interface PortPair {
  readonly pair: MediaPair;
  /**
   * Whether the call that has it had it already in an earlier life of this worker or of the process, and so its keys: what
   * was sent under them by then is not known for sure.
   */
  readonly isInherited: boolean;
  readonly rtp: PacketPort;
  readonly rtcp: PacketPort;
}

/** RTP packets accepted from legs of one side, sent to them, and missing in what came from them; keys not told of. */
export interface SideTraffic {
  readonly received: Metric;
  readonly sent: Metric;
  readonly lost: Metric;
  readonly dtmfUntold: Metric;
}
