/** What anybody may ask: whether this node is well, and what its API is. Neither names a tenant. */

import { z } from 'zod';
import type { Api } from '../api.ts';

/** Whether everything is there, and short words for what is not. Words may go on to name a tenant after a colon. */
export interface ApiHealth {
  readonly ready: boolean;
  readonly conditions: readonly string[];
}

const healthView = z.strictObject({
  ready: z.boolean(),
  /** Such as ledger_unavailable. */
  conditions: z.array(z.string()),
});

const tags = ['node'];

export function addSystemRoutes(api: Api, health: () => ApiHealth): void {
  api.get(
    '/v1/health',
    {
      config: { access: 'public' },
      schema: { operationId: 'health', tags, summary: 'Whether this node is well', response: { 200: healthView } },
    },
    () => {
      const { ready, conditions } = health();
      return { ready, conditions: withoutNames(conditions) };
    },
  );

  api.get(
    '/v1/openapi.json',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'openApi',
        tags,
        summary: 'This description',
        response: { 200: z.record(z.string(), z.unknown()) },
      },
    },
    () => ({ ...api.swagger() }),
  );
}

/** `policy_invalid:acme` → `policy_invalid`: the health route takes no token. */
function withoutNames(conditions: readonly string[]): string[] {
  return [...new Set(conditions.map((condition) => condition.split(':', 1)[0] ?? ''))];
}
