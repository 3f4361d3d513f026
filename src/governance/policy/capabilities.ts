/**
 * What Rego may call: OPA's own list less all that reaches outside, knows the time, rolls dice, or has no WebAssembly
 * form. What is left runs inside the module; `sprintf` alone is lent by the host, and activation refuses any other.
 */

import { z } from 'zod';

/** Built-in functions a bundle may ask of its host. Pure, or a decision could not be replayed. */
export const LENT_BUILTINS: readonly string[] = ['sprintf'];

/** Withheld by name or, ending in a dot, by family; each with the reason an author would ask for. */
const WITHHELD: Readonly<Record<string, readonly string[]>> = {
  'reaches outside the decision': ['http.', 'net.lookup_ip_addr', 'opa.', 'providers.', 'print', 'trace'],
  'differs from one evaluation to the next': ['rand.', 'uuid.'],
  'time is in the input, so that a decision can be replayed': ['time.'],
  'the digests of bundle and input are checked outside': ['crypto.', 'io.jwt.'],
  'has no WebAssembly form': [
    'base64url.encode_no_pad',
    'cast_array',
    'cast_boolean',
    'cast_null',
    'cast_object',
    'cast_set',
    'cast_string',
    'glob.quote_meta',
    'graph.reachable_paths',
    'graphql.',
    'hex.',
    'indexof_n',
    'json.marshal_with_options',
    'json.match_schema',
    'json.patch',
    'json.verify_schema',
    'net.cidr_contains_matches',
    'net.cidr_expand',
    'net.cidr_is_valid',
    'net.cidr_merge',
    'net.cidr_overlap',
    'numbers.range_step',
    'object.subset',
    're_match',
    'regex.find_n',
    'regex.globs_match',
    'regex.replace',
    'regex.split',
    'regex.template_match',
    'rego.parse_module',
    'semver.',
    'strings.any_prefix_match',
    'strings.any_suffix_match',
    'strings.count',
    'strings.render_template',
    'strings.split_n',
    'units.',
    'uri.',
    'urlquery.',
    'yaml.',
  ],
};

const capabilitiesSchema = z.looseObject({ builtins: z.array(z.looseObject({ name: z.string() })) });

/** OPA's capabilities (as `opa capabilities --current` prints them) less what is withheld, as the text of our file. */
export function restrictCapabilities(text: string): string {
  const capabilities = capabilitiesSchema.parse(JSON.parse(text));
  const builtins = capabilities.builtins.filter((builtin) => !isWithheld(builtin.name));
  return `${JSON.stringify({ ...capabilities, builtins }, null, 2)}\n`;
}

/** Whether Rego may not call `name`. */
export function isWithheld(name: string): boolean {
  return Object.values(WITHHELD).some((names) =>
    names.some((withheld) => (withheld.endsWith('.') ? name.startsWith(withheld) : name === withheld)),
  );
}
