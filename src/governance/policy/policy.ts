/** Policy as the use cases see it: a question, always answered by its deadline, and by a deny when in doubt. */

import type { TenantId } from '../../base/ids.ts';
import type { Decision, Entrypoint, PolicyInput } from '../../model/decision.ts';

export interface Policy {
  /** Never rejects: whatever goes wrong is a deny with its own code. */
  decide(tenant: TenantId, entrypoint: Entrypoint, input: PolicyInput): Promise<Decision>;
}
