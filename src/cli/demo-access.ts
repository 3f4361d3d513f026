/**
 * Access to a fresh node, for the demo and the journeys: the first token, and from it one for whoever may read. Tokens
 * stay in memory; a node that had its first token before refuses.
 */

import { issuedToken } from '../model/api/access.ts';
import type { AccessRole } from '../model/access.ts';
import { ApiClient } from './api-client.ts';

export interface DemoAccess {
  readonly admin: ApiClient;
  /** Reads everything, texts included. */
  readonly auditor: ApiClient;
  /** A client with a token of its own; without `tenants` for all of them. */
  issue(holder: string, roles: readonly AccessRole[], tenants?: readonly string[]): Promise<ApiClient>;
}

/** Makes the first token at the node's own socket. Throws `ApiError`. */
export async function gainAccess(socketPath: string): Promise<DemoAccess> {
  const first = await clientAt(socketPath).request({
    method: 'POST',
    path: '/v1/access/bootstrap',
    body: { holder: 'admin' },
    answer: issuedToken,
  });
  const admin = clientAt(socketPath, first.secret);
  const issue: DemoAccess['issue'] = async (holder, roles, tenants) => {
    const { secret } = await admin.request({
      method: 'POST',
      path: '/v1/tokens',
      body: { holder, roles, ...(tenants === undefined ? {} : { tenants }) },
      answer: issuedToken,
    });
    return clientAt(socketPath, secret);
  };
  return { admin, auditor: await issue('auditor', ['auditor']), issue };
}

function clientAt(path: string, secret?: string): ApiClient {
  const token = secret === undefined ? undefined : { secret, file: 'memory' };
  return new ApiClient({ place: { kind: 'socket', path }, token });
}
