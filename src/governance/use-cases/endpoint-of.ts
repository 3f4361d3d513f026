/** Where a processor is reached. Its credential comes from this process's environment, by the name the document gives. */

import { environmentVariable } from '../../config/environment.ts';
import type { Processor } from '../../model/tenant.ts';
import type { ProcessorEndpoint } from '../../processors/processor.ts';

export function endpointOf(processor: Processor): ProcessorEndpoint {
  const { url, model, instructions, credentialEnv, sampleRateHz } = processor;
  const credential = credentialEnv === undefined ? undefined : environmentVariable(credentialEnv);
  return { url, model, instructions, credential, sampleRateHz };
}
