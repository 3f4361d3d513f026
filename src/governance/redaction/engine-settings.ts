/** What of a tenant's settings concerns detection: the same wherever an engine is made. */

import type { RedactionSettings } from '../../model/redaction-settings.ts';
import type { EngineOptions } from './engine.ts';
import { tenantRules } from './tenant-rules.ts';

export function engineSettings(settings: RedactionSettings): Pick<EngineOptions, 'holdWords' | 'rules'> {
  return { holdWords: settings.holdWords, rules: tenantRules(settings) };
}
