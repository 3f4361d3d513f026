import { expect, test } from 'vitest';
import { asTenantId } from '../../../src/base/ids.ts';
import { endpointOf } from '../../../src/governance/use-cases/endpoint-of.ts';
import { TextProcessors } from '../../../src/governance/use-cases/text-processors.ts';
import { coach } from './world.ts';

const ACME = asTenantId('acme');
const GLOBEX = asTenantId('globex');

function processors(): { readonly known: TextProcessors; readonly urls: string[]; readonly closed: string[] } {
  const urls: string[] = [];
  const closed: string[] = [];
  const known = new TextProcessors({
    endpointOf,
    connect: ({ url }) => {
      urls.push(url);
      return {
        infer: () => Promise.resolve({ kind: 'empty', sentBytes: 0 }),
        close: () => Promise.resolve(void closed.push(url)),
      };
    },
  });
  return { known, urls, closed };
}

test('tenants that share a processor have a client each, so that the requests of one never wait behind the other', () => {
  const { known, urls } = processors();

  const clients = [known.of(coach, ACME), known.of(coach, GLOBEX), known.of(coach, ACME)];

  expect(clients[0]).not.toBe(clients[1]);
  expect(clients[2]).toBe(clients[0]);
  expect(urls).toHaveLength(2);
});

test('another endpoint behind the name is another client, and the one before is closed', () => {
  const { known, urls, closed } = processors();
  const first = known.of(coach, ACME);

  const second = known.of({ ...coach, url: 'http://127.0.0.1:2/v1' }, ACME);

  expect(second).not.toBe(first);
  expect(closed).toEqual([urls[0]]);
});
