/** Completion scripts of bash, zsh and fish, made from the spots of the program. Every word in them is ours. */

import type { Spot, Value } from './spots.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export function completionScript(shell: Shell, spots: readonly Spot[]): string {
  switch (shell) {
    case 'bash':
      return bash(spots);
    case 'zsh':
      return zsh(spots);
    case 'fish':
      return fish(spots);
  }
}

function bash(spots: readonly Spot[]): string {
  const offer = (words: readonly string[]): string =>
    `COMPREPLY=($(compgen -W ${quote(words.join(' '))} -- "$current"))`;
  const files = 'compopt -o default; COMPREPLY=()';
  return `# earshot completion for bash: eval "$(earshot completion bash)"
_earshot() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} at= word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at $word" in
      ${knownSpots(spots)}) at="$at $word" ;;
    esac
  done
  case "$at:$previous" in
${values(spots, { offer, files, nothing: 'COMPREPLY=()' })}
  esac
  case "$at" in
${words(spots, { offer, files })}
  esac
}
complete -F _earshot earshot
`;
}

function zsh(spots: readonly Spot[]): string {
  const offer = (words: readonly string[]): string => `compadd -- ${words.map(quote).join(' ')}`;
  return `#compdef earshot
# earshot completion for zsh: source <(earshot completion zsh)
_earshot() {
  local current=\${words[CURRENT]} previous=\${words[CURRENT-1]} at= word
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at $word" in
      ${knownSpots(spots)}) at="$at $word" ;;
    esac
  done
  case "$at:$previous" in
${values(spots, { offer, files: '_files', nothing: ':' })}
  esac
  case "$at" in
${words(spots, { offer, files: '_files' })}
  esac
}
compdef _earshot earshot
`;
}

function fish(spots: readonly Spot[]): string {
  const lines = spots.flatMap(({ at, commands, options, argument }) => {
    const here = `complete -c earshot -n ${fishQuote(`__earshot_at ${fishQuote(at)}`)}`;
    return [
      ...commands.map(({ name, description }) => `${here} -a ${name} -d ${fishQuote(description)}`),
      ...(argument === undefined ? [] : [`${here} ${fishValue(argument)}`]),
      ...options.map(({ names, description, value }) => {
        const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
        const takes = value === undefined ? '' : `${value.kind === 'file' ? '-r' : '-x'} ${fishValue(value)} `;
        return `${here} ${flags.join(' ')} ${takes}-d ${fishQuote(description)}`.replaceAll('  ', ' ');
      }),
    ];
  });
  return `# earshot completion for fish: earshot completion fish | source
function __earshot_at
  set -l at ''
  set -l typed (commandline -opc)
  set -e typed[1]
  for word in $typed
    switch "$at $word"
      case ${spots.flatMap(({ at }) => (at === '' ? [] : [fishQuote(at)])).join(' ')}
        set at "$at $word"
    end
  end
  test "$at" = "$argv[1]"
end
complete -c earshot -f
${lines.join('\n')}
`;
}

function fishValue(value: Value): string {
  if (value.kind === 'choices') return `-a ${fishQuote(value.choices.join(' '))}`;
  return value.kind === 'file' ? '-F' : '';
}

function knownSpots(spots: readonly Spot[]): string {
  return spots.flatMap(({ at }) => (at === '' ? [] : [quote(at)])).join('|');
}

/** After an option that takes a value. */
function values(
  spots: readonly Spot[],
  say: { readonly offer: (words: readonly string[]) => string; readonly files: string; readonly nothing: string },
): string {
  return spots
    .flatMap(({ at, options }) =>
      options.flatMap(({ names, value }) => {
        if (value === undefined) return [];
        const pattern = names.map((name) => quote(`${at}:${name}`)).join('|');
        const action =
          value.kind === 'choices' ? say.offer(value.choices) : value.kind === 'file' ? say.files : say.nothing;
        return [`    ${pattern}) ${action}; return ;;`];
      }),
    )
    .join('\n');
}

/** Anywhere else: commands and options, and files where an argument is one. */
function words(
  spots: readonly Spot[],
  say: { readonly offer: (words: readonly string[]) => string; readonly files: string },
): string {
  return spots
    .map(({ at, commands, options, argument }) => {
      const choices = argument?.kind === 'choices' ? argument.choices : [];
      const all = [
        ...commands.map(({ name }) => name),
        ...choices,
        ...options.flatMap(({ names }) => names.slice(0, 1)),
      ];
      const files = argument?.kind === 'file' ? `[[ $current == -* ]] || { ${say.files}; return; }; ` : '';
      return `    ${quote(at)}) ${files}${say.offer(all)} ;;`;
    })
    .join('\n');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishQuote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
