/** Where the API of a node is: its own Unix socket, or a URL. Refuses what would send a token in clear. */

import { ApiError } from './api-error.ts';

export type ApiPlace =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'http' | 'https'; readonly host: string; readonly port: number };

const SHAPE = 'must be http://HOST:PORT, https://HOST:PORT or unix:/PATH';

/** Reads `EARSHOT_URL` or `--url`; `source` names which. What was written is not quoted: it may hold a password. */
export function readPlace(text: string, source: string): ApiPlace {
  if (text.startsWith('unix:')) return socketPlace(text.slice('unix:'.length), source);
  if (!URL.canParse(text)) throw refused(source, SHAPE);
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') throw refused(source, 'must hold no name or password');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refused(source, SHAPE);
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') throw refused(source, SHAPE);
  const kind = url.protocol === 'https:' ? 'https' : 'http';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (kind === 'http' && !isLoopback(host)) {
    throw refused(source, `must be https for ${host}: over http the token would travel in clear`);
  }
  return { kind, host, port: Number(url.port === '' ? (kind === 'https' ? 443 : 80) : url.port) };
}

/** For messages. */
export function namePlace(place: ApiPlace): string {
  if (place.kind === 'socket') return place.path;
  return `${place.kind}://${place.host.includes(':') ? `[${place.host}]` : place.host}:${place.port}`;
}

function socketPlace(path: string, source: string): ApiPlace {
  if (!path.startsWith('/')) throw refused(source, 'must name the socket by its whole path, unix:/PATH');
  return { kind: 'socket', path };
}

/** By name or literally: what a resolver says of any other name is not ours to believe. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

function refused(source: string, message: string): ApiError {
  return new ApiError('MISCONFIGURED', `${source}: ${message}`);
}
