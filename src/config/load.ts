/** Finds and reads this node's configuration: a named file, `earshot.yaml` here, or the embedded defaults. */

import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { errorCode } from '../base/error.ts';
import type { EarshotDocument } from './document.ts';
import { environmentVariable } from './environment.ts';
import { nodeConfigSchema, type NodeConfig, type SecretReference } from './node-config.ts';
import { ConfigError } from './problem.ts';
import { settleSipFiles } from './sip-files.ts';
import { MAX_DOCUMENT_BYTES, readDocumentText } from './read-document.ts';
import { readText } from './read-text.ts';
import { readYamlFile } from './yaml-file.ts';

export interface LoadedConfig {
  /** Where it came from: a path, or `embedded defaults`. */
  readonly origin: string;
  readonly config: NodeConfig & { readonly stateDir: string };
}

const DEFAULT_FILE = 'earshot.yaml';

/** Loads `file`, or `earshot.yaml` in `cwd` when it exists, or the defaults. Paths in it are relative to its folder. */
export function loadNodeConfig(options: { readonly file?: string | undefined; readonly cwd: string }): LoadedConfig {
  const named = options.file ?? environmentVariable('EARSHOT_CONFIG');
  const file = named === undefined ? join(options.cwd, DEFAULT_FILE) : resolve(options.cwd, named);
  if (named === undefined && !existsSync(file)) {
    return { origin: 'embedded defaults', config: settle(nodeConfigSchema.parse({}), options.cwd) };
  }
  return { origin: file, config: settle(readYamlFile(file, nodeConfigSchema), dirname(file)) };
}

/**
 * Loads a declarative document; bundle paths in it become absolute. With `node`, a route that names an interface the
 * node has not is refused too, where it stands.
 */
export function loadDocument(file: string, node?: Pick<NodeConfig, 'interfaces'>): EarshotDocument {
  const document = readDocumentText(readText(file, MAX_DOCUMENT_BYTES), file, node);
  const folder = dirname(resolve(file));
  return {
    ...document,
    tenants: document.tenants.map((tenant) =>
      tenant.policy?.bundle === undefined
        ? tenant
        : { ...tenant, policy: { ...tenant.policy, bundle: absolute(folder, tenant.policy.bundle) } },
    ),
  };
}

/** Reads a secret by its reference; the error names the key, never the value. */
export function readSecret(reference: SecretReference, key: string, file: string): string {
  if (typeof reference === 'string') return reference;
  if ('env' in reference) {
    const value = environmentVariable(reference.env);
    if (value !== undefined) return value;
    throw new ConfigError('INVALID', [{ file, key, message: `environment variable ${reference.env} is not set` }]);
  }
  const value = readSecretFile(reference.file, key, file);
  if (value !== '') return value;
  throw new ConfigError('INVALID', [{ file, key, message: `the file it names is empty: ${reference.file}` }]);
}

function readSecretFile(path: string, key: string, file: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    const message = `the file it names cannot be read: ${path} (${errorCode(cause)})`;
    throw new ConfigError('UNREADABLE', [{ file, key, message }], { cause });
  }
}

function settle(config: NodeConfig, folder: string): LoadedConfig['config'] {
  return {
    ...config,
    stateDir: config.stateDir === undefined ? defaultStateDir() : absolute(folder, config.stateDir),
    ...(config.seed === undefined ? {} : { seed: absolute(folder, config.seed) }),
    ...(config.database === undefined ? {} : { database: settleSecrets(config.database, folder) }),
    ...(config.keys === undefined ? {} : { keys: settleKeys(config.keys, folder) }),
    interfaces: config.interfaces.map((each) => settleSipFiles(each, (path) => absolute(folder, path))),
    api: { ...config.api, ...(config.api.tls === undefined ? {} : { tls: settleTls(config.api.tls, folder) }) },
  };
}

function settleSecrets(
  database: NonNullable<NodeConfig['database']>,
  folder: string,
): NonNullable<NodeConfig['database']> {
  const settled = (reference: SecretReference): SecretReference =>
    typeof reference === 'object' && 'file' in reference ? { file: absolute(folder, reference.file) } : reference;
  const { owner, writer, query, app, reader } = database;
  return {
    owner: settled(owner),
    writer: settled(writer),
    query: settled(query),
    app: settled(app),
    reader: settled(reader),
  };
}

type Keys = NonNullable<NodeConfig['keys']>;

function settleKeys({ rootRead, rootOps }: Keys, folder: string): Keys {
  const settled = (reference: NonNullable<Keys['rootRead']>): NonNullable<Keys['rootRead']> =>
    'file' in reference ? { file: absolute(folder, reference.file) } : reference;
  return { rootRead: rootRead && settled(rootRead), rootOps: rootOps && settled(rootOps) };
}

type TlsFiles = NonNullable<NodeConfig['api']['tls']>;

function settleTls({ cert, key }: TlsFiles, folder: string): TlsFiles {
  return { cert: absolute(folder, cert), key: absolute(folder, key) };
}

/** As root the database needs a place its own user can reach, which a home directory is not. */
function defaultStateDir(): string {
  if (process.getuid?.() === 0) return '/var/lib/earshot';
  return join(environmentVariable('XDG_STATE_HOME') ?? join(homedir(), '.local', 'state'), 'earshot');
}

function absolute(folder: string, path: string): string {
  return isAbsolute(path) ? path : resolve(folder, path);
}
