/**
 * Tells a person what happens, a line at a time. Pure: events in, lines out. Text from outside loses its control
 * characters first, so that nobody can write to the terminal through a transcript.
 */

import { z } from 'zod';
import type { RecogniserKind } from './recogniser/engine.ts';

export interface Narrator {
  /** Lines for one of Earshot's events; none for what a person need not see, or what is no event. */
  event(event: unknown): string[];
  /** What the demo's own recogniser understood: raw text, which Earshot itself never prints. */
  heard(text: string, recogniser: RecogniserKind): string;
  rtp(counts: { readonly sent: number; readonly received: number; readonly lost: number }): string;
  ledger(entries: number): string;
  verified(isVerified: boolean): string;
  note(text: string): string;
}

type Colour = 'grey' | 'red' | 'green' | 'yellow' | 'blue' | 'cyan';

const ANSI: Readonly<Record<Colour, number>> = { grey: 90, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 };
const LABEL_CHARS = 10;
const MAX_TEXT_CHARS = 500;

const word = z.string().max(256);
const text = z.string().max(100_000);
const counts = z.record(z.string(), z.number());
const reason = z.object({ rule: word, clause: word.optional() });

const demoEvent = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('call'),
    call: word,
    tenant: word,
    state: z.enum(['started', 'ended']),
    reason: word.optional(),
  }),
  z.object({
    kind: z.literal('decision'),
    entrypoint: word,
    allow: z.boolean(),
    code: word,
    reasons: z.array(reason).max(16),
    processor: word.optional(),
    modality: word.optional(),
    subscriber: word.optional(),
  }),
  z.object({
    kind: z.literal('lease'),
    processor: word,
    state: z.enum(['opened', 'renewed', 'closed']),
    throughMs: z.number(),
    bytes: z.number(),
  }),
  z.object({ kind: z.literal('release'), role: word, processor: word, text, entities: counts }),
  z.object({ kind: z.literal('partial'), role: word, text }),
  z.object({
    kind: z.literal('insight'),
    processor: word,
    text,
    lateMs: z.number().optional(),
    restored: counts.optional(),
    notRestored: z.number().optional(),
  }),
  z.object({
    kind: z.literal('gap'),
    processor: word.optional(),
    reason: word,
    fromMs: z.number(),
    toMs: z.number(),
  }),
  z.object({
    kind: z.literal('pci'),
    state: z.enum(['opened', 'closed']),
    trigger: word.optional(),
    reason: word.optional(),
    exposedMs: z.number().optional(),
  }),
  z.object({ kind: z.literal('condition'), name: word, state: z.enum(['raised', 'cleared']) }),
  z.object({ kind: z.literal('missed'), count: z.number() }),
]);

type DemoEvent = z.infer<typeof demoEvent>;
type Line = (label: string, colour: Colour, text: string) => string;

/** A narrator for one output; with `colour` false its lines are plain text. */
export function createNarrator({ colour }: { readonly colour: boolean }): Narrator {
  const paint = (name: Colour, painted: string): string =>
    colour ? `\u001b[${ANSI[name]}m${painted}\u001b[0m` : painted;
  const line: Line = (label, name, said) => `${paint(name, label.padEnd(LABEL_CHARS))} ${printable(said)}`;
  const raised = new Set<string>();
  return {
    event(event) {
      const read = demoEvent.safeParse(event);
      return read.success && !isOldNews(read.data, raised) ? tell(read.data, line) : [];
    },
    heard: (said, recogniser) => line('heard', 'grey', `${said} (${recogniser})`),
    rtp: ({ sent, received, lost }) =>
      line('rtp', lost === 0 ? 'green' : 'red', `sent ${sent}, received ${received}, lost ${lost}`),
    ledger: (entries) => line('ledger', 'blue', `${entries} ${entries === 1 ? 'entry' : 'entries'}`),
    verified: (isVerified) =>
      isVerified
        ? line('verified', 'green', 'the evidence holds')
        : line('verified', 'red', 'no: the evidence does not hold'),
    note: (said) => line('', 'grey', said),
  };
}

/** The end of a condition nobody was told of: every start has some. */
function isOldNews(event: DemoEvent, raised: Set<string>): boolean {
  if (event.kind !== 'condition') return false;
  if (event.state === 'cleared') return !raised.delete(event.name);
  raised.add(event.name);
  return false;
}

function tell(event: DemoEvent, line: Line): string[] {
  switch (event.kind) {
    case 'call':
      return [
        line(
          'call',
          'blue',
          `${event.state}${event.reason === undefined ? '' : `: ${event.reason}`}, tenant ${event.tenant}`,
        ),
      ];
    case 'decision':
      return [line(event.allow ? 'allow' : 'deny', event.allow ? 'green' : 'red', tellDecision(event))];
    case 'lease':
      return event.state === 'renewed' ? [] : [line('lease', 'grey', tellLease(event))];
    case 'release':
      return [
        line('released', 'cyan', `${event.role} → ${event.processor}: ${event.text}${tellEntities(event.entities)}`),
      ];
    case 'partial':
      return [line('saying', 'grey', `${event.role}: ${event.text} …`)];
    case 'insight':
      return [
        line('answer', 'cyan', `${event.processor}: ${event.text}${tellLate(event.lateMs)}${tellRestored(event)}`),
      ];
    case 'gap':
      return [
        line(
          'gap',
          'yellow',
          `${event.reason}, ${seconds(event.fromMs)} to ${seconds(event.toMs)}${forWhom(event.processor)}`,
        ),
      ];
    case 'pci':
      return [line('card', 'yellow', tellCard(event))];
    case 'condition':
      return [line('condition', event.state === 'raised' ? 'yellow' : 'grey', `${event.name} ${event.state}`)];
    case 'missed':
      return [line('missed', 'yellow', `${event.count} events came faster than they could be shown`)];
  }
}

function tellDecision(event: Extract<DemoEvent, { kind: 'decision' }>): string {
  const { entrypoint, processor, modality, subscriber, code, reasons } = event;
  const about = [processor ?? subscriber, modality].filter((part) => part !== undefined).join(' ');
  const why = reasons.map(({ rule, clause }) => (clause === undefined ? rule : `${rule} (${clause})`)).join(', ');
  const because = event.allow ? why : [code, why].filter((part) => part !== '').join(': ');
  return `${entrypoint} ${about}${because === '' ? '' : `: ${because}`}`;
}

function tellCard({ state, trigger, reason, exposedMs }: Extract<DemoEvent, { kind: 'pci' }>): string {
  if (state === 'opened') return `the customer is not heard${trigger === undefined ? '' : `: ${trigger}`}`;
  const exposed = exposedMs === undefined ? '' : `, ${seconds(exposedMs)} of it sent`;
  return `the customer may be heard again${reason === undefined ? '' : `: ${reason}`}${exposed}`;
}

function tellLease(event: Extract<DemoEvent, { kind: 'lease' }>): string {
  const used = event.state === 'opened' ? 'may hear up to' : `heard ${event.bytes} bytes up to`;
  return `${event.processor} ${used} ${seconds(event.throughMs)}`;
}

function tellEntities(entities: Readonly<Record<string, number>>): string {
  const taken = Object.entries(entities).map(([type, count]) => `${count} ${type}`);
  return taken.length === 0 ? '' : ` (taken out: ${taken.join(', ')})`;
}

function tellRestored({ restored = {}, notRestored = 0 }: Extract<DemoEvent, { kind: 'insight' }>): string {
  const back = Object.entries(restored).map(([type, count]) => `${count} ${type}`);
  const told = [
    ...(back.length === 0 ? [] : [`put back: ${back.join(', ')}`]),
    ...(notRestored === 0 ? [] : [`not known any more: ${notRestored}`]),
  ];
  return told.length === 0 ? '' : ` (${told.join('; ')})`;
}

function tellLate(lateMs: number | undefined): string {
  return lateMs === undefined ? '' : ` (${seconds(lateMs)} late)`;
}

function forWhom(processor: string | undefined): string {
  return processor === undefined ? '' : `, for ${processor}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** One line of visible characters; what is too long is cut, and says so. */
function printable(said: string): string {
  const visible = said.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ');
  return visible.length <= MAX_TEXT_CHARS ? visible : `${visible.slice(0, MAX_TEXT_CHARS)}…`;
}
