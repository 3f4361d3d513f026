import { describe, expect, test } from 'vitest';
import { tortureMessage, tortureNames } from '../../protocol/sip/torture-messages.ts';
import type { Torture } from '../../protocol/sip/torture-messages.ts';
import type { Sent } from './fake-network.ts';
import { CARRIER, PBX, Stage } from './stage.ts';

/** What the RFC wants of whoever receives it, and what a proxy with this one peer on each side does. */
interface Row {
  readonly rfc: string;
  readonly does: 'forwarded' | { readonly refused: number; readonly reason: string } | { readonly dropped: string };
  /** Where we do less, or other, than the RFC would have liked: why. */
  readonly deviation?: string;
}

const refused = (status: number, reason: string): Row['does'] => ({ refused: status, reason });
const dropped = (word: string): Row['does'] => ({ dropped: word });
const WELL_FORMED = 'well-formed: a proxy forwards it';
const NOT_OURS = 'Routed by its tenant, never by its Request-URI; refusing the scheme would refuse urn:service:sos.';
const UNREAD = 'A header that a proxy has no business with is not read, and never a reason to refuse (RFC 3261 §16.3).';

const RFC4475: Readonly<Record<string, Row>> = {
  '3.1.1.1-wsinv': {
    rfc: WELL_FORMED,
    does: refused(481, 'no_route_token'),
    deviation: 'It names a dialog that never was.',
  },
  '3.1.1.2-intmeth': { rfc: `${WELL_FORMED}, or 404`, does: 'forwarded' },
  '3.1.1.3-esc01': { rfc: WELL_FORMED, does: 'forwarded' },
  '3.1.1.4-escnull': { rfc: WELL_FORMED, does: 'forwarded' },
  '3.1.1.5-esc02': { rfc: `${WELL_FORMED}; the method is not unescaped`, does: 'forwarded' },
  '3.1.1.6-lwsdisp': { rfc: WELL_FORMED, does: 'forwarded' },
  '3.1.1.7-longreq': { rfc: WELL_FORMED, does: 'forwarded' },
  '3.1.1.8-dblreq': { rfc: 'the octets after the body are ignored', does: 'forwarded' },
  '3.1.1.9-semiuri': { rfc: WELL_FORMED, does: 'forwarded' },
  '3.1.1.10-transports': { rfc: WELL_FORMED, does: 'forwarded' },
  '3.1.1.11-mpart01': { rfc: `${WELL_FORMED}, the body byte for byte`, does: 'forwarded' },
  '3.1.1.12-unreason': { rfc: 'well-formed; a response to nothing of ours', does: dropped('stray_response') },
  '3.1.1.13-noreason': { rfc: 'well-formed; a response to nothing of ours', does: dropped('stray_response') },
  '3.1.2.1-badinv01': { rfc: '400', does: refused(400, 'via') },
  '3.1.2.2-clerr': { rfc: '400 over UDP', does: refused(400, 'truncated_body') },
  '3.1.2.3-ncl': { rfc: '400', does: refused(400, 'content_length') },
  '3.1.2.4-scalar02': { rfc: '400, for the CSeq', does: refused(400, 'cseq') },
  '3.1.2.5-scalarlg': { rfc: 'a response is dropped', does: dropped('cseq') },
  '3.1.2.6-quotbal': { rfc: '400', does: refused(400, 'to') },
  '3.1.2.7-ltgtruri': { rfc: '400', does: refused(400, 'request_line') },
  '3.1.2.8-lwsruri': { rfc: '400', does: refused(400, 'request_line') },
  '3.1.2.9-lwsstart': { rfc: '400', does: refused(400, 'request_line') },
  '3.1.2.10-trws': { rfc: '400', does: refused(400, 'request_line') },
  '3.1.2.11-escruri': { rfc: '400; a liberal proxy must not forward the headers', does: refused(400, 'request_uri') },
  '3.1.2.12-baddate': { rfc: 'may be refused by who cares for the date', does: 'forwarded', deviation: UNREAD },
  '3.1.2.13-regbadct': { rfc: '400, from the registrar', does: 'forwarded', deviation: UNREAD },
  '3.1.2.14-badaspec': { rfc: '400, or the spaces are ignored', does: 'forwarded' },
  '3.1.2.15-baddn': {
    rfc: '400, or read liberally',
    does: dropped('no_head_end'),
    deviation: 'The file ends before its head does, and then there is nothing to answer. Closed, it is forwarded.',
  },
  '3.1.2.16-badvers': { rfc: '505', does: refused(505, 'version') },
  '3.1.2.17-mismatch01': { rfc: '400', does: refused(400, 'cseq_method') },
  '3.1.2.18-mismatch02': { rfc: '501 or 400', does: refused(400, 'cseq_method') },
  '3.1.2.19-bigcode': { rfc: 'dropped', does: dropped('status') },
  '3.2.1-badbranch': { rfc: 'matched as RFC 2543 did', does: 'forwarded' },
  '3.3.1-insuf': { rfc: '400 if at all', does: refused(400, 'missing_header') },
  '3.3.2-unkscm': { rfc: '416 from who routes by it', does: 'forwarded', deviation: NOT_OURS },
  '3.3.3-novelsc': { rfc: '416 from who routes by it', does: 'forwarded', deviation: NOT_OURS },
  '3.3.4-unksm2': { rfc: 'no matter for a proxy', does: 'forwarded' },
  '3.3.5-bext01': { rfc: '420 with Unsupported, from a proxy', does: refused(420, 'proxy_require') },
  '3.3.6-invut': { rfc: '415, from the one who is called', does: 'forwarded' },
  '3.3.7-regaut01': { rfc: '401 or 200, from the registrar', does: 'forwarded' },
  '3.3.8-multi01': { rfc: '400', does: refused(400, 'repeated_header') },
  '3.3.9-mcl01': { rfc: '400', does: refused(400, 'content_length') },
  '3.3.10-bcast': { rfc: 'dropped, never sent to that Via', does: dropped('stray_response') },
  '3.3.11-zeromf': { rfc: '483', does: refused(483, 'too_many_hops') },
  '3.3.12-cparam01': { rfc: 'no matter for a proxy', does: 'forwarded' },
  '3.3.13-cparam02': { rfc: 'no matter for a proxy', does: 'forwarded' },
  '3.3.14-regescrt': { rfc: 'no matter for a proxy', does: 'forwarded' },
  '3.3.15-sdp01': { rfc: '406, from the one who is called', does: 'forwarded' },
  '3.4.1-inv2543': { rfc: 'taken as RFC 2543 meant it', does: 'forwarded' },
};

const OTHER_DIALOG = 'It names a dialog that never was: read, and answered.';

const RFC5118: Readonly<Record<string, Row>> = {
  '4.1-ipv6-good': { rfc: WELL_FORMED, does: 'forwarded' },
  '4.2-ipv6-bad': { rfc: '400', does: refused(400, 'request_uri') },
  '4.3-port-ambiguous': { rfc: 'well-formed: the digits are address', does: 'forwarded' },
  '4.4-port-unambiguous': { rfc: WELL_FORMED, does: 'forwarded' },
  '4.5-via-received-param-with-delim': {
    rfc: 'must be read',
    does: refused(481, 'no_route_token'),
    deviation: OTHER_DIALOG,
  },
  '4.5-via-received-param-no-delim': { rfc: 'must be read', does: 'forwarded' },
  '4.6-ipv6-in-sdp': { rfc: WELL_FORMED, does: 'forwarded' },
  '4.7-mult-ip-in-header': { rfc: WELL_FORMED, does: refused(481, 'no_route_token'), deviation: OTHER_DIALOG },
  '4.8-mult-ip-in-sdp': { rfc: WELL_FORMED, does: 'forwarded' },
  '4.9-ipv4-mapped-ipv6': { rfc: WELL_FORMED, does: 'forwarded' },
  '4.10-ipv6-bug-abnf-3-colons': { rfc: 'must be borne', does: 'forwarded' },
  '4.10-ipv6-correct-abnf-2-colons': { rfc: WELL_FORMED, does: 'forwarded' },
};

async function through(bytes: Buffer): Promise<{ readonly stage: Stage; readonly sent: readonly Sent[] }> {
  const stage = await Stage.open();
  stage.anchor.next = { kind: 'untouched', reason: 'none' };
  return { stage, sent: stage.fromCarrier(bytes).filter(({ text }) => !text.startsWith('SIP/2.0 100 ')) };
}

/** The message without what every hop changes: our Via and Record-Route, what we know of its sender, one hop fewer. */
function withoutHopEdits(text: string): string {
  return text
    .replace(/^Via: SIP\/2\.0\/UDP 10\.0\.0\.1:5060;branch=z9hG4bKe\w+\r\n/m, '')
    .replace(/^Record-Route: <sip:[^>]+@(?:10\.0\.0\.1|198\.51\.100\.1):5060;lr>\r\n/gm, '')
    .replace(';received=192.0.2.10', '')
    .replace(';rport=5060', ';rport')
    .replace(/^(max-forwards *: *)\d+/im, '$1N');
}

/** What came, as far as it is the message at all. */
function asItCame(name: string, bytes: Buffer): string {
  const text = bytes.toString('latin1').replace(/^(max-forwards *: *)\d+/im, '$1N');
  if (name.endsWith('no-delim')) return text.replace(';received=2001:db8::9:255', '');
  if (name.endsWith('dblreq')) return text.slice(0, text.indexOf('\r\n\r\n') + 4);
  // A request without Max-Forwards gets one (RFC 3261 §16.6 step 3), above its first Via.
  return name.endsWith('inv2543') ? text.replace(/^Via/m, 'Max-Forwards: N\r\nVia') : text;
}

function expectForwarded(name: string, bytes: Buffer, sent: readonly Sent[]): void {
  expect(sent.map(({ to }) => to)).toEqual([PBX]);
  expect(withoutHopEdits(sent[0]?.text ?? '')).toBe(asItCame(name, bytes));
}

describe.each<[Torture, Readonly<Record<string, Row>>]>([
  ['rfc4475', RFC4475],
  ['rfc5118', RFC5118],
])('%s through the proxy', (rfc, rows) => {
  test('no message is left out', () => {
    expect(Object.keys(rows).sort()).toEqual(tortureNames(rfc));
  });

  test.each(Object.entries(rows).map(([name, row]) => ({ name, ...row })))('$name: $rfc', async ({ name, does }) => {
    const bytes = tortureMessage(rfc, name);

    const { stage, sent } = await through(bytes);

    if (does === 'forwarded') {
      expectForwarded(name, bytes, sent);
    } else if ('dropped' in does) {
      expect(sent).toEqual([]);
      expect(stage.count('earshot_sip_dropped_total', { reason: does.dropped })).toBe(1);
    } else {
      expect(sent).toHaveLength(1);
      expect(sent[0]?.text).toMatch(new RegExp(`^SIP/2\\.0 ${does.refused} `));
      expect(sent[0]?.text).toContain(`"${does.reason}"`);
      expect(sent[0]?.to.address).toBe(CARRIER.address);
    }
  });
});

test('§3.1.1.1: outside a dialog the tortuous INVITE leaves with every fold and space it came with', async () => {
  const bytes = Buffer.from(
    tortureMessage('rfc4475', '3.1.1.1-wsinv').toString('latin1').replace(' ;   tag    = 1918181833n', ''),
    'latin1',
  );

  const { sent } = await through(bytes);

  expectForwarded('wsinv', bytes, sent);
});

test('§3.1.2.15: with its head closed, the unquoted comma in a display name is borne', async () => {
  const bytes = Buffer.concat([tortureMessage('rfc4475', '3.1.2.15-baddn'), Buffer.from('\r\n')]);

  const { sent } = await through(bytes);

  expectForwarded('baddn', bytes, sent);
});

test('§3.2.1: two requests that share the empty branch are two transactions, and one of them again is none', async () => {
  const stage = await Stage.open();
  const first = tortureMessage('rfc4475', '3.2.1-badbranch').toString('latin1');

  const sent = [first, first.replace('CSeq: 8', 'CSeq: 9'), first].flatMap((text) => stage.fromCarrier(text));

  expect(sent.map(({ to }) => to)).toEqual([PBX, PBX]);
});

test('§3.3.5: the refusal lists what was required, and nothing reaches the next hop', async () => {
  const { sent } = await through(tortureMessage('rfc4475', '3.3.5-bext01'));

  expect(sent[0]?.text).toContain('\r\nUnsupported: noProxiesSupportThis, norDoAnyProxiesSupportThis\r\n');
});

test('§3.3.10: a response is never sent to what a stranger wrote into the second Via', async () => {
  const { sent } = await through(tortureMessage('rfc4475', '3.3.10-bcast'));

  expect(sent).toEqual([]);
});
