/** Text that people write as YAML and programs as JSON: read against a schema, every problem by line and column. */

import type { z } from 'zod';
import { parseJson, readJson } from '../config/json-text.ts';
import { readYaml } from '../config/yaml-file.ts';

/** `file` is a name for the problems. Throws ConfigError. */
export function readJsonOrYaml<Schema extends z.ZodType>(file: string, text: string, schema: Schema): z.output<Schema> {
  const json = parseJson(text);
  return json === undefined ? readYaml(file, text, schema) : readJson(file, { text, value: json.value }, schema);
}
