import { expect, test } from 'vitest';
import { affectedProcessors } from '../../../src/governance/use-cases/compare-hearing.ts';
import { DEFAULT_REDACTION } from '../../../src/model/redaction-settings.ts';
import { collector, revision, scribe, tenant } from './world.ts';

const before = { tenant, revision };

test('nobody is asked about anew where nothing that governs hearing has changed', () => {
  const after = { tenant: structuredClone(tenant), revision: structuredClone(revision) };

  expect(affectedProcessors(before, after).size).toBe(0);
});

test('another way to redact is no question for policy', () => {
  const redaction = { ...DEFAULT_REDACTION, deny: ['project falcon'] };

  const affected = affectedProcessors(before, { tenant: { ...tenant, redaction }, revision });

  expect(affected.size).toBe(0);
});

test('a processor that is described otherwise concerns itself alone', () => {
  const processors = [{ ...scribe, region: 'us' }, collector];

  const affected = affectedProcessors(before, { tenant, revision: { ...revision, processors } });

  expect([...affected]).toEqual([scribe.id, tenant.processors[2]]);
});
