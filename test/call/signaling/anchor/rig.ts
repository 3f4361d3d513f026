/** A call plane's worth of fakes around an anchor: ports that are numbers, randomness that counts, SDP in few words. */

import { legPolicy } from '../../../../src/model/leg-policy.ts';
import type { CallId, RandomBytes } from '../../../../src/base/ids.ts';
import { asTenantId } from '../../../../src/base/ids.ts';
import { Metrics } from '../../../../src/base/metrics.ts';
import { Anchor } from '../../../../src/call/signaling/anchor/anchor.ts';
import type { MediaPorts } from '../../../../src/call/signaling/anchor/ports.ts';
import type { AnchorResult } from '../../../../src/call/signaling/media-anchor.ts';
import type { MediaPair, SessionState } from '../../../../src/call/media/session-state.ts';
import type { SignedMedia } from '../../../../src/model/call.ts';
import type { RoutedTenant } from '../../../../src/model/routing.ts';
import type { Side } from '../../../../src/model/tenant.ts';
import type { SrtpSuite } from '../../../../src/protocol/srtp/suite.ts';
import { keySaltBytes } from '../../../../src/protocol/srtp/suite.ts';
import { applySplices } from '../../../../src/protocol/splice.ts';

/** What peers that offer one suite alone mean by SDES: one key line, which is easy to read in a test. */
export const ONE_SUITE = { suites: ['AES_CM_128_HMAC_SHA1_80'] } as const;
/** What our certificate is called. */
export const FINGERPRINT = Array.from({ length: 32 }, () => 'E5').join(':');

export const CALL = `c_${'0'.repeat(32)}` as CallId;

export class FakePorts implements MediaPorts {
  readonly applied: SessionState[] = [];
  readonly freed: number[] = [];
  readonly ended: CallId[] = [];
  #pairs: MediaPair[];

  constructor(pairs: MediaPair[]) {
    this.#pairs = pairs;
  }

  get ready(): number {
    return this.#pairs.length;
  }

  get last(): SessionState {
    return this.applied.at(-1)!;
  }

  takePair(interfaceName: string, worker?: number): MediaPair | undefined {
    const taken = this.#pairs.find(
      (pair) => pair.interface === interfaceName && (worker === undefined || pair.worker === worker),
    );
    this.#pairs = this.#pairs.filter((pair) => pair !== taken);
    return taken;
  }

  add(...pairs: MediaPair[]): void {
    this.#pairs.push(...pairs);
  }

  freePair(pair: MediaPair): void {
    this.freed.push(pair.pair);
  }

  apply(state: SessionState): void {
    this.applied.push(state);
  }

  end(call: CallId): void {
    this.ended.push(call);
  }
}

export function pair(number: number, interfaceName: string, worker = 0, over: Partial<MediaPair> = {}): MediaPair {
  return {
    pair: number,
    worker,
    interface: interfaceName,
    bindAddress: '127.0.0.1',
    advertisedAddress: interfaceName === 'outside' ? '198.51.100.1' : '10.9.9.9',
    family: 4,
    rtpPort: 40_000 + number * 2,
    rtcpPort: 40_001 + number * 2,
    ...over,
  };
}

export function tenant(over: Partial<RoutedTenant> = {}): RoutedTenant {
  return {
    id: asTenantId('acme'),
    match: { sources: [], domains: [], dids: [], headers: [] },
    trusted: true,
    labels: [],
    ingress: 'outside',
    egress: 'inside',
    nextHops: [{ host: '10.0.0.1', port: 5060, transport: 'udp' }],
    media: { caller: legPolicy('as-offered', ONE_SUITE), callee: legPolicy('as-offered', ONE_SUITE) },
    onMediaUnavailable: 'bypass',
    mediaMode: 'anchored',
    otherLines: 'leave',
    onSignedMedia: 'bypass',
    roles: { caller: 'customer', callee: 'agent' },
    direction: 'inbound',
    ...over,
  };
}

/** Randomness that never repeats within one source. */
export function countingRandom(): RandomBytes {
  let count = 0;
  return (sizeBytes) => {
    count += 1;
    const bytes = new Uint8Array(sizeBytes).fill(0x5a);
    new DataView(bytes.buffer).setUint32(0, count);
    return bytes;
  };
}

export class Rig {
  readonly ports: FakePorts;
  readonly metrics = new Metrics();
  readonly anchor: Anchor;

  constructor(
    options: {
      readonly tenant?: Partial<RoutedTenant>;
      readonly pairs?: MediaPair[];
      /** Whether the addon that speaks DTLS is there. */
      readonly dtls?: boolean;
    } = {},
  ) {
    this.ports = new FakePorts(options.pairs ?? [pair(1, 'outside'), pair(2, 'inside')]);
    this.anchor = new Anchor({
      ports: this.ports,
      random: countingRandom(),
      metrics: this.metrics,
      dtls: options.dtls === false ? undefined : { fingerprint: FINGERPRINT },
    });
    this.anchor.open(CALL, tenant(options.tenant));
  }

  offer(from: Side, transaction: string, sdp: string, branch = '', signed?: SignedMedia): AnchorResult {
    return this.anchor.offer({ call: CALL, from, transaction, branch, sdp: bytesOf(sdp), signed });
  }

  answer(from: Side, transaction: string, branch: string, sdp: string): AnchorResult {
    return this.anchor.answer({ call: CALL, from, transaction, branch, sdp: bytesOf(sdp) });
  }

  /** The offer as the other side sees it. */
  offered(from: Side, transaction: string, sdp: string, branch = ''): string {
    return edited(sdp, this.offer(from, transaction, sdp, branch));
  }

  /** The answer as the offerer sees it. */
  answered(from: Side, transaction: string, branch: string, sdp: string): string {
    return edited(sdp, this.answer(from, transaction, branch, sdp));
  }

  confirm(transaction: string, branch: string): void {
    this.anchor.confirm({ call: CALL, transaction, branch });
  }

  refuse(transaction: string): void {
    this.anchor.refuse({ call: CALL, transaction });
  }

  closedLines(reason: string): number {
    return this.metrics.counter('earshot_anchor_lines_closed_total', { reason }).value;
  }
}

export function edited(sdp: string, result: AnchorResult): string {
  if (result.kind !== 'edit') throw new Error(`expected edits, got ${result.kind} ${result.reason}`);
  return applySplices(bytesOf(sdp), result.edits).toString('latin1');
}

/** A valid SDES key that says which it is. */
export function keyOf(letter: string): string {
  return letter.repeat(40);
}

export function crypto(tag: number, letter: string, suite = 'AES_CM_128_HMAC_SHA1_80'): string {
  return `a=crypto:${tag} ${suite} inline:${keyOf(letter)}`;
}

/** A key line of any suite: `byte` fills its key. */
export function suiteCrypto(tag: number, suite: SrtpSuite, byte: number): string {
  return `a=crypto:${tag} ${suite} inline:${Buffer.alloc(keySaltBytes(suite), byte).toString('base64')}`;
}

export function cryptosIn(sdp: string): { readonly tag: number; readonly suite: string; readonly key: string }[] {
  return [...sdp.matchAll(/^a=crypto:(\d+) (\S+) inline:([^|\s]+)/gm)].map(([, tag, suite = '', key = '']) => ({
    tag: Number(tag),
    suite,
    key,
  }));
}

/** A certificate's name of 32 equal bytes. */
export function fingerprint(byte: string): string {
  return `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => byte).join(':')}`;
}

export function keysIn(sdp: string): string[] {
  return [...sdp.matchAll(/inline:(\S+)/g)].map((found) => found[1]!);
}

/** One audio line with whatever attributes; `port` and `address` say who wrote it. */
export function audio(options: {
  readonly address?: string;
  readonly port?: number;
  readonly proto?: string;
  readonly formats?: string;
  readonly lines?: readonly string[];
  readonly session?: readonly string[];
  readonly more?: readonly string[];
}): string {
  const { address = '203.0.113.5', port = 5004, proto = 'RTP/AVP', formats = '0 8' } = options;
  return [
    'v=0',
    'o=- 1 1 IN IP4 203.0.113.5',
    's=-',
    `c=IN IP4 ${address}`,
    't=0 0',
    ...(options.session ?? []),
    `m=audio ${port} ${proto} ${formats}`,
    ...(options.lines ?? []),
    ...(options.more ?? []),
    '',
  ].join('\r\n');
}

function bytesOf(sdp: string): Buffer {
  return Buffer.from(sdp, 'latin1');
}
