/** What a tenant's settings make of detection. What becomes of what is found is for plans to say. */

import type { RedactionSettings } from '../../model/redaction-settings.ts';
import { DETECTORS } from './detect/all.ts';
import { secondOpinionDetector, type SecondOpinion } from './detect/second-opinion.ts';
import type { EngineOptions } from './engine.ts';
import { tenantRules } from './tenant-rules.ts';

export function detectionFor(
  settings: RedactionSettings,
  secondOpinion?: SecondOpinion,
): Pick<EngineOptions, 'holdWords' | 'maxHoldMs' | 'minConfidence' | 'detectors' | 'rules'> {
  const { holdWords, maxHoldMs, minConfidence } = settings;
  const detectors = secondOpinion ? [...DETECTORS, secondOpinionDetector(secondOpinion)] : DETECTORS;
  return { holdWords, maxHoldMs, minConfidence, detectors, rules: tenantRules(settings) };
}
