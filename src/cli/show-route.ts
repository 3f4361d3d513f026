/** What becomes of a request, for people: whose it is and why first, then where it goes and who might hear it. */

import type { RouteReport } from './route-report.ts';
import { plain } from './terminal/plain.ts';
import { renderFacts } from './terminal/table.ts';

/** What told the winner from a tenant that matched too. */
const DECIDED: Readonly<Record<string, string>> = {
  headers: 'it names more headers',
  did: 'it names a longer beginning of the number',
  domain: 'it names the domain',
  source: 'it names a smaller network',
  order: 'it comes first in the document',
};
const LACKS: Readonly<Record<string, string>> = {
  interface: 'takes calls on another interface',
  source: 'does not know the source',
  did: 'names other numbers',
  domain: 'names other domains',
};

export function renderRoute(report: RouteReport): string {
  return report.tenant === undefined ? renderNobody(report) : renderTenant(report, report.tenant);
}

function renderTenant({ query, matched, others, route, ai }: RouteReport, tenant: string): string {
  const [closest] = others;
  const also = others.map((other) => other.tenant).join(', ');
  const labels = Object.entries(route?.labels ?? {}).map(([name, value]) => `${name}=${value}`);
  return [
    `${tenant} takes this call\n`,
    renderFacts([
      ['source', matched && `${query.source} in ${matched.source}, on interface ${query.interface}`],
      ['number', matched?.did && `${query.number ?? ''} begins with ${matched.did}`],
      ['domain', matched?.domain],
      ['headers', list(matched?.headers)],
      ['also matching', closest && `${also}; ${tenant} wins because ${DECIDED[closest.lost_by] ?? 'it says more'}`],
      ['next hops', route?.next.map((hop, at) => `${at + 1}. ${hop}`).join('  ')],
      ['egress', route?.egress],
      ['media', route && `caller ${route.media.caller}, callee ${route.media.callee}`],
      ['no media', route && (route.media.on_unavailable === 'bypass' ? 'passed by, nobody hears it' : 'refused')],
      ['roles', route && `caller ${route.roles.caller}, callee ${route.roles.callee} (${route.direction})`],
      ['labels', list(labels) ?? (route?.trusted === false ? 'none: these peers are not trusted' : undefined)],
      ['processors', list(ai?.processors.map(({ processor, hears }) => `${processor} (${hears})`)) ?? 'none'],
      ['policy', ai && `${ai.policy.bundle}${ai.policy.origin === 'default' ? ' (the shipped default)' : ''}`],
      ['guardrail', ai?.policy.guardrail],
    ]),
  ].join('');
}

function renderNobody({ query, near }: RouteReport): string {
  const isStranger = near.every(({ lacks }) => lacks.includes('source') || lacks.includes('interface'));
  const facts = near.map(({ tenant, lacks }) => [tenant, lacks.map(lackText).join(', ')] as const);
  return [
    `nobody takes this call: the node would answer ${isStranger ? '403 Forbidden' : '404 Not Found'}\n`,
    renderFacts([
      ['source', `${query.source} on interface ${query.interface}`],
      ['number', query.number ?? 'none was dialled'],
      ['domain', query.domain ?? 'none'],
    ]),
    near.length === 0 ? 'there are no tenants\n' : 'what the nearest tenants lack:\n',
    renderFacts(facts),
  ].join('');
}

function lackText(lack: string): string {
  return LACKS[lack] ?? `wants ${plain(lack)} to be another`;
}

function list(items: readonly string[] | undefined): string | undefined {
  return items === undefined || items.length === 0 ? undefined : items.join(', ');
}
