/**
 * What the router may know of a request: who sent it, whom it is for, and single headers. Whatever two readers could
 * understand differently counts as not said, so that it can never be what makes a tenant match.
 */

import { linesNamed, valueText, type Head } from '../../../protocol/sip/head-index.ts';
import { headerName } from '../../../protocol/sip/header-names.ts';
import { canonicalHost } from '../../../protocol/sip/ip-address.ts';
import type { SipRequest } from '../../../protocol/sip/message.ts';
import { readUri } from '../../../protocol/sip/uri.ts';

export interface RouteQuery {
  readonly sourceAddress: string;
  /** Name of the interface it came in on. */
  readonly interface: string;
  /** Host of the Request-URI in its one spelling; undefined where the URI has none that can be read. */
  readonly domain: string | undefined;
  /** The dialled number, without visual separators; undefined where no number was dialled. */
  readonly number: string | undefined;
  /** Headers that stand there once and on one line, by full lower-case name. Read when first asked for. */
  headers(): ReadonlyMap<string, string>;
}

/** Longer than any number that is dialled, so that a lookup has few steps. */
export const MAX_NUMBER_CHARS = 32;

export function routeQueryOf(
  request: Pick<SipRequest, 'head' | 'uri'>,
  came: { readonly sourceAddress: string; readonly interface: string },
): RouteQuery {
  let read: ReadonlyMap<string, string> | undefined;
  return { ...came, ...dialled(request.uri), headers: () => (read ??= soleHeaders(request.head)) };
}

/** The value of a header that stands there once and on one line, without the white space around it. */
export function soleHeader(head: Head, name: string): string | undefined {
  const [line, ...more] = linesNamed(head, headerName(name));
  return line === undefined || more.length > 0 || line.folded ? undefined : valueText(head, line);
}

function soleHeaders(head: Head): ReadonlyMap<string, string> {
  const names = head.lines.map(({ name }) => name);
  const repeated = new Set(names.filter((name, at) => names.indexOf(name) !== at));
  const sole = head.lines.filter(({ name, folded }) => !folded && !repeated.has(name));
  return new Map(sole.map((line) => [line.name, valueText(head, line)]));
}

/** Host and number of a Request-URI: `sip:+49-30-1234;ext=1@example.com` or `tel:+49(30)1234`. */
export function dialled(uri: string): Pick<RouteQuery, 'domain' | 'number'> {
  const tel = /^tel:([^?]*)/i.exec(uri)?.[1];
  if (tel !== undefined) return { domain: undefined, number: readNumber(tel) };
  const read = readUri(uri);
  if (read?.kind !== 'sip') return { domain: undefined, number: undefined };
  return { domain: canonicalHost(read.host), number: readNumber(read.user) };
}

/**
 * Parameters are cut first and escapes are read once, after it (RFC 3261 §19.1.2): an escaped semicolon is part of a
 * name, and then this is no number. Visual separators are those of RFC 3966 §5.1.1.
 */
function readNumber(user: string): string | undefined {
  const [written = ''] = user.split(';', 1);
  const number = unescape(written)?.replace(/[-.()]/g, '');
  if (number === undefined || number.length > MAX_NUMBER_CHARS) return undefined;
  return /^\+?[0-9*#]+$/.test(number) ? number : undefined;
}

/** One character per escaped byte: what is not ASCII is no number anyway. */
function unescape(text: string): string | undefined {
  if (!text.includes('%')) return text;
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return undefined;
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_escape, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
