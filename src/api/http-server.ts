/** The HTTP server under the API: plain for the socket and loopback, TLS 1.2 or newer otherwise, with its limits. */

import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { CodedError, errorCode } from '../base/error.ts';
import { LIMITS } from './limits.ts';

export class ApiStartError extends CodedError<
  'TLS_UNREADABLE' | 'TLS_INVALID' | 'PORT_TAKEN' | 'ADDRESS_UNAVAILABLE' | 'NOT_PERMITTED' | 'LISTEN_FAILED'
> {}

/** PEM text. */
export interface TlsKeys {
  readonly cert: Buffer;
  readonly key: Buffer;
}

type Handler = RequestListener;

export function createHttpServer(handler: Handler, tls: TlsKeys | undefined): Server {
  const checks = { connectionsCheckingInterval: LIMITS.headersMs };
  const server =
    tls === undefined
      ? createServer(checks, handler)
      : createTlsServer({ ...checks, ...tls, minVersion: 'TLSv1.2' }, handler);
  // Whoever does not take his answer; those in lines see to it themselves, being quiet for long.
  server.timeout = LIMITS.stalledMs;
  server.headersTimeout = LIMITS.headersMs;
  server.requestTimeout = LIMITS.requestMs;
  server.keepAliveTimeout = LIMITS.keepAliveMs;
  server.maxConnections = LIMITS.connections;
  return server;
}

/** Reads the PEM files and checks that they belong together. Throws TLS_UNREADABLE or TLS_INVALID, naming the setting. */
export function readTlsKeys(files: { readonly cert: string; readonly key: string }): TlsKeys {
  const keys = { cert: readPem('api.tls.cert', files.cert), key: readPem('api.tls.key', files.key) };
  try {
    createSecureContext({ ...keys, minVersion: 'TLSv1.2' });
  } catch (cause) {
    // OpenSSL's own message may quote the file.
    throw new ApiStartError('TLS_INVALID', `api.tls: not a certificate and its key in PEM (${errorCode(cause)})`);
  }
  return keys;
}

/** Why nothing listens at `place`, in words for whoever configured it. */
export function describeListenError(thrown: unknown, place: string): ApiStartError {
  const code = errorCode(thrown);
  switch (code) {
    case 'EADDRINUSE':
      return new ApiStartError('PORT_TAKEN', `${place}: something else listens there already`);
    case 'EADDRNOTAVAIL':
      return new ApiStartError('ADDRESS_UNAVAILABLE', `${place}: this machine has no such address`);
    case 'EACCES':
      return new ApiStartError('NOT_PERMITTED', `${place}: the user Earshot runs as may not listen there`);
    default:
      return new ApiStartError('LISTEN_FAILED', `${place}: nothing can listen there (${code})`);
  }
}

function readPem(setting: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new ApiStartError('TLS_UNREADABLE', `${setting}: ${file} cannot be read (${errorCode(cause)})`, { cause });
  }
}
