/** OpenSSL's own DTLS client and server as peers, with a certificate they make themselves, and our end on a socket. */

import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DtlsAssociation, DtlsPeer, ExpectedFingerprint } from '../../src/protocol/dtls/association.ts';

const MAX_SAID_CHARS = 1_000_000;

/** A certificate with its key, in files. */
export class PeerIdentity {
  readonly certificatePath: string;
  readonly keyPath: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'earshot-dtls-'));

  /** `request` are arguments of `openssl req`: what kind of key, how long a certificate. */
  constructor(openssl: string, request: readonly string[]) {
    this.certificatePath = join(this.#folder, 'certificate.pem');
    this.keyPath = join(this.#folder, 'key.pem');
    const files = ['-keyout', this.keyPath, '-out', this.certificatePath];
    execFileSync(openssl, ['req', '-x509', '-nodes', '-days', '2', '-subj', '/CN=peer', ...request, ...files], {
      stdio: 'ignore',
    });
  }

  get fingerprint(): ExpectedFingerprint {
    return { hash: 'sha-256', value: new X509Certificate(readFileSync(this.certificatePath)).fingerprint256 };
  }

  get certificatePem(): string {
    return readFileSync(this.certificatePath, 'utf8');
  }

  get privateKeyPem(): string {
    return readFileSync(this.keyPath, 'utf8');
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** `openssl s_client` or `s_server`: what it says is kept, and it ends when its input does. */
export class OpensslPeer {
  readonly #child: ChildProcessWithoutNullStreams;
  #said = '';

  constructor(openssl: string, args: readonly string[]) {
    this.#child = spawn(openssl, args, { stdio: 'pipe' });
    const hear = (chunk: Buffer): void => {
      this.#said = (this.#said + chunk.toString('latin1')).slice(-MAX_SAID_CHARS);
    };
    this.#child.stdout.on('data', hear);
    this.#child.stderr.on('data', hear);
    this.#child.stdin.on('error', () => undefined);
  }

  get said(): string {
    return this.#said;
  }

  /** What it says of the keys, in hex. */
  get keyingMaterial(): string | undefined {
    return /Keying material: ([0-9A-F]+)/.exec(this.#said)?.[1];
  }

  type(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await gone;
  }
}

/** An association on a loopback socket, with a timer. */
export class DtlsOnSocket {
  readonly association: DtlsAssociation;
  readonly sentBytes: number[] = [];
  readonly port: number;
  readonly #socket: Socket;
  #peer: DtlsPeer | undefined;
  #timer: NodeJS.Timeout | undefined;

  private constructor(association: DtlsAssociation, socket: Socket) {
    this.association = association;
    this.#socket = socket;
    this.port = socket.address().port;
    socket.on('message', (datagram, { address, port }) => {
      this.#peer = { address, port };
      this.#send(association.receive(datagram, this.#peer));
    });
  }

  static async open(association: DtlsAssociation): Promise<DtlsOnSocket> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new DtlsOnSocket(association, socket);
  }

  startTowards(port: number): void {
    this.#peer = { address: '127.0.0.1', port };
    this.#send(this.association.start());
  }

  close(): void {
    this.#send(this.association.close());
    clearTimeout(this.#timer);
    this.#socket.close();
  }

  #send(datagrams: readonly Buffer[]): void {
    for (const datagram of datagrams) {
      this.sentBytes.push(datagram.length);
      this.#socket.send(datagram, this.#peer?.port, this.#peer?.address);
    }
    clearTimeout(this.#timer);
    const wakeInMs = this.association.wakeInMs();
    if (wakeInMs !== undefined) this.#timer = setTimeout(() => this.#send(this.association.wake()), wakeInMs);
  }
}
