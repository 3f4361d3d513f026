/**
 * The house rules that a compiler, a linter and the import table cannot see. Exceptions stand here, each with its
 * reason, where everybody can read them.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

/** Lines a file may have before somebody should look for the second idea in it. */
const MAX_LINES = 350;

const LONGER_FILES: Readonly<Record<string, string>> = {};

const SKIPS_WITH_A_REASON = /\.skipIf\(/;

const MAY_READ_THE_ENVIRONMENT = ['src/config/environment.ts'];

const BANNED_FILE_NAMES = /^(utils?|common|helpers?|types|managers?|index|misc)\.ts$/;

test('only the configuration reads the environment', () => {
  const readers = sources().filter(
    ({ path, text }) => /process\.env\b/.test(text) && !MAY_READ_THE_ENVIRONMENT.includes(path),
  );

  expect(readers.map(({ path }) => path)).toEqual([]);
});

test('protocol code has no clock, no chance, no timers and no sockets', () => {
  const forbidden =
    /\bDate\.now\b|\bnew Date\b|\bMath\.random\b|\bsetTimeout\b|\bsetInterval\b|\brandomBytes\b|\bperformance\.|\bhrtime\b/;
  const guilty = sources().filter(
    ({ path, text }) => path.startsWith('src/protocol/') && forbidden.test(withoutComments(text)),
  );

  expect(guilty.map(({ path }) => path)).toEqual([]);
});

test('there is one JavaScript file in src, the bootstrap', () => {
  const scripts = files('src').filter((path) => /\.(mjs|cjs|js)$/.test(path));

  expect(scripts).toEqual(['src/bootstrap.mjs']);
});

test('no test is skipped, focused or promised without a named reason', () => {
  const guilty = files('test')
    .filter((path) => path.endsWith('.test.ts') && path !== 'test/tidy.test.ts')
    .filter((path) => {
      const text = read(path);
      const isSilent = /\b(test|it|describe)\.(skip|todo|only|fails)\(/.test(text);
      const isNamed = !SKIPS_WITH_A_REASON.test(text) || /requirePeer\(|matrixPrograms\(/.test(text);
      return isSilent || !isNamed;
    });

  expect(guilty).toEqual([]);
});

test('no work is left as a note in the code', () => {
  const guilty = sources().filter(({ text }) => /\b(TODO|FIXME|XXX|HACK)\b|not implemented/i.test(text));

  expect(guilty.map(({ path }) => path)).toEqual([]);
});

test('files are kebab-case, named for one idea, and not longer than one idea', () => {
  const named = files('src')
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .filter((path) => {
      const name = path.split('/').at(-1) ?? '';
      return !/^[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(name) || BANNED_FILE_NAMES.test(name);
    });
  const long = sources()
    .filter(({ text }) => text.split('\n').length > MAX_LINES)
    .map(({ path }) => path)
    .filter((path) => !Object.hasOwn(LONGER_FILES, path));

  expect(named).toEqual([]);
  expect(long).toEqual([]);
});

test('every source file starts by saying what it is for', () => {
  const silent = sources()
    .filter(({ path }) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .filter(({ text }) => !/^(\/\*\*|\/\/)/.test(text));

  expect(silent.map(({ path }) => path)).toEqual([]);
});

test('every path the documents name exists', () => {
  const known = new Set([...ROOTS.flatMap(files), ...ROOTS.flatMap(folders), ...readdirSync(root)]);
  const missing = inlineCode()
    .filter(({ code }) => /^(src|policies|migrations|test|docs|\.ci)\/[\w./-]*$/.test(code))
    .filter(({ code }) => !known.has(code.replace(/\/$/, '')));

  expect(missing.map(({ document, code }) => `${document}: ${code}`)).toEqual([]);
});

test('every function, method and class the documents name exists', () => {
  const words = new Set(sources().flatMap(({ text }) => text.match(/[A-Za-z_$][\w$]*/g) ?? []));
  const missing = inlineCode()
    .filter(({ code }) => /^[A-Za-z]+(\.[a-zA-Z]+)?(\(\))?$/.test(code) && /[a-z][A-Z]|\(\)$/.test(code))
    .filter(
      ({ code }) =>
        !code
          .replace('()', '')
          .split('.')
          .every((word) => words.has(word)),
    );

  expect(missing.map(({ document, code }) => `${document}: ${code}`)).toEqual([]);
});

test('nothing in the project names a place outside of it', () => {
  const outside = /\/work\/|\.\.\/shared|registry\.npmjs|proxy\.golang/;
  const allowed = /test\/bench\//;
  const guilty = [...ROOTS.flatMap(files), 'README.md', 'package.json', '.ci/run']
    .filter(
      (path) =>
        !allowed.test(path) && path !== 'test/tidy.test.ts' && /\.(ts|mjs|cjs|md|json|sql|rego|yaml)$|run$/.test(path),
    )
    .filter((path) => outside.test(read(path)));

  expect(guilty).toEqual([]);
});

const ROOTS = ['src', 'policies', 'migrations', 'test', 'docs'];

function sources(): { readonly path: string; readonly text: string }[] {
  return files('src')
    .filter((path) => /\.(ts|mjs)$/.test(path))
    .map((path) => ({ path, text: read(path) }));
}

function inlineCode(): { readonly document: string; readonly code: string }[] {
  const documents = ['README.md', 'policies/README.md', ...files('docs').filter((path) => path.endsWith('.md'))];
  return documents.flatMap((document) =>
    [
      ...read(document)
        .replace(/```[\s\S]*?```/g, '')
        .matchAll(/`([^`\n]+)`/g),
    ].map((match) => ({
      document,
      code: match[1] ?? '',
    })),
  );
}

function files(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

function folders(folder: string): string[] {
  const inside = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
  return [folder, ...inside];
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');
}
