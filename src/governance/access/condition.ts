/**
 * The rows a principal may see, from the same rules that answer `can`: there is no second table to keep. What cannot be
 * said as a condition on rows becomes `never`, so a rule nobody thought of here shows less and not more.
 */

import { rulesToAST } from '@casl/ability/extra';
import { unreachable } from '../../base/assert.ts';
import type { AccessAction, AccessSubject, Principal, RowCondition } from '../../model/access.ts';
import { abilityOf } from './ability.ts';

/** Fields in it are those of `Resource`; the store maps them to columns. */
export function conditionOf(principal: Principal, action: AccessAction, subject: AccessSubject): RowCondition {
  const rules = rulesToAST(abilityOf(principal), action, subject);
  return rules === null ? NEVER : toCondition(rules);
}

/** Whether a row with these fields is shown; what SQL does with the condition, for rows that are in memory. */
export function matches(condition: RowCondition, row: Readonly<Record<string, string | undefined>>): boolean {
  switch (condition.kind) {
    case 'always':
      return true;
    case 'never':
      return false;
    case 'in': {
      const value = row[condition.field];
      return value !== undefined && condition.values.includes(value);
    }
    case 'and':
      return condition.parts.every((part) => matches(part, row));
    case 'or':
      return condition.parts.some((part) => matches(part, row));
    default:
      return unreachable(condition);
  }
}

const ALWAYS: RowCondition = { kind: 'always' };
const NEVER: RowCondition = { kind: 'never' };

/** A node of CASL's tree: a comparison of a field, or parts that are joined. */
interface Node {
  readonly operator: string;
  readonly value: unknown;
  readonly field?: unknown;
}

function toCondition({ operator, value, field }: Node): RowCondition {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  switch (operator) {
    case 'and':
      return join('and', list.map(readPart));
    case 'or':
      return join('or', list.map(readPart));
    case 'eq':
    case 'in': {
      const values = list.filter((item) => typeof item === 'string');
      if (typeof field !== 'string' || values.length !== list.length || values.length === 0) return NEVER;
      return { kind: 'in', field, values };
    }
    default:
      return NEVER;
  }
}

function readPart(part: unknown): RowCondition {
  return isNode(part) ? toCondition(part) : NEVER;
}

function join(kind: 'and' | 'or', parts: readonly RowCondition[]): RowCondition {
  const [absorbing, neutral] = kind === 'and' ? [NEVER, ALWAYS] : [ALWAYS, NEVER];
  if (parts.some((part) => part.kind === absorbing.kind)) return absorbing;
  const rest = parts.filter((part) => part.kind !== neutral.kind);
  const [only] = rest;
  if (only === undefined) return neutral;
  return rest.length === 1 ? only : { kind, parts: rest };
}

function isNode(part: unknown): part is Node {
  return typeof part === 'object' && part !== null && 'operator' in part && typeof part.operator === 'string';
}
