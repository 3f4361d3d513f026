import { expect, test } from 'vitest';
import { completionScript } from '../../src/cli/completion/scripts.ts';
import { listSpots } from '../../src/cli/completion/spots.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { systemTerminal } from '../../src/cli/terminal/terminal.ts';
import { runCommand } from './scripted-terminal.ts';

const spots = listSpots(buildProgram(systemTerminal));

test('every command is a spot, with its options, choices and files', () => {
  const issue = spots.find(({ at }) => at === ' tokens issue');
  const build = spots.find(({ at }) => at === ' policy build');

  expect(spots[0]?.commands.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['start', 'calls', 'ledger', 'apply', 'revoke', 'policy', 'completion']),
  );
  expect(issue?.options.find(({ names }) => names.includes('--role'))?.value).toEqual({
    kind: 'choices',
    choices: ['admin', 'security', 'auditor', 'ops'],
  });
  expect(issue?.options.find(({ names }) => names.includes('--out'))).toMatchObject({
    names: ['--out', '-o'],
    value: { kind: 'file' },
  });
  expect(issue?.options.find(({ names }) => names.includes('--print'))?.value).toBeUndefined();
  expect(build?.argument).toEqual({ kind: 'file' });
});

test.each(['bash', 'zsh', 'fish'] as const)('the script of %s knows every command, option and choice', (shell) => {
  const script = completionScript(shell, spots);

  for (const { at, options } of spots) {
    expect(script).toContain(at);
    for (const { names, value } of options) {
      const [name = ''] = names;
      expect(script).toContain(shell === 'fish' ? `-l ${name.slice(2)}` : name);
      if (value?.kind === 'choices') for (const choice of value.choices) expect(script).toContain(choice);
    }
  }
});

test('a word with a quote in it stays one word', () => {
  const spot = {
    at: '',
    commands: [{ name: 'x', description: "somebody's \\ own" }],
    options: [],
    argument: { kind: 'choices' as const, choices: ["it's"] },
  };

  expect(completionScript('bash', [spot])).toContain(`'x it'\\''s'`);
  expect(completionScript('fish', [spot])).toContain(`-d 'somebody\\'s \\\\ own'`);
});

test('the command prints it, and knows three shells', async () => {
  const bash = await runCommand(['completion', 'bash']);
  const tcsh = await runCommand(['completion', 'tcsh']);

  expect(bash.out).toContain('complete -F _earshot earshot');
  expect(tcsh.notes.join()).toContain('Allowed choices are bash, zsh, fish');
});
