/** One Via value (RFC 3261 §20.42, RFC 3581): who sent this hop, and where its response goes. Reads only. */

import { Cursor } from './cursor.ts';
import { paramValue, readParams } from './params.ts';
import type { Param } from './params.ts';
import { readHostPort } from './uri.ts';

export interface Via {
  /** Offset of the value in its message; `params` offsets are relative to it. */
  readonly start: number;
  readonly end: number;
  /** Upper case: UDP, TCP, TLS … */
  readonly transport: string;
  /** Lower case, IPv6 without brackets. */
  readonly host: string;
  readonly port: number | undefined;
  readonly params: readonly Param[];
  /** Empty when absent. */
  readonly branch: string;
  readonly received: string | undefined;
  /** A number once filled in; 'asked' as the client sends it. */
  readonly rport: number | 'asked' | undefined;
}

export const MAGIC_COOKIE = 'z9hG4bK';

/** Reads one Via value that begins at offset `start` of its message. */
export function readVia(text: string, start: number): Via | undefined {
  const cursor = new Cursor(text);
  const protocol = cursor.takeUntil('/');
  if (protocol.toUpperCase() !== 'SIP' || !eatSlash(cursor)) return undefined;
  if (cursor.takeUntil('/') !== '2.0' || !eatSlash(cursor)) return undefined;
  const transport = cursor.takeUntil('/;,').toUpperCase();
  cursor.skipWhite();
  const sentBy = readHostPort(cursor, ';,');
  if (transport === '' || !sentBy) return undefined;
  const params = readParams(cursor, ',');
  cursor.skipWhite();
  if (!params || !cursor.atEnd) return undefined;
  return {
    start,
    end: start + text.length,
    transport,
    ...sentBy,
    params,
    branch: paramValue(params, 'branch') ?? '',
    received: paramValue(params, 'received'),
    rport: readRport(params),
  };
}

function readRport(params: readonly Param[]): Via['rport'] {
  const param = params.find(({ name }) => name === 'rport');
  if (!param) return undefined;
  const port = Number(param.value ?? '');
  return Number.isInteger(port) && port > 0 && port <= 65535 ? port : 'asked';
}

function eatSlash(cursor: Cursor): boolean {
  cursor.skipWhite();
  const found = cursor.eat('/');
  cursor.skipWhite();
  return found;
}
