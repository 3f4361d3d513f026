/** What a document must keep that one value alone cannot: names that exist, and no tenant that nobody's call can reach. */

import type { z } from 'zod';
import { canonicalNetwork } from './network.ts';

type Context = z.RefinementCtx;

/** The parts of a document that are held against each other. */
interface CheckedDocument {
  readonly processors: readonly CheckedProcessor[];
  readonly tenants: readonly CheckedTenant[];
}

interface CheckedProcessor {
  readonly id: string;
  readonly protocol: 'vosk' | 'openai-chat';
  readonly url: string;
  readonly hears: string;
}

interface CheckedTenant {
  readonly id: string;
  readonly match: {
    readonly sources: readonly string[];
    readonly domains: readonly string[];
    readonly dids: readonly string[];
    readonly headers: readonly { readonly name: string; readonly value: string }[];
  };
  readonly route: { readonly ingress: string; readonly egress: string };
  readonly processors: readonly string[];
  readonly policy?: { readonly sha256: string } | undefined;
}

/** What a document is held against, where it is known. */
export interface Surroundings {
  /** Interfaces of this node. */
  readonly interfaces?: readonly { readonly name: string }[] | undefined;
  /** Bundles that are stored, by SHA-256. */
  readonly bundles?: ReadonlySet<string> | undefined;
  /** Processors that are described elsewhere, for a document that is only a part. */
  readonly processors?: readonly string[] | undefined;
}

/** Tenants that are compared with one: past that, what stands in its way is not looked for. */
const MAX_COMPARED = 64;

/** Names are used once, and what is named is there. */
export function checkNames(document: CheckedDocument, { processors }: Surroundings, context: Context): void {
  refuseRepeated(document.processors, ['processors'], context);
  refuseRepeated(document.tenants, ['tenants'], context);
  const known = new Set([...document.processors.map(({ id }) => id), ...(processors ?? [])]);
  document.tenants.forEach((tenant, index) => {
    const seen = new Set<string>();
    tenant.processors.forEach((id, position) => {
      const path = ['tenants', index, 'processors', position];
      if (!known.has(id)) refuse(context, path, `names no processor of this document: ${id}`);
      else if (seen.has(id)) refuse(context, path, `is named twice: ${id}`);
      seen.add(id);
    });
  });
}

/** A protocol carries either audio or text, over its own kind of URL. */
export function checkProcessors({ processors }: CheckedDocument, context: Context): void {
  processors.forEach((processor, index) => {
    const wanted = processor.protocol === 'vosk' ? 'ws' : 'http';
    if (!processor.url.startsWith(wanted)) {
      const message = `must be a ${wanted}: or ${wanted}s: URL for ${processor.protocol}`;
      refuse(context, ['processors', index, 'url'], message);
    }
    if ((processor.hears === 'text') !== (processor.protocol === 'openai-chat')) {
      refuse(context, ['processors', index, 'hears'], `does not fit protocol ${processor.protocol}`);
    }
  });
}

/** A tenant that only matches what an earlier one matches, as closely, would never be given a call. */
export function checkReach({ tenants }: CheckedDocument, context: Context): void {
  const earlier = new Map<string, { readonly index: number; readonly match: KnownMatch }[]>();
  tenants.forEach((tenant, index) => {
    const match = knownMatch(tenant);
    const first = rivalsOf(match, earlier).find((rival) => covers(rival.match, match));
    if (first !== undefined) {
      const message = `is never reached: tenants[${first.index}] comes first and matches the same calls`;
      refuse(context, ['tenants', index, 'match'], message);
      return;
    }
    for (const key of KINDS.flatMap((kind) => [...match[kind]].map((value) => keyOf(match, kind, value)))) {
      const known = earlier.get(key);
      if (known === undefined) earlier.set(key, [{ index, match }]);
      else if (known.length < MAX_COMPARED) known.push({ index, match });
    }
  });
}

/** What is known outside of the document: this node's interfaces, and the bundles that are stored. */
export function checkSurroundings(
  document: CheckedDocument,
  { interfaces, bundles }: Surroundings,
  context: Context,
): void {
  const names = interfaces && new Set(interfaces.map(({ name }) => name));
  document.tenants.forEach(({ route, policy }, index) => {
    for (const side of ['ingress', 'egress'] as const) {
      if (names === undefined || names.has(route[side])) continue;
      refuse(context, ['tenants', index, 'route', side], `names no interface of this node: ${route[side]}`);
    }
    if (bundles === undefined || policy === undefined || bundles.has(policy.sha256)) return;
    refuse(context, ['tenants', index, 'policy', 'sha256'], 'names a bundle that is not stored: deliver it first');
  });
}

const KINDS = ['sources', 'domains', 'dids'] as const;

/** Criteria in their one spelling. */
interface KnownMatch extends Readonly<Record<(typeof KINDS)[number], ReadonlySet<string>>> {
  /** What must be the same for one tenant to stand in another's way. */
  readonly shape: string;
}

function knownMatch({ match, route }: CheckedTenant): KnownMatch {
  const { domains, dids } = match;
  const sources = match.sources.flatMap((text) => canonicalNetwork(text) ?? []);
  const headers = match.headers.map(({ name, value }) => [name.toLowerCase(), value]).sort();
  const shape = JSON.stringify([route.ingress, headers, domains.length > 0, dids.length > 0]);
  return { sources: new Set(sources), domains: new Set(domains), dids: new Set(dids), shape };
}

/** Whoever covers a tenant has its first value of each kind too: the kind for which they are fewest. */
function rivalsOf<Rival>(match: KnownMatch, earlier: ReadonlyMap<string, readonly Rival[]>): readonly Rival[] {
  const lists = KINDS.flatMap((kind) => {
    const [first] = match[kind];
    return first === undefined ? [] : [earlier.get(keyOf(match, kind, first)) ?? []];
  });
  return lists.sort((a, b) => a.length - b.length)[0] ?? [];
}

function keyOf(match: KnownMatch, kind: (typeof KINDS)[number], value: string): string {
  return `${kind} ${value} ${match.shape}`;
}

function covers(one: KnownMatch, other: KnownMatch): boolean {
  return KINDS.every((kind) => [...other[kind]].every((value) => one[kind].has(value)));
}

function refuseRepeated(items: readonly { readonly id: string }[], path: readonly string[], context: Context): void {
  const seen = new Set<string>();
  items.forEach(({ id }, index) => {
    if (seen.has(id)) refuse(context, [...path, index, 'id'], `is used twice: ${id}`);
    seen.add(id);
  });
}

function refuse(context: Context, path: readonly PropertyKey[], message: string): void {
  context.addIssue({ code: 'custom', path: [...path], message });
}
