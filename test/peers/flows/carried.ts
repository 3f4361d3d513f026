/**
 * Whether a proxy carried a call's messages as it promised: each of them once, with nothing changed but what a proxy must
 * change and, where the media is anchored, the port of the audio. It answers with what it found, in words.
 */

import { headerOf, nameOf, type TracedMessage } from './trace.ts';

export interface Carriage {
  readonly mode: 'anchored' | 'signaling-only';
  /** Ports of the node's own media. */
  readonly media: { readonly from: number; readonly to: number };
  /** Between the two sides; one unless told. */
  readonly proxies?: number;
  /** Whether a message may come again, as it does where somebody was slow to answer. */
  readonly mayRepeat?: boolean;
}

/** Headers of a request that are a proxy's to change. */
const OF_PROXIES = ['via', 'record-route', 'route', 'max-forwards'];
/** From one hop to the next only: a 100, and whatever ends an attempt at another next hop. */
const OF_ONE_HOP = /^(100|503) |^CANCEL /;

/** What is wrong between what one side sent and the other received; nothing when all is as it should be. */
export function flaws(sent: readonly TracedMessage[], received: readonly TracedMessage[], how: Carriage): string[] {
  const arrivals = new Map<string, TracedMessage[]>();
  for (const message of received) {
    const name = nameOf(message);
    if (!OF_ONE_HOP.test(name)) arrivals.set(name, [...(arrivals.get(name) ?? []), message]);
  }
  const found = sent
    .filter((message) => !OF_ONE_HOP.test(nameOf(message)))
    .filter((message, _at, all) => !how.mayRepeat || all.find((other) => nameOf(other) === nameOf(message)) === message)
    .flatMap((message) => {
      const name = nameOf(message);
      const [arrived, ...others] = arrivals.get(name) ?? [];
      arrivals.delete(name);
      if (!arrived) return [`${name} never arrived`];
      if (others.length > 0 && !how.mayRepeat) return [`${name} arrived ${others.length + 1} times`];
      return between(message, arrived, how).map((flaw) => `${name}: ${flaw}`);
    });
  return [...found, ...[...arrivals.keys()].map((name) => `${name} was never sent`)];
}

function between(sent: TracedMessage, arrived: TracedMessage, { mode, media, proxies = 1 }: Carriage): string[] {
  const found: string[] = [];
  if (sent.startLine !== arrived.startLine) found.push(`${sent.startLine} became ${arrived.startLine}`);
  const [left, came] = [sent, arrived].map((message) => keptLines(message, mode).join('\r\n'));
  if (left !== came) found.push(`the header\n${left}\nbecame\n${came}`);
  if (isRequest(sent)) found.push(...afterProxies(sent, arrived, proxies));
  if (mode === 'signaling-only') return sent.body === arrived.body ? found : [...found, 'the body was changed'];
  const port = audioPort(arrived.body);
  if (withoutPlace(sent.body) !== withoutPlace(arrived.body)) found.push(`the body became\n${arrived.body}`);
  if (sent.body !== '' && !(port >= media.from && port <= media.to)) found.push(`its audio is at ${port}`);
  return found;
}

/** What so many proxies do to a request, no more and no less. */
function afterProxies(sent: TracedMessage, arrived: TracedMessage, proxies: number): string[] {
  const found: string[] = [];
  const count = (message: TracedMessage, header: string): number =>
    message.headers.filter(({ name }) => name === header).length;
  const hops = (message: TracedMessage): number => Number(headerOf(message, 'max-forwards'));
  if (hops(arrived) !== hops(sent) - proxies) found.push('Max-Forwards');
  if (count(arrived, 'via') !== count(sent, 'via') + proxies) found.push('Via');
  // A dialog's own requests carry the proxies' Route to them and no further.
  const isFirst = !headerOf(sent, 'to').includes(';tag=');
  if (count(sent, 'route') !== (isFirst ? 0 : 1) || count(arrived, 'route') !== 0) found.push('Route');
  // A proxy between two transports says both (RFC 5658).
  const recorded = count(arrived, 'record-route');
  if (isFirst ? recorded < proxies || recorded > 2 * proxies : recorded > 0) found.push('Record-Route');
  return found;
}

function keptLines(message: TracedMessage, mode: Carriage['mode']): string[] {
  const ofProxies = isRequest(message) ? OF_PROXIES : ['via'];
  const changed = mode === 'anchored' ? [...ofProxies, 'content-length'] : ofProxies;
  return message.headers.filter(({ name }) => !changed.includes(name)).map(({ line }) => line);
}

function isRequest({ startLine }: TracedMessage): boolean {
  return !startLine.startsWith('SIP/');
}

function audioPort(body: string): number {
  return Number(/^m=audio (\d+) /m.exec(body)?.[1] ?? 0);
}

/** All but the address and port of the audio: an anchor writes the address where the port is, too. */
function withoutPlace(body: string): string {
  return body.replace(/^m=audio \d+ /m, 'm=audio ').replace(/^c=IN IP4 127\.0\.0\.1\r\n/gm, '');
}
