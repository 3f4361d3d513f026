/**
 * Just enough of a URI to route by it (RFC 3261 §19.1): scheme, user, host, port, parameters. IPv6 literals are hosts.
 * Other schemes are known by name only, and nothing is unescaped or rewritten.
 */

import { Cursor } from './cursor.ts';
import { readParams } from './params.ts';
import type { Param } from './params.ts';

export type SipUri =
  | {
      readonly kind: 'sip';
      readonly secure: boolean;
      /** As written, without a password; empty when absent. */
      readonly user: string;
      /** Lower case, IPv6 without brackets. */
      readonly host: string;
      readonly port: number | undefined;
      readonly params: readonly Param[];
    }
  | { readonly kind: 'other'; readonly scheme: string };

/** Reads a whole URI; undefined when it is none. */
export function readUri(text: string): SipUri | undefined {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]{0,31}):/.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined || /[\s<>"]/.test(text)) return undefined;
  if (scheme !== 'sip' && scheme !== 'sips') return { kind: 'other', scheme };
  const rest = text.slice(scheme.length + 1);
  const at = rest.indexOf('@');
  const userInfo = at < 0 ? '' : rest.slice(0, at);
  // A second @ would let two readers disagree about the host.
  if (at === 0 || rest.includes('@', at + 1)) return undefined;
  const cursor = new Cursor(rest);
  cursor.at = at + 1;
  const hostPort = readHostPort(cursor, ';?');
  if (!hostPort) return undefined;
  const params = readParams(cursor, '?');
  if (!params || (!cursor.atEnd && cursor.peek() !== '?')) return undefined;
  return { kind: 'sip', secure: scheme === 'sips', user: userInfo.split(':')[0] ?? '', ...hostPort, params };
}

/** Reads `host[:port]` at the cursor, up to one of `stops`, white space or the end. */
export function readHostPort(
  cursor: Cursor,
  stops: string,
): { readonly host: string; readonly port: number | undefined } | undefined {
  const host = readHost(cursor, stops);
  if (host === undefined) return undefined;
  const afterHost = cursor.at;
  cursor.skipWhite();
  if (!cursor.eat(':')) {
    cursor.at = afterHost;
    return { host, port: undefined };
  }
  cursor.skipWhite();
  const port = cursor.takeUntil(stops);
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535) return undefined;
  return { host, port: Number(port) };
}

function readHost(cursor: Cursor, stops: string): string | undefined {
  if (!cursor.eat('[')) {
    const name = cursor.takeUntil(`:${stops}`);
    return /^[A-Za-z0-9_.-]{1,255}$/.test(name) ? name.toLowerCase() : undefined;
  }
  const address = cursor.takeUntil(']');
  return cursor.eat(']') && /^[0-9A-Fa-f:.]{2,45}$/.test(address) ? address.toLowerCase() : undefined;
}
