/**
 * Passwords and the answers to security questions. They have no shape, so they are told by what comes before them: the
 * other leg's question, or "my password is". They are never remembered, so they have no value.
 */

import type { Token, Topic } from '../speech/token.ts';
import type { Detector, Finding, Window } from './detector.ts';
import { nothingFound } from './nothing-found.ts';
import { ASKED, CUED } from './number-facts.ts';

type Secret = 'PASSWORD' | 'ANSWER';

/** Words that carry an answer and are none: what is left readable where one was asked for. */
const CARRIERS = new Set(
  (
    "a an the this that these those it its it's that's i i'm i'll i've i'd me my mine you your yours we our us he his she " +
    "her they their them is was are be been am were do does did don't doesn't didn't can can't could couldn't will would " +
    "should have has had might may must not isn't wasn't to of in on at for from by with about as or and but if so then " +
    'than there here what which who whose how when where why just only also too yes yeah yep yup no nope okay ok right ' +
    'well um uh er erm ah oh hm hmm mm uhm please thank thanks sorry hello hi sure course think believe remember know ' +
    'guess say said tell give let see wait hold moment minute second actually again mean maybe probably called ' +
    "password passcode passphrase pass word phrase code login user username name maiden mother mothers mother's mum mom " +
    'first last pet school memorable secret security question answer favourite favorite spelled spelt spell all one ' +
    'lowercase uppercase capital capitals lower upper case letter letters number numbers'
  ).split(' '),
);
/** Said right after "my password is", they tell of it and are none. */
const STATUS = new Set(
  (
    'not wrong incorrect correct right working expired locked required invalid being needed reset forgotten lost weak ' +
    'strong broken blocked no still now already case compromised stolen gone rejected accepted unknown secure unsafe ' +
    'outdated saved stored sent old new too very also asking'
  ).split(' '),
);
const CONNECTORS = new Set(['is', 'was', ':', '=', "it's", 'its', 'be', "that's", 'equals']);
const ENDINGS = new Set(['and', 'but', 'because', 'so', 'which', 'if', 'thanks', 'thank', 'please', 'can', 'could']);
/** "Word" names a secret only as the memorable one, "name" as the maiden name; by their last word and the one before. */
const NAMES_OF_ANSWERS = new Map<string, ReadonlySet<string>>([
  ['name', new Set(['maiden'])],
  ['word', new Set(['memorable', 'secret', 'security'])],
  ['answer', new Set(['security', 'secret'])],
  ['pet', new Set(['first'])],
  ['school', new Set(['first'])],
  ['car', new Set(['first'])],
]);
const NAMES_OF_PASSWORDS = new Set(['password', 'passcode', 'passphrase']);

/** Words that may stand between the name of a secret and "is", and parts that a secret has at most. */
const MAX_WORDS_BETWEEN = 5;
const MAX_PARTS = 8;

export const detectSecrets: Detector = (window) => {
  const { tokens, left } = window;
  let findings: Finding[] | undefined;
  for (let at = left; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (!token) break;
    const asked = secretOf(token.asked);
    if (asked === undefined || !isTold(tokens, at)) continue;
    add((findings ??= []), { start: at, end: at + 1, type: asked, confidence: ASKED, rule: 'secret.asked' });
  }
  if (mentionsSecret(window)) findings = [...(findings ?? []), ...findAnnounced(tokens)];
  return findings ? { findings, holdFrom: tokens.length } : nothingFound(tokens.length);
};

/** A secret's name leaves a cue behind, and nothing is looked for where there is none. */
function mentionsSecret({ tokens, left }: Window): boolean {
  for (let at = left; at < tokens.length; at += 1) {
    const cue = tokens[at]?.cue;
    if (cue === 'password' || cue === 'answer' || cue === 'name') return true;
  }
  return false;
}

function findAnnounced(tokens: readonly Token[]): Finding[] {
  const findings: Finding[] = [];
  let named: Secret | undefined;
  let between = 0;
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (!token) break;
    const name = nameOfSecret(tokens, at);
    if (name !== undefined) {
      named = name;
      between = 0;
    } else if (named !== undefined && CONNECTORS.has(token.fold)) {
      const end = endOfSecret(tokens, at + 1);
      for (let part = at + 1; part < end; part += 1) {
        if (!isTold(tokens, part)) continue;
        add(findings, { start: part, end: part + 1, type: named, confidence: CUED, rule: 'secret.announced' });
      }
      named = undefined;
      at = Math.max(at, end - 1);
    } else if (named !== undefined && ++between > MAX_WORDS_BETWEEN) {
      named = undefined;
    }
  }
  return findings;
}

/** Words beside each other are one secret. */
function add(findings: Finding[], finding: Finding): void {
  const last = findings.at(-1);
  if (last?.end === finding.start && last.type === finding.type)
    findings[findings.length - 1] = { ...last, end: finding.end };
  else findings.push(finding);
}

function nameOfSecret(tokens: readonly Token[], at: number): Secret | undefined {
  const fold = tokens[at]?.fold ?? '';
  if (NAMES_OF_PASSWORDS.has(fold)) return 'PASSWORD';
  const before = tokens[at - 1]?.fold;
  return before !== undefined && NAMES_OF_ANSWERS.get(fold)?.has(before) ? 'ANSWER' : undefined;
}

/** Where what was announced ends: at a sentence's end, at a word that goes on to something else, or at a limit. */
function endOfSecret(tokens: readonly Token[], start: number): number {
  const first = tokens[start];
  if (!first || STATUS.has(first.fold)) return start;
  let at = start;
  for (let parts = 0; at < tokens.length && parts < MAX_PARTS; at += 1) {
    const token = tokens[at];
    if (!token || (at > start && ENDINGS.has(token.fold))) break;
    if (token.kind === 'mark' && endsSentence(token) && tokens[at + 1]?.lead !== '') break;
    if (token.lead !== '') parts += 1;
  }
  return at;
}

/** Whether a token tells something of the answer: every word but carriers, and what sounds like a sign beside a sign. */
function isTold(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  if (!token) return false;
  if (token.kind === 'mark') return token.lead === '' && tokens[at + 1]?.lead === '';
  if (!CARRIERS.has(token.fold)) return true;
  const isSound = token.symbol !== undefined && token.symbol.kind !== 'filler' && token.symbol.kind !== 'correction';
  return isSound && (isSign(tokens[at - 1]) || isSign(tokens[at + 1]));
}

function isSign(token: Token | undefined): boolean {
  switch (token?.symbol?.kind) {
    case 'digits':
    case 'unit':
    case 'teen':
    case 'ten':
      return true;
    case 'letter':
      return token.fold !== 'a' && token.fold !== 'i';
    default:
      return false;
  }
}

function endsSentence({ fold }: Token): boolean {
  return fold === '.' || fold === '?' || fold === '!' || fold === ';';
}

function secretOf(topic: Topic | undefined): Secret | undefined {
  return topic === 'password' ? 'PASSWORD' : topic === 'answer' ? 'ANSWER' : undefined;
}
