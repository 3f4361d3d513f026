/** Certificates for peers on loopback, made by openssl in a folder of their own: an authority, and what it signs. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Paths. */
export interface PemFiles {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export class TlsFiles {
  readonly #openssl: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'earshot-tls-'));
  readonly #ca = join(this.#folder, 'ca.pem');
  readonly #caKey = join(this.#folder, 'ca.key');

  constructor(openssl: string) {
    this.#openssl = openssl;
    const made = ['-keyout', this.#caKey, '-out', this.#ca, '-days', '2', '-subj', '/CN=test authority'];
    this.#run(['req', '-x509', ...NEW_KEY, ...made]);
  }

  /** A key and a certificate for 127.0.0.1, to serve and to present. */
  issue(name: string): PemFiles {
    const [cert, key, request, extensions] = ['pem', 'key', 'csr', 'ext'].map((kind) =>
      join(this.#folder, `${name}.${kind}`),
    ) as [string, string, string, string];
    writeFileSync(extensions, 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n');
    this.#run(['req', ...NEW_KEY, '-keyout', key, '-out', request, '-subj', `/CN=${name}`]);
    const signed = ['-CA', this.#ca, '-CAkey', this.#caKey, '-CAcreateserial', '-extfile', extensions];
    this.#run(['x509', '-req', '-in', request, '-out', cert, '-days', '2', ...signed]);
    return { cert, key, ca: this.#ca };
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #run(args: readonly string[]): void {
    execFileSync(this.#openssl, args, { stdio: 'ignore' });
  }
}
