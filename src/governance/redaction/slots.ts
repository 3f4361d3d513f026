/**
 * What has been asked of the other side of a call and not been told yet. A question lowers what it takes to hide its
 * answer, for three turns or half a minute, or until the next question.
 */

import type { Topic } from './speech/token.ts';

const MAX_TURNS = 3;
const LONGEST_MS = 30_000;

/** Words that make the naming of a thing a request for it. */
const ASKING = new Set(
  (
    'what whats which who whose how can could may might would will please give tell confirm provide need read spell ' +
    'enter key verify check take your repeat say state type'
  ).split(' '),
);
const MAX_WORDS = 10;

/** The question one leg has been asked. */
export class Slot {
  #topic: Topic | undefined;
  #openedMs: number | undefined;
  #turns = 0;

  /** One that goes on from here by itself. */
  copy(): Slot {
    const copy = new Slot();
    copy.#topic = this.#topic;
    copy.#openedMs = this.#openedMs;
    copy.#turns = this.#turns;
    return copy;
  }

  /** Opens it, or turns to another question. The time it counts from is that of the first word heard after it. */
  open(topic: Topic): void {
    this.#topic = topic;
    this.#openedMs = undefined;
    this.#turns = 0;
  }

  close(): void {
    this.#topic = undefined;
  }

  /** What is waited for at that moment of the answering leg's stream. */
  at(nowMs: number): Topic | undefined {
    if (this.#topic === undefined) return undefined;
    this.#openedMs ??= nowMs;
    if (nowMs - this.#openedMs > LONGEST_MS) this.close();
    return this.#topic;
  }

  /** The answering leg's turn is over. */
  endTurn(): void {
    if (this.#topic === undefined || this.#openedMs === undefined) return;
    this.#turns += 1;
    if (this.#turns >= MAX_TURNS) this.close();
  }
}

/** Hears one leg's words for requests. */
export class Questions {
  #wordsSinceAsking = MAX_WORDS;

  /** One that goes on from here by itself. */
  copy(): Questions {
    const copy = new Questions();
    copy.#wordsSinceAsking = this.#wordsSinceAsking;
    return copy;
  }

  /** Takes the next word, folded, and what it has just named; answers what is asked for, if that is a request. */
  note(word: string, named: Topic | undefined): Topic | undefined {
    if (ASKING.has(word.replaceAll(/['’]s?/g, ''))) this.#wordsSinceAsking = 0;
    else this.#wordsSinceAsking += 1;
    return named !== undefined && this.#wordsSinceAsking < MAX_WORDS ? named : undefined;
  }
}
