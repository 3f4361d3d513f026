/** Host names, written or said: "mail.example.co.uk", "example dot com", "w w w dot best buy dot c o m". Answers places only. */

import type { Token } from '../speech/token.ts';

const GENERIC = new Set(
  (
    'com net org edu gov mil int info biz name pro coop museum aero jobs mobi travel tel app dev io ai co xyz online ' +
    'site shop store tech cloud blog web page link live news email agency digital design studio solutions services ' +
    'company group team world today life health care bank finance money law legal academy school university church ' +
    'club social media art music photo video game games host website space zone city london nyc berlin paris amsterdam ' +
    'eu asia africa local localhost internal test example invalid onion calm comb dotcom'
  ).split(' '),
);
const COUNTRIES = new Set(
  (
    'ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bv bw by bz ca cc ' +
    'cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gb ' +
    'gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke ' +
    'kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu ' +
    'mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw ' +
    'sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ' +
    'ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw'
  ).split(' '),
);
/** Country endings that are words, and so may only seem to follow a full stop without its space. */
const WORDS = new Set(
  'am as at be by do in is it me my no so to us he id la ma pa de am an go if or up et je ne'.split(' '),
);
const PROVIDERS = new Set(
  (
    'gmail googlemail hotmail outlook yahoo ymail icloud aol proton protonmail msn gmx btinternet comcast verizon ' +
    'fastmail zoho yandex tutanota'
  ).split(' '),
);
/** No part of a host's name is one of these, said before its first dot. */
const STOPS = new Set(
  (
    "the a an my your our his her their this that these those it its it's is are was were be and or but so if when where " +
    'who what why how i you he she we they me him them us of for with from by on in to at as all least most first last ' +
    'once any some no not please thanks'
  ).split(' '),
);
const MAX_HOST_WORDS = 3;
/** A label or a row of spelled letters is no longer than this, in tokens. */
const MAX_LABEL = 24;
const MAX_LABELS = 8;

export interface Host {
  /** End of what is certain. */
  readonly end: number;
  /** Whether the last label is one that ends host names. */
  readonly isKnown: boolean;
  readonly hasDot: boolean;
  readonly isProvider: boolean;
  /** Nothing more was said: words to come may go on with it. */
  readonly isOpen: boolean;
}

export function isDot(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  if (token?.fold !== '.') return token?.fold === 'dot' || token?.fold === 'point' || token?.fold === 'period';
  // A full stop has a space after it; the dot of a name has none, or one on either side.
  const next = tokens[at + 1];
  return next !== undefined && (next.lead === '' || (token.lead === ' ' && next.kind !== 'mark'));
}

export function isStop(token: Token): boolean {
  return STOPS.has(token.fold);
}

export function isProvider(token: Token): boolean {
  return PROVIDERS.has(token.fold);
}

/** Whether a word ends host names; `isWritten` for one glued to what stands before, where little words are no ending. */
export function isEnding(fold: string, isWritten: boolean): boolean {
  return GENERIC.has(fold) || (COUNTRIES.has(fold) && !(isWritten && WORDS.has(fold)));
}

/** Reads a host that begins at a place. `MAX_HOST_WORDS` words may be said before the first dot. */
export function readHost(tokens: readonly Token[], from: number): Host {
  let end = from;
  let hasProvider = false;
  let words = 0;
  // Words before the first dot.
  while (!isDot(tokens, end)) {
    const token = tokens[end];
    const isFirst = end === from;
    if (!token) return { end, isKnown: false, hasDot: false, isProvider: hasProvider, isOpen: true };
    const isPart = token.kind !== 'mark' || (token.fold === '-' && token.lead === '');
    if (!isPart || (token.kind === 'word' && isStop(token) && token.lead === ' ')) break;
    hasProvider ||= isProvider(token) || (token.fold === 'mail' && tokens[end - 1]?.fold === 'g');
    const isSpelled = token.symbol?.kind === 'letter' || token.lead === '' || token.symbol?.kind === 'glue';
    if (!isSpelled || isFirst) words += 1;
    if (words > MAX_HOST_WORDS || end - from > MAX_LABEL) break;
    end += 1;
  }
  if (!isDot(tokens, end)) return { end, isKnown: false, hasDot: false, isProvider: hasProvider, isOpen: false };
  return readLabels(tokens, end, hasProvider);
}

/** Reads on from the first dot. */
export function readLabels(tokens: readonly Token[], dot: number, hasProvider: boolean): Host {
  let end = dot;
  let isKnown = false;
  for (let labels = 0; labels < MAX_LABELS && isDot(tokens, end); labels += 1) {
    const label = labelEnd(tokens, end + 1);
    if (label === end + 1) {
      const isOpen = tokens[label] === undefined;
      return { end: isOpen ? label : end, isKnown, hasDot: end > dot || isOpen, isProvider: hasProvider, isOpen };
    }
    isKnown = label > end + 2 ? isKnown || isSpelledEnding(tokens, end + 1, label) : isWordEnding(tokens, end + 1);
    end = label;
  }
  return { end, isKnown, hasDot: end > dot, isProvider: hasProvider, isOpen: end >= tokens.length };
}

/** One word, what is glued to it, or letters in a row. */
function labelEnd(tokens: readonly Token[], from: number): number {
  const first = tokens[from];
  if (!first || first.kind === 'mark') return from;
  let end = from + 1;
  if (isLetter(first)) {
    while (end < from + MAX_LABEL && isLetter(tokens[end])) end += 1;
    return end;
  }
  while (end < from + MAX_LABEL && tokens[end]?.lead === '' && (tokens[end]?.kind !== 'mark' || isHyphen(tokens, end)))
    end += 1;
  return end;
}

function isLetter(token: Token | undefined): boolean {
  return token?.symbol?.kind === 'letter' || (token?.kind === 'word' && token.fold.length === 1);
}

function isHyphen(tokens: readonly Token[], at: number): boolean {
  return tokens[at]?.fold === '-' && tokens[at + 1]?.lead === '' && tokens[at + 1]?.kind !== 'mark';
}

function isWordEnding(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  return token !== undefined && isEnding(token.fold, token.lead === '');
}

/** "c o m", "a b": letters after a dot end a name, whatever they spell. */
function isSpelledEnding(tokens: readonly Token[], from: number, end: number): boolean {
  return isLetter(tokens[from]) && end - from >= 2 && end - from <= 6;
}
