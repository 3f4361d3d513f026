/** The clients of text processors, one for each name in the configuration, made when it is first needed. */

import { isDeepStrictEqual } from 'node:util';
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
  of(processor: Processor): TextProcessor {
    const endpoint = this.#endpointOf(processor);
    const known = this.#known.get(processor.id);
    if (known !== undefined && isDeepStrictEqual(known.endpoint, endpoint)) return known.client;
    void known?.client.close();
    const client = this.#connect(endpoint);
    this.#known.set(processor.id, { endpoint, client });
    return client;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#known.values()].map(({ client }) => client.close()));
  }
}
