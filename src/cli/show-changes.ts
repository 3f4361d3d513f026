/** Changes of the configuration as people read them: what is added, removed and changed, by path, before and after. */

import type { ConfigChange } from '../model/api/config.ts';
import { plain } from './terminal/plain.ts';

type Shown = Pick<ConfigChange, 'action' | 'path' | 'before' | 'after'>;

const SIGN = { add: '+', remove: '-', change: '~' } as const;
const MAX_VALUE_CHARS = 400;

/** One block per change and a line that counts them; nothing for no changes. */
export function renderChanges(changes: readonly Shown[]): string {
  if (changes.length === 0) return '';
  const count = (action: Shown['action']): number => changes.filter((change) => change.action === action).length;
  const total = `${count('add')} added, ${count('remove')} removed, ${count('change')} changed`;
  return `${changes.map(renderChange).join('')}${total}\n`;
}

function renderChange({ action, path, before, after }: Shown): string {
  const values = [
    before === undefined ? [] : [`    - ${cut(before)}\n`],
    after === undefined ? [] : [`    + ${cut(after)}\n`],
  ];
  return `${SIGN[action]} ${plain(path)}\n${values.flat().join('')}`;
}

function cut(value: string): string {
  const text = plain(value);
  return text.length <= MAX_VALUE_CHARS ? text : `${text.slice(0, MAX_VALUE_CHARS)}…`;
}
