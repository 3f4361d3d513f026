import { expect, test } from 'vitest';
import { renderWhoAmI } from '../../src/cli/access.ts';
import { callColumns, renderCall } from '../../src/cli/calls.ts';
import { revisionColumns } from '../../src/cli/config.ts';
import { decisionColumns } from '../../src/cli/decisions.ts';
import { entryColumns, gapColumns } from '../../src/cli/ledger-query.ts';
import { processorColumns } from '../../src/cli/processors.ts';
import { revocationColumns } from '../../src/cli/revoke.ts';
import { TENANT_COLUMNS } from '../../src/cli/tenants.ts';
import { tokenColumns } from '../../src/cli/tokens.ts';
import { renderTranscript, transcriptColumns } from '../../src/cli/transcripts.ts';
import { renderTable } from '../../src/cli/terminal/table.ts';
import type { CallDetail } from '../../src/model/api/calls.ts';

const AT = Date.UTC(2026, 2, 1, 12, 0, 0);
const utc = (): number => 0;
const CALL = `c_${'1'.repeat(32)}`;
const HASH = 'ab'.repeat(32);

const call: CallDetail = {
  call: CALL,
  tenant: 'acme',
  state: 'past',
  direction: 'inbound',
  ingress: 'outside',
  media: 'anchored',
  started_ms: AT,
  duration_ms: 185_000,
  reason: 'bye',
  signaling: { messages: 13, digest: HASH, edits: { 'record-route': 1, via: 9 } },
  config_revision: 4,
  heard_by: [{ processor: 'scribe', leases: 2, bytes: 100 }],
  processors: [
    {
      processor: 'scribe',
      hears: ['raw_audio'],
      terms: [HASH],
      leases: 2,
      audio_ms: 41_300,
      bytes: 100,
      bytes_unknown_max: 50,
      releases: 0,
      chars: 0,
    },
  ],
  refusals: [{ entrypoint: 'stream', processor: 'collector', code: 'policy_denied', rules: ['training'], count: 2 }],
  gaps: [{ stream: `s_${'2'.repeat(32)}`, processor: 'scribe', reason: 'lost', from_ms: 1000, to_ms: 1500, count: 1 }],
  pci: { windows: 0, exposed_ms: 0, exposed_bytes: 0, unknown: 0, first: [] },
  entries: 45,
};

test('a call in which card data was taken: when, why, and how much of it was sent', () => {
  const window = { window: 'w', stream: 's_1', opened_ms: 4000, sensitive_ms: 3000 };
  const first = [
    { ...window, trigger: 'question', exposed_ms: 0, exposed_bytes: 0, closed_ms: 9000, reason: 'said' },
    { ...window, trigger: 'digits', exposed_ms: 900, exposed_bytes: 'unknown' as const },
  ];
  const pci = { windows: 3, exposed_ms: 1000, exposed_bytes: 3200, unknown: 1, first };

  expect(renderCall({ ...call, pci }, utc)).toContain(
    [
      'card data',
      '  FROM   TO     BECAUSE OF  CLOSED BY  SENT                                STREAM',
      '  4.0 s  9.0 s  question    said       nothing                             s_1',
      '  4.0 s  -      digits      -          0.9 s, nobody knows how many bytes  s_1',
      '  and 1 more; of all, 1.0 s, 3200 bytes, and of 1 nobody knows',
      '',
    ].join('\n'),
  );
});

test('a list of calls', () => {
  expect(renderTable(callColumns(utc), [call])).toBe(
    [
      'CALL                                TENANT  STATE      STARTED                    LASTED    MEDIA     HEARD BY',
      `${CALL}  acme    past, bye  2026-03-01T12:00:00+00:00  3 m 05 s  anchored  scribe`,
      '',
    ].join('\n'),
  );
});

test('one call: facts, who heard it, refusals, gaps', () => {
  expect(renderCall(call, utc)).toBe(
    [
      `call           ${CALL}`,
      'tenant         acme',
      'state          past, bye',
      'direction      inbound, in at outside',
      'media          anchored',
      'started        2026-03-01T12:00:00+00:00',
      'lasted         3 m 05 s',
      `signaling      13 messages, ${HASH}, edited: record-route 1, via 9`,
      'configuration  revision 4',
      'entries        45',
      '',
      'who heard or read it',
      '  PROCESSOR  HEARS      AUDIO   BYTES                    LEASES  RELEASES  CHARS  TERMS',
      '  scribe     raw_audio  41.3 s  100 and at most 50 more  2       0         0      abababababab',
      '',
      'refused',
      '  WHOM       WHAT    CODE           TIMES  RULES',
      '  collector  stream  policy_denied  2      training',
      '',
      'gaps',
      '  FROM   TO     REASON  FOR     TIMES  STREAM',
      `  1.0 s  1.5 s  lost    scribe  1      s_${'2'.repeat(32)}`,
      '',
    ].join('\n'),
  );
});

test('a call that nobody heard says so', () => {
  expect(renderCall({ ...call, processors: [], refusals: [], gaps: [] }, utc)).toContain(
    'who heard or read it\n  nobody\n',
  );
});

test('decisions', () => {
  const decision = {
    tenant: 'acme',
    at_ms: AT,
    kind: 'refusal',
    entrypoint: 'stream',
    allow: false,
    code: 'policy_denied',
    rules: [{ rule: 'training' }, { rule: 'region', clause: 'x' }],
    call: CALL,
    processor: 'collector',
    count: 3,
    input: HASH,
  } as const;

  expect(renderTable(decisionColumns(utc), [{ ...decision, rules: [...decision.rules] }]).split('\n')[1]).toBe(
    `2026-03-01T12:00:00+00:00  acme    stream  collector  denied, policy_denied  3      ${CALL}  training, region`,
  );
});

test('entries, in words', () => {
  const entry = {
    schema: 'earshot/entry/v1',
    kind: 'lease.open',
    at_ms: AT,
    call: CALL,
    processor: 'scribe',
    lease: `e_${'4'.repeat(32)}`,
    hears: 'raw_audio',
    from_ms: 0,
    through_ms: 30_000,
    max_bytes: 960_000,
    terms: HASH,
    decision: { allow: true, code: 'allowed', rules: [{ rule: 'raw_audio_to_transcriber' }], obligations: {} },
  };
  const view = { log: 'acme', node: 'edge-1', epoch: 'p_1', seq: 1, leaf: HASH, entry };
  const release = {
    ...view,
    entry: { kind: 'release.request', at_ms: AT, call: CALL, entities: { CARD: 1, PHONE: 0 }, chars: 80, final: true },
  };

  const [, first, second] = renderTable(entryColumns(utc), [view, release]).split('\n');

  expect(first).toBe(
    `2026-03-01T12:00:00+00:00  acme  lease.open       ${CALL}  scribe     lease e_44444444…, hears raw_audio, from 0.0 s, through 30.0 s, max bytes 960000, allowed by raw_audio_to_transcriber`,
  );
  expect(second).toContain('entities CARD 1, chars 80, final');
});

test('an entry of a kind that is not known, or full of nonsense, is shown all the same', () => {
  const entry = { kind: 'brand.new', at_ms: 'x', decision: 5, list: [{}, null], deep: { a: { b: 1 } }, nothing: null };
  const view = { log: 'acme', node: 'n', epoch: 'p', seq: 0, leaf: HASH, entry };

  expect(renderTable(entryColumns(utc), [view])).toContain('brand.new');
});

test('gaps', () => {
  const entry = { kind: 'gap', at_ms: AT, call: CALL, reason: 'lost', from_ms: 0, to_ms: 900, count: 4 };
  const view = { log: 'acme', node: 'n', epoch: 'p', seq: 0, leaf: HASH, entry };

  expect(renderTable(gapColumns(utc), [view]).split('\n')[1]).toBe(
    `2026-03-01T12:00:00+00:00  acme    ${CALL}  0.0 s  0.9 s  lost    -    4`,
  );
});

test('tokens', () => {
  const token = {
    token: `k_${'5'.repeat(32)}`,
    holder: 'ann',
    roles: ['auditor' as const],
    tenants: ['acme'],
    issued_by: 'bob',
    issued_ms: AT,
    expires_ms: AT,
    state: 'active' as const,
  };

  expect(renderTable(tokenColumns(utc), [token]).split('\n')[1]).toBe(
    `k_${'5'.repeat(32)}  ann     auditor  acme     active  2026-03-01T12:00:00+00:00  bob`,
  );
});

test('who one is', () => {
  expect(renderWhoAmI({ token: 'k_1', holder: 'ann', roles: ['ops'], expires_ms: AT }, 'https://x:1', utc)).toBe(
    [
      'node     https://x:1',
      'token    k_1',
      'holder   ann',
      'roles    ops',
      'tenants  all',
      'expires  2026-03-01T12:00:00+00:00',
      '',
    ].join('\n'),
  );
});

test('tenants with the policy in force, or why there is none', () => {
  const tenant = {
    tenant: 'acme',
    sources: ['192.0.2.0/24'],
    ingress: 'outside',
    egress: 'inside',
    next: ['sip:10.0.0.20:5060'],
    processors: ['scribe', 'coach'],
    policy: { state: 'active' as const, origin: 'default' as const },
    live_calls: 3,
    revoked: false,
  };
  const refused = { ...tenant, policy: { state: 'refused', origin: 'file', code: 'GOLDEN_INPUT_FAILED' } as const };

  const [, first, second] = renderTable(TENANT_COLUMNS, [tenant, { ...refused, revoked: true }]).split('\n');

  expect(first).toBe(
    'acme               3      192.0.2.0/24  outside > inside: sip:10.0.0.20:5060  scribe, coach  the shipped default',
  );
  expect(second).toContain('acme (AI revoked)');
  expect(second).toContain('refused: GOLDEN_INPUT_FAILED, so AI is off');
});

test('processors with their terms', () => {
  const processor = {
    processor: 'scribe',
    protocol: 'vosk',
    hears: 'raw_audio' as const,
    region: 'eu-central',
    legal_entity: 'Scribe GmbH',
    purpose: 'transcription',
    terms: { hash: HASH, training: false, retention_days: 0, expires_ms: AT },
    tenants: ['acme'],
    health: 'up' as const,
    streams: 2,
    lag_ms: 1200,
    revoked: false,
  };

  expect(renderTable(processorColumns(utc), [processor]).split('\n')[1]).toBe(
    'scribe     raw_audio  up      2, 1.2 s behind  eu-central  Scribe GmbH   transcription  no training, keeps nothing, until 2026-03-01  acme',
  );
});

test('revocations', () => {
  const revocation = {
    revocation: `v_${'6'.repeat(32)}`,
    target: { scope: 'processor' as const, processor: 'scribe', tenant: 'acme' },
    reason: 'a leak\u001b[2J',
    actor: 'local',
    acted_ms: AT,
    silenced: 1,
    recorded: true,
  };

  expect(renderTable(revocationColumns(utc), [revocation]).split('\n')[1]).toBe(
    `v_${'6'.repeat(32)}  processor scribe for tenant acme  2026-03-01T12:00:00+00:00  local  yes       a leak?[2J`,
  );
});

test('revisions', () => {
  const revision = { revision: 4, digest: HASH, author: 'k_1', reason: 'a new hop', at_ms: AT, in_force: true };

  expect(renderTable(revisionColumns(utc), [revision]).split('\n')[1]).toBe(
    '4         yes       2026-03-01T12:00:00+00:00  k_1     abababababab  a new hop',
  );
});

test('a transcript, turn by turn, that cannot write to the terminal', () => {
  const turns = [
    { leg: 'l', role: 'customer' as const, from_ms: 1200, to_ms: 2000, text: 'my card is [CARD]', entities: {} },
    {
      leg: 'm',
      role: 'agent' as const,
      from_ms: 65_000,
      to_ms: 66_000,
      text: 'thank\u001b]0;x\u0007 you\nall',
      entities: {},
    },
  ];

  expect(renderTranscript({ call: CALL, tenant: 'acme', complete: true, turns })).toBe(
    [
      `call ${CALL}, tenant acme`,
      'FROM      WHO       SAID',
      '1.2 s     customer  my card is [CARD]',
      '1 m 05 s  agent     thank?]0;x? you?all',
      '',
    ].join('\n'),
  );
  expect(renderTranscript({ call: CALL, tenant: 'acme', complete: true, turns: [] })).toContain('nothing was said');
});

test('kept transcripts', () => {
  const kept = {
    sealed: 'o_1',
    call: CALL,
    tenant: 'acme',
    class: 'transcript',
    opened_ms: AT,
    chunks: 9,
    size_bytes: 512,
  };

  expect(renderTable(transcriptColumns(utc), [kept]).split('\n')[1]).toBe(
    `${CALL}  acme    transcript  2026-03-01T12:00:00+00:00  9       512`,
  );
});
