/**
 * The PEM files of SIP listeners and of their TLS clients: made absolute, read, and held against each other, so that a
 * wrong one is named before anything listens. What is in them is never quoted.
 */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { unreachable } from '../base/assert.ts';
import type { NodeInterface } from './node-config.ts';
import { ConfigError } from './problem.ts';
import { readText } from './read-text.ts';
import type { SipListener, TlsClientFiles, TlsServerFiles } from './sip-listeners.ts';

/** PEM text. */
export interface TlsServerPem {
  readonly cert: string;
  readonly key: string;
  readonly ca: string | undefined;
  readonly requireClientCertificate: boolean;
}

export interface TlsClientPem {
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly ca: string | undefined;
  readonly verify: boolean;
}

/** Where a refusal stands: the file that named it, and the key of its settings in that. */
export interface PemPlace {
  readonly origin: string;
  readonly key: string;
}

const MAX_PEM_BYTES = 1024 * 1024;
const FILES = ['cert', 'key', 'ca'] as const;

/** The same interface with every path made absolute. */
export function settleSipFiles(each: NodeInterface, absolute: (path: string) => string): NodeInterface {
  return {
    ...each,
    sip: each.sip.map((listener) => (listener.tls ? { ...listener, tls: settle(listener.tls, absolute) } : listener)),
    ...(each.tlsClient ? { tlsClient: settle(each.tlsClient, absolute) } : {}),
  };
}

/** Reads every PEM file of the interfaces. Throws ConfigError naming the first that is missing or wrong. */
export function checkSipFiles(interfaces: readonly NodeInterface[], origin: string): void {
  for (const [index, { sip, tlsClient }] of interfaces.entries()) {
    for (const [order, { tls }] of sip.entries()) {
      if (tls) readTlsServer(tls, { origin, key: `interfaces[${index}].sip[${order}].tls` });
    }
    if (tlsClient) readTlsClient(tlsClient, { origin, key: `interfaces[${index}].tlsClient` });
  }
}

export function readTlsServer(files: TlsServerFiles, place: PemPlace): TlsServerPem {
  const { cert, key, ca, requireClientCertificate } = files;
  return { ...readPair({ cert, key }, place), ca: readAuthorities(ca, place), requireClientCertificate };
}

export function readTlsClient({ cert, key, ca, verify }: TlsClientFiles, place: PemPlace): TlsClientPem {
  const pair = cert === undefined || key === undefined ? undefined : readPair({ cert, key }, place);
  return { cert: pair?.cert, key: pair?.key, ca: readAuthorities(ca, place), verify };
}

/** What a listener is told in the call plane: everything, its PEM files as text. */
export function withPem(listener: SipListener, place: PemPlace): Omit<SipListener, 'tls'> & { tls?: TlsServerPem } {
  const { tls, ...rest } = listener;
  return tls ? { ...rest, tls: readTlsServer(tls, place) } : rest;
}

function settle<Files extends { [File in (typeof FILES)[number]]?: string | undefined }>(
  files: Files,
  absolute: (path: string) => string,
): Files {
  const settled = { ...files };
  for (const file of FILES) {
    const path = files[file];
    if (path !== undefined) settled[file] = absolute(path);
  }
  return settled;
}

function readPair(
  files: { readonly cert: string; readonly key: string },
  place: PemPlace,
): { cert: string; key: string } {
  const cert = readPem(files.cert, place, 'cert');
  const key = readPem(files.key, place, 'key');
  const [certificate] = certificatesOf(cert, place, 'cert');
  const privateKey = read(() => createPrivateKey(key), place, 'key', /ENCRYPTED/.test(key) ? 'encrypted' : 'no_key');
  if (!certificate?.checkPrivateKey(privateKey)) throw refused(place, 'key', 'mismatch');
  return { cert, key };
}

function readAuthorities(file: string | undefined, place: PemPlace): string | undefined {
  if (file === undefined) return undefined;
  const ca = readPem(file, place, 'ca');
  certificatesOf(ca, place, 'ca');
  return ca;
}

/** Each is parsed: OpenSSL would stop at the first that is broken and say nothing. */
function certificatesOf(pem: string, place: PemPlace, file: 'cert' | 'ca'): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw refused(place, file, 'no_certificate');
  return blocks.map((block) => read(() => new X509Certificate(block), place, file, 'no_certificate'));
}

function readPem(path: string, { origin, key }: PemPlace, file: (typeof FILES)[number]): string {
  try {
    return readText(path, MAX_PEM_BYTES);
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    const [problem] = cause.problems;
    const message = `the file it names ${problem?.message ?? 'cannot be read'}: ${path}`;
    throw new ConfigError('UNREADABLE', [{ file: origin, key: `${key}.${file}`, message }], { cause });
  }
}

type PemProblem = 'no_certificate' | 'no_key' | 'encrypted' | 'mismatch';

/** OpenSSL's own words may quote the file: they go no further. */
function read<Value>(parse: () => Value, place: PemPlace, file: 'cert' | 'key' | 'ca', problem: PemProblem): Value {
  try {
    return parse();
  } catch {
    throw refused(place, file, problem);
  }
}

function refused({ origin, key }: PemPlace, file: (typeof FILES)[number], problem: PemProblem): ConfigError {
  return new ConfigError('INVALID', [{ file: origin, key: `${key}.${file}`, message: sayWhy(problem) }]);
}

function sayWhy(problem: PemProblem): string {
  switch (problem) {
    case 'no_certificate':
      return 'the file it names holds no certificate in PEM, or a broken one';
    case 'no_key':
      return 'the file it names holds no private key in PEM, or a broken one';
    case 'encrypted':
      return 'the key is encrypted: Earshot asks nobody for a passphrase';
    case 'mismatch':
      return 'is not the key of the certificate beside it';
    default:
      return unreachable(problem);
  }
}
