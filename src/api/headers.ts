/** Headers of every answer. Nothing here is for a browser to show, keep, frame or fetch from another site. */

import type { Api } from './api.ts';

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

const YEAR_S = 31_536_000;

export function setSecurityHeaders(api: Api, options: { readonly isTls: boolean }): void {
  const headers = options.isTls ? { ...HEADERS, 'strict-transport-security': `max-age=${YEAR_S}` } : { ...HEADERS };
  api.addHook('onRequest', (_request, reply, done) => {
    void reply.headers(headers);
    done();
  });
}
