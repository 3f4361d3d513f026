import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/base/package-root.ts';
import { canonicalDocument, toRevision } from '../../src/config/document.ts';
import { ConfigError, formatProblem } from '../../src/config/problem.ts';
import { readDocumentText } from '../../src/config/read-document.ts';
import { ENTITY_TYPES } from '../../src/model/entity-types.ts';
import { planFor } from '../../src/model/redaction-plan.ts';
import { DEFAULT_REDACTION, type RedactionSettings } from '../../src/model/redaction-settings.ts';

const HEAD = `version: 1
tenants:
  - id: acme
    match: { sources: [192.0.2.0/24] }
    route: { ingress: a, egress: b, next: ["sip:pbx.example"] }
`;

function settingsOf(section: string): RedactionSettings | undefined {
  const revision = toRevision(readDocumentText(`${HEAD}${section}`, 'd.yaml'), 1, 'd');
  return revision.tenants[0]?.redaction;
}

function problemsOf(section: string): string[] {
  try {
    readDocumentText(`${HEAD}${section}`, 'd.yaml');
    return [];
  } catch (error) {
    return error instanceof ConfigError ? error.problems.map(formatProblem) : [String(error)];
  }
}

test('a tenant that says nothing of redaction has the defaults, and its document does not mention it', () => {
  expect(settingsOf('')).toEqual(DEFAULT_REDACTION);
  expect(settingsOf('    redaction: {}')).toEqual(DEFAULT_REDACTION);
  expect(canonicalDocument(readDocumentText(HEAD, 'd.yaml')).raw.toString()).not.toContain('redaction');
});

test('all that can be said', () => {
  const section = `    redaction:
      default: mask
      types: { CARD: keep_last_four, CVV: pause_ai, NAME: { action: pseudonym, minConfidence: 0.6 }, MEMBER: mask }
      partials: numbers-masked
      holdWords: 2
      maxHoldMs: 8000
      patterns: [{ type: MEMBER, pattern: 'M-[0-9]{6}' }]
      allow: [Acme Energy]
      deny: [project falcon]
      pci: { dtmfKeys: 4 }
`;

  expect(settingsOf(section)).toEqual({
    actions: { CARD: 'keep_last_four', CVV: 'pause_ai', NAME: 'pseudonym', MEMBER: 'mask' },
    defaultAction: 'mask',
    minConfidence: { NAME: 0.6 },
    partials: 'numbers-masked',
    holdWords: 2,
    maxHoldMs: 8000,
    patterns: [{ type: 'MEMBER', pattern: 'M-[0-9]{6}' }],
    allow: ['Acme Energy'],
    deny: ['project falcon'],
    pci: { enabled: true, maxMs: 60_000, dtmfKeys: 4, afterDtmfMs: 5000 },
  });
});

test.each([
  ['types: { CVV: pseudonym }', '6:32: tenants[0].redaction.types.CVV: CVV is always masked: cannot pseudonym it'],
  ['types: { CRAD: mask }', 'is no type that is found, and no pattern of this tenant has it'],
  ['types: { card: mask }', 'must be a type in capitals, such as CARD'],
  ['types: { CARD: hide }', 'redaction.types.CARD: must be allow, keep_last_four, linkable_token,'],
  ['types: { CARD: { minConfidence: 2 } }', 'redaction.types.CARD'],
  ['types: { PIN: { minConfidence: 0.9 } }', 'PIN is always masked, however unsure it is'],
  ['holdWords: 9', 'redaction.holdWords: '],
  ['maxHoldMs: 10', 'redaction.maxHoldMs: '],
  ['words: 9', '6:18: tenants[0].redaction.words: is not a known key'],
  ['deny: ["--"]', 'redaction.deny[0]: must hold a word'],
  ['deny: [a b c d e f g h i]', 'must be 8 words at most'],
  [
    'patterns: [{ type: A, pattern: "(" }]',
    '6:49: tenants[0].redaction.patterns[0].pattern: is no regular expression of RE2: missing closing )',
  ],
  ['patterns: [{ type: A, pattern: "x*" }]', 'must not match nothing'],
  ['patterns: [{ type: A, pattern: "^x$" }]', 'must not have ^ or $'],
  ['patterns: [{ type: A, pattern: "(?<=a)b" }]', 'is no regular expression of RE2'],
  ['patterns: [{ type: A, pattern: "[a-z]{900}" }]', 'is too large'],
  ['patterns: [{ type: a, pattern: "x" }]', 'must be a type in capitals'],
])('%s is refused where it stands', (said, problem) => {
  expect(problemsOf(`    redaction: { ${said} }\n`).join('\n')).toContain(problem);
});

test('every type that a detector names can be named in a document', () => {
  const folder = join(packageRoot, 'src', 'governance', 'redaction', 'detect');
  const sources = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
  const named = sources.flatMap((source) => [...source.matchAll(/type: '([A-Z_]+)'/g)].map(([, type]) => type));

  expect(ENTITY_TYPES).toEqual(expect.arrayContaining([...new Set(named)]));
});

test('of what a tenant wants and policy obliges to, each type gets whatever tells less', () => {
  const settings = { actions: { CARD: 'mask', NAME: 'allow', ID: 'linkable_token' }, defaultAction: 'mask' } as const;

  expect(planFor(settings, { CARD: 'pseudonym', NAME: 'pseudonym', ORG: 'allow' })).toEqual({
    actions: { CARD: 'mask', NAME: 'pseudonym', ID: 'linkable_token', ORG: 'allow' },
    defaultAction: 'mask',
  });
  expect(planFor(settings, undefined)).toEqual(settings);
});
