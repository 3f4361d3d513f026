/**
 * The clients of text processors, made when they are first needed: one for each name in the configuration and tenant, as a
 * tenant that has all its requests waiting must not keep another's from being sent.
 */

import { isDeepStrictEqual } from 'node:util';
import type { TenantId } from '../../base/ids.ts';
import type { Processor } from '../../model/tenant.ts';
import type { ProcessorEndpoint, TextProcessor } from '../../processors/processor.ts';

interface Known {
  readonly endpoint: ProcessorEndpoint;
  readonly client: TextProcessor;
}

export class TextProcessors {
  readonly #endpointOf: (processor: Processor) => ProcessorEndpoint;
  readonly #connect: (endpoint: ProcessorEndpoint) => TextProcessor;
  readonly #known = new Map<string, Known>();

  constructor(options: {
    readonly endpointOf: (processor: Processor) => ProcessorEndpoint;
    readonly connect: (endpoint: ProcessorEndpoint) => TextProcessor;
  }) {
    this.#endpointOf = options.endpointOf;
    this.#connect = options.connect;
  }

  /** Another endpoint behind the same name is another connection; what the old one is still asked, it may answer. */
  of(processor: Processor, tenant: TenantId): TextProcessor {
    const name = `${tenant} ${processor.id}`;
    const endpoint = this.#endpointOf(processor);
    const known = this.#known.get(name);
    if (known !== undefined && isDeepStrictEqual(known.endpoint, endpoint)) return known.client;
    void known?.client.close();
    const client = this.#connect(endpoint);
    this.#known.set(name, { endpoint, client });
    return client;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#known.values()].map(({ client }) => client.close()));
  }
}
