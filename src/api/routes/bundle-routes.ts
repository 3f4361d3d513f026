/** Policy bundles, put into the database under their digest. Nothing is in force by that. */

import { z } from 'zod';
import type { ConfigVerbs } from '../../governance/use-cases/administration.ts';
import { bundleStored } from '../../model/api/config.ts';
import { sha256Hex } from '../../model/api/words.ts';
import type { Api } from '../api.ts';
import { LIMITS } from '../limits.ts';
import { Refusal } from '../refusal.ts';
import { principalOf } from '../route-access.ts';

export const BUNDLE_TYPE = 'application/octet-stream';

/** In a scope of its own, because no other route takes bytes. */
export function addBundleRoutes(api: Api, verbs: Pick<ConfigVerbs, 'storeBundle'>): void {
  api.removeAllContentTypeParsers();
  api.addContentTypeParser(
    BUNDLE_TYPE,
    { parseAs: 'buffer', bodyLimit: LIMITS.bundleBytes },
    (_request, body, done) => {
      done(null, body);
    },
  );
  api.put(
    '/v1/bundles/:sha256',
    {
      config: { access: { action: 'deliver', subject: 'Bundle' } },
      bodyLimit: LIMITS.bundleBytes,
      schema: {
        operationId: 'storeBundle',
        tags: ['configuration'],
        summary: 'A policy bundle, as packed by `opa build`',
        params: z.strictObject({ sha256: sha256Hex }),
        response: { 200: bundleStored },
      },
    },
    (request) => {
      const { body } = request;
      if (!Buffer.isBuffer(body) || body.length === 0) throw new Refusal('MALFORMED', 'the body must be the bundle');
      return verbs.storeBundle(principalOf(request), request.params.sha256, body);
    },
  );
}
