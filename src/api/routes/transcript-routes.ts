/** Kept transcripts: what there is, and one opened by the reader process, which authenticates the token once more. */

import { z } from 'zod';
import { assert } from '../../base/assert.ts';
import type { TranscriptVerbs } from '../../governance/use-cases/administration.ts';
import { openedTranscript, transcriptPage, transcriptsQuery } from '../../model/api/transcripts.ts';
import { callId } from '../../model/api/words.ts';
import type { Api } from '../api.ts';
import { principalOf, visitorOf } from '../route-access.ts';

const tags = ['transcripts'];

export function addTranscriptRoutes(api: Api, verbs: TranscriptVerbs): void {
  api.get(
    '/v1/transcripts',
    {
      config: { access: { action: 'read', subject: 'Transcript' } },
      schema: {
        operationId: 'listTranscripts',
        tags,
        summary: 'Kept transcripts, without their content',
        querystring: transcriptsQuery,
        response: { 200: transcriptPage },
      },
    },
    (request) => verbs.listTranscripts(principalOf(request), request.query),
  );

  api.get(
    '/v1/transcripts/:call',
    {
      config: { access: { action: 'open', subject: 'Transcript' } },
      schema: {
        operationId: 'openTranscript',
        tags,
        summary: 'The redacted transcript of a call',
        params: z.strictObject({ call: callId }),
        response: { 200: openedTranscript },
      },
    },
    (request) => {
      const { principal, bearer } = visitorOf(request);
      assert(bearer !== undefined, 'nobody opens anything without a token');
      return verbs.openTranscript(principal, bearer, request.params.call);
    },
  );
}
