/** What an empty database on trial starts from: calls from this machine pass to a local peer, and no AI hears them. */

import { documentSchema, type EarshotDocument } from './document.ts';
import type { NodeConfig } from './node-config.ts';

/** A document that fits this node's interfaces. */
export function defaultDocument(config: NodeConfig): EarshotDocument {
  const ingress = config.interfaces[0]?.name ?? 'local';
  const egress = config.interfaces.at(-1)?.name ?? ingress;
  return documentSchema.parse({
    version: 1,
    tenants: [
      {
        id: 'trial',
        match: { sources: ['127.0.0.0/8', '::1'] },
        route: { ingress, egress, next: ['sip:127.0.0.1:5070'] },
      },
    ],
  });
}
