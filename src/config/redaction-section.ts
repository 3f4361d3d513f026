/**
 * What the document says of a tenant's redaction, and the settings it means. Nothing is written out that nobody wrote, so
 * that a document without it stays the document it was.
 */

import { z } from 'zod';
import { compilePattern } from '../base/linear-pattern.ts';
import { ENTITY_TYPES, isRemembered, TYPE_NAME } from '../model/entity-types.ts';
import { REDACTION_ACTIONS, stricterAction, type RedactionAction } from '../model/redaction-action.ts';
import { DEFAULT_REDACTION, PARTIALS_MODES, type RedactionSettings } from '../model/redaction-settings.ts';

const MAX_PATTERNS = 32;
/** Of all documents together: each is compiled when the document is read. */
const MAX_PATTERNS_OF_A_DOCUMENT = 1000;
const MAX_PHRASES = 512;
const MAX_PHRASE_CHARS = 64;
const MAX_PHRASE_WORDS = 8;

const typeName = z.string().regex(TYPE_NAME, 'must be a type in capitals, such as CARD');
const action = z.enum(REDACTION_ACTIONS);
const confidence = z.number({ error: 'must be a number from 0 to 1' }).min(0).max(1);

const ofType = z.union([action, z.strictObject({ action: action.optional(), minConfidence: confidence.optional() })], {
  error: `must be ${REDACTION_ACTIONS.join(', ')}, or {action, minConfidence}`,
});

/** Matched word by word, whatever stands between the words. */
const phrase = z
  .string()
  .max(MAX_PHRASE_CHARS)
  .refine((text) => /[\p{L}\p{Nd}]/u.test(text), 'must hold a word')
  .refine((text) => text.trim().split(/\s+/u).length <= MAX_PHRASE_WORDS, `must be ${MAX_PHRASE_WORDS} words at most`);

export const redactionSection = z
  .strictObject({
    /** What becomes of types that neither this nor policy names. */
    default: action.optional(),
    types: z.record(typeName, ofType).optional(),
    partials: z.enum(PARTIALS_MODES).optional(),
    holdWords: z.int().min(0).max(8).optional(),
    maxHoldMs: z.int().min(1000).max(25_000).optional(),
    patterns: z
      .array(z.strictObject({ type: typeName, pattern: z.string() }))
      .max(MAX_PATTERNS)
      .optional(),
    /** Never personal: the firm's own names. */
    allow: z.array(phrase).max(MAX_PHRASES).optional(),
    /** Always hidden. */
    deny: z.array(phrase).max(MAX_PHRASES).optional(),
    pci: z
      .strictObject({
        enabled: z.boolean().optional(),
        maxMs: z.int().min(1000).max(1_800_000).optional(),
        dtmfKeys: z.int().min(1).max(16).optional(),
        afterDtmfMs: z.int().min(1000).max(60_000).optional(),
      })
      .optional(),
  })
  .superRefine((section, context) => checkTypes(section, context));

export type RedactionSection = z.output<typeof redactionSection>;

/** One that stands alone. */
export const checkedRedactionSection = redactionSection.superRefine((section, context) =>
  checkPatterns([{ path: [], section }], context),
);

/** A section and where it stands. */
interface PlacedSection {
  readonly path: readonly PropertyKey[];
  readonly section: RedactionSection | undefined;
}

/** Patterns can be compiled, and are not so many that it takes long. */
export function checkPatterns(sections: readonly PlacedSection[], context: z.RefinementCtx): void {
  let count = 0;
  for (const { path, section } of sections) {
    for (const [index, { pattern }] of (section?.patterns ?? []).entries()) {
      const place = [...path, 'patterns', index, 'pattern'];
      count += 1;
      if (count > MAX_PATTERNS_OF_A_DOCUMENT) {
        refuse(context, place, `is one of more than ${MAX_PATTERNS_OF_A_DOCUMENT} patterns in this document`);
        return;
      }
      const compiled = compilePattern(pattern);
      if (compiled.kind === 'refused') refuse(context, place, compiled.reason);
    }
  }
}

export function toRedactionSettings(section: RedactionSection = {}): RedactionSettings {
  const { types = {}, default: defaultAction, pci = {}, ...others } = section;
  const named = Object.entries(types).map(([type, said]) => ({
    type,
    ...(typeof said === 'string' ? { action: said } : said),
  }));
  return {
    ...DEFAULT_REDACTION,
    ...said(others),
    ...said({ defaultAction }),
    actions: Object.fromEntries(named.flatMap((one) => (one.action === undefined ? [] : [[one.type, one.action]]))),
    minConfidence: Object.fromEntries(
      named.flatMap((one) => (one.minConfidence === undefined ? [] : [[one.type, one.minConfidence]])),
    ),
    pci: { ...DEFAULT_REDACTION.pci, ...said(pci) },
  };
}

/** Types that exist, and nothing weaker for what is never remembered. */
function checkTypes({ types = {}, patterns = [] }: RedactionSection, context: z.RefinementCtx): void {
  const known = new Set<string>([...ENTITY_TYPES, ...patterns.map(({ type }) => type)]);
  for (const [type, said] of Object.entries(types)) {
    const { action: wished, minConfidence } =
      typeof said === 'string' ? { action: said, minConfidence: undefined } : said;
    if (!known.has(type))
      refuse(context, ['types', type], 'is no type that is found, and no pattern of this tenant has it');
    if (wished !== undefined && !isActionFor(type, wished)) {
      refuse(context, ['types', type], `${type} is always masked: cannot ${wished} it`);
    }
    if (minConfidence !== undefined && !isRemembered(type)) {
      refuse(context, ['types', type, 'minConfidence'], `${type} is always masked, however unsure it is`);
    }
  }
}

/** Whether an action tells as little of a type as it must. */
export function isActionFor(type: string, wished: RedactionAction): boolean {
  if (type === 'DENIED') return wished !== 'allow';
  return isRemembered(type) || stricterAction('mask', wished) === wished;
}

function refuse(context: z.RefinementCtx, path: readonly PropertyKey[], message: string): void {
  context.addIssue({ code: 'custom', path: [...path], message });
}

type Said<Settings> = { readonly [Key in keyof Settings]?: Exclude<Settings[Key], undefined> };

/** Without what was not said. */
function said<Settings extends object>(settings: Settings): Said<Settings> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Said<Settings>;
}
