/** Where the two configurations meet: a tenant's route names interfaces that this node must have. */

import type { EarshotDocument } from './document.ts';
import type { NodeConfig } from './node-config.ts';
import { ConfigError, type Problem } from './problem.ts';

/** Throws ConfigError when a route names an interface this node has not. */
export function refuseUnknownInterfaces(document: EarshotDocument, config: NodeConfig, file: string): void {
  const known = new Set(config.interfaces.map(({ name }) => name));
  const problems = document.tenants.flatMap(({ route }, index): Problem[] =>
    (['ingress', 'egress'] as const)
      .filter((side) => !known.has(route[side]))
      .map((side) => ({
        file,
        key: `tenants[${index}].route.${side}`,
        message: `names no interface of this node: ${route[side]}`,
      })),
  );
  if (problems.length > 0) throw new ConfigError('INVALID', problems);
}
