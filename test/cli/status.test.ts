import { expect, test } from 'vitest';
import { renderStatus } from '../../src/cli/status.ts';

const call = {
  pid: 7,
  restarts: 0,
  scheduling: 'SCHED_RR',
  ready: true,
  silent_ms: 312,
  calls: 3,
  legs: 6,
  streams: 6,
  packets_received: 120_000,
  packets_forwarded: 119_990,
  packets_lost: 4,
  packets_dropped: 10,
  packets_replayed: 3,
  packets_unauthenticated: 2,
};
const governance = {
  pid: 8,
  restarts: 1,
  scheduling: 'SCHED_IDLE',
  ready: true,
  silent_ms: 40,
  taps: 6,
  leases: 12,
  readers: 6,
  lag_ms: 120,
  releases_waiting: 0,
  ledger: true,
  ledger_waiting: 0,
  database: true,
  policy_default: '8454465bc6569c26232bf4f65351ccf2',
  policy_guardrail: 'c68a6be1a77e7d09d14c6a0914d3701d',
  tenants: 5,
  tenants_with_policy: 2,
  revocations: 2,
  revocations_unrecorded: 1,
  revision: 4,
  config_digest: '3f2a55aa77bb99ccdd',
};
const node = { node: 'edge-1', version: '1.2.3', ready: true, conditions: [], database: 'own' };
const reader = { state: 'running', pid: 9, starts: 2, failures: 0 };

test('the status says at a glance whether it takes calls, what is amiss, and how calls, AI and evidence are', () => {
  const text = renderStatus({ ...node, conditions: ['governance: x'], planes: { call, governance }, reader });

  expect(text.split('\n')).toEqual([
    'Earshot 1.2.3, node edge-1: ready, takes calls and hears them',
    '  ! governance: x',
    '',
    'calls    3 live, 6 legs, 6 streams',
    'packets  120,000 in, 119,990 out, 4 lost on the way to us, 10 dropped (3 replayed, 2 not authentic)',
    'AI       6 taps, 12 leases, 6 readers, lag 120 ms, 0 releases waiting',
    'ledger   available, 0 waiting, database own, reachable',
    'policy   default 8454465bc656, guardrail c68a6be1a77e, 2 of 5 tenants with their own',
    'config   revision 4, 3f2a55aa77bb',
    'revoked  2 in force, 1 not recorded yet',
    'reader   running (process 9), 2 starts, 0 failures',
    '',
    'PROCESS     PID  READY  HEARD      RESTARTS  SCHEDULING',
    'call        7    yes    0.3 s ago  0         SCHED_RR',
    'governance  8    yes    0.0 s ago  1         SCHED_IDLE',
    '',
  ]);
});

test('when governance is not ready the AI is said to be silent, and what is not known is left out', () => {
  const text = renderStatus({ ...node, planes: { call, governance: { pid: null, ready: false, silent_ms: -1 } } });

  expect(text).toContain('takes calls, AI is silent');
  expect(text).not.toContain('policy');
  expect(text).toContain('never');
});

test('what is refused or away is said in capitals', () => {
  const broken = { ...governance, ledger: false, database: false, policy_guardrail: '', revocations: 0 };

  const text = renderStatus({ ...node, planes: { call, governance: broken } });

  expect(text).toContain('NOT available');
  expect(text).toContain('NOT reachable');
  expect(text).toContain('guardrail NONE');
  expect(text).toContain('revoked  nothing');
});

test('the status of something that is not a node is rendered without a throw, and nothing in it reaches the terminal', () => {
  expect(renderStatus({ planes: 5, conditions: 'x' })).toContain('not ready');
  expect(renderStatus({ planes: { call: null, governance: [1] } })).toContain('not ready');
  expect(renderStatus({ ...node, node: 'a\u001b[2J', conditions: ['b\nc'] })).not.toMatch(/\u001b|b\nc/);
});
