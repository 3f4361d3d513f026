/** The audio workers as the use cases know them. */

import type { Processor } from '../../model/tenant.ts';
import type { ProcessorEndpoint } from '../../processors/processor.ts';
import type { AudioPool } from '../audio/audio-pool.ts';
import type { AudioPort } from './ports.ts';

export function audioPortOf(pool: AudioPool, endpointOf: (processor: Processor) => ProcessorEndpoint): AudioPort {
  return {
    expectStream: ({ worker, ...expected }) => pool.expectStream(worker, expected),
    forgetStream: (tap) => pool.forgetStream(tap),
    openFeed({ tap, window, processor }) {
      if (processor.protocol !== 'vosk') return false;
      return pool.openFeed({ tap, window, protocol: processor.protocol, endpoint: endpointOf(processor) });
    },
    extendFeed: ({ lease, throughMs, maxBytes }) => pool.extendFeed(lease, throughMs, maxBytes),
    closeFeed: ({ lease, reason }) => pool.closeFeed(lease, reason),
  };
}
