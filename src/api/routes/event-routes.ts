/** Events as they happen, for as long as somebody watches. */

import { z } from 'zod';
import type { QuestionVerbs } from '../../governance/use-cases/administration.ts';
import type { Api } from '../api.ts';
import type { Lines } from '../lines.ts';
import { describeLines } from '../openapi.ts';
import { principalOf } from '../route-access.ts';

const eventsQuery = z.strictObject({
  /** Number of the last event seen; all that are kept come after it. */
  since: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
});

export function addEventRoutes(api: Api, verbs: Pick<QuestionVerbs, 'watchEvents'>, lines: Lines): void {
  api.get(
    '/v1/events',
    {
      config: { access: { action: 'read', subject: 'Event' } },
      schema: {
        operationId: 'watchEvents',
        tags: ['events'],
        summary: 'Events, until the client goes away',
        querystring: eventsQuery,
        response: { 200: describeLines('Events') },
      },
    },
    async (request, reply) => {
      const { since } = request.query;
      await lines.send(request, reply, (signal) => verbs.watchEvents(principalOf(request), { since, signal }));
      return reply;
    },
  );
}
