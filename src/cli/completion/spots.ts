/** The commands as a shell sees them: at which spot which words may follow, and which values an option takes. */

import type { Argument, Command, Option } from 'commander';

/** What may stand as a value: one of a few words, a file, or something no shell can guess. */
export type Value =
  { readonly kind: 'choices'; readonly choices: readonly string[] } | { readonly kind: 'file' | 'free' };

export interface SpotOption {
  /** Such as `--role` and `-r`. */
  readonly names: readonly string[];
  readonly description: string;
  /** Absent for a flag. */
  readonly value: Value | undefined;
}

export interface Spot {
  /** Commands on the way here, each after a blank: ` tokens issue`; empty for `earshot` itself. */
  readonly at: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly SpotOption[];
  /** What an argument that is no option may be; the first that can be guessed. */
  readonly argument: Value | undefined;
}

/** Every spot of the program, the program itself first. */
export function listSpots(command: Command, at = ''): Spot[] {
  const children = command.commands;
  const spot: Spot = {
    at,
    commands: children.map((child) => ({ name: child.name(), description: child.description() })),
    options: [...command.options.map(toOption), HELP],
    argument: command.registeredArguments.map(valueOf).find(({ kind }) => kind !== 'free'),
  };
  return [spot, ...children.flatMap((child) => listSpots(child, `${at} ${child.name()}`))];
}

const HELP: SpotOption = { names: ['--help', '-h'], description: 'show help', value: undefined };

function toOption(option: Option): SpotOption {
  const names = [option.long, option.short].flatMap((name) => (name === undefined ? [] : [name]));
  const takesValue = option.required || option.optional;
  return { names, description: option.description, value: takesValue ? valueOf(option) : undefined };
}

function valueOf(taker: Option | Argument): Value {
  if (taker.argChoices !== undefined) return { kind: 'choices', choices: taker.argChoices };
  const name = 'flags' in taker ? taker.flags : taker.name();
  return { kind: /\b(file|dir)\b/.test(name.replace(/^.*[<[]/, '')) ? 'file' : 'free' };
}
