/** From what somebody said on the command line and in the environment to a client of the right node. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../base/error.ts';
import { environmentVariable } from '../config/environment.ts';
import { loadNodeConfig } from '../config/load.ts';
import { ApiClient, type ApiToken } from './api-client.ts';
import { ApiError } from './client/api-error.ts';
import { readPlace, type ApiPlace } from './client/place.ts';
import { defaultTokenFile, readTokenFile } from './client/token-file.ts';

/** Options that every command of the API has. */
export interface WhereOptions {
  readonly url?: string;
  readonly tokenFile?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/**
 * Which token goes along: any that is found; or, at the node's own socket, only one that was named. The kill switch
 * must not wait for a database that knows the token, and the first token is made without one.
 */
export type TokenUse = 'any' | 'named-only-at-socket' | 'never';

export function connect(options: WhereOptions, use: TokenUse = 'any'): ApiClient {
  const place = findPlace(options);
  const token = findToken(options, use, place);
  const ca = place.kind === 'https' ? readAuthority() : undefined;
  return new ApiClient({ place, token, ca });
}

/** `--url`, `--config`, `EARSHOT_URL`, else the socket of the node that is configured here. */
function findPlace({ url, config }: WhereOptions): ApiPlace {
  if (url !== undefined) return readPlace(url, '--url');
  const named = config === undefined ? environmentVariable('EARSHOT_URL') : undefined;
  if (named !== undefined) return readPlace(named, 'EARSHOT_URL');
  return { kind: 'socket', path: ownSocket(config) };
}

/** The API socket of the node that this configuration describes. */
export function ownSocket(configFile: string | undefined): string {
  const { config } = loadNodeConfig({ file: configFile, cwd: process.cwd() });
  return join(config.stateDir, 'run', 'api.sock');
}

function findToken({ tokenFile }: WhereOptions, use: TokenUse, place: ApiPlace): ApiToken | undefined {
  if (use === 'never') return undefined;
  const named = tokenFile ?? environmentVariable('EARSHOT_TOKEN_FILE');
  if (named === undefined && use === 'named-only-at-socket' && place.kind === 'socket') return undefined;
  const file = named ?? defaultTokenFile();
  const secret = readTokenFile(file);
  if (secret !== undefined) return { secret, file };
  if (named === undefined) return undefined;
  throw new ApiError('MISCONFIGURED', `${named}: does not exist, and was named as the file of the token`);
}

function readAuthority(): string | undefined {
  const file = environmentVariable('EARSHOT_CA_FILE');
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ApiError('MISCONFIGURED', `EARSHOT_CA_FILE: ${file} cannot be read (${errorCode(cause)})`, { cause });
  }
}
