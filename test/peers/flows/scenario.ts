/**
 * A sipp scenario in few words: what one side of a call sends and what it waits for, in order, as the XML that sipp reads.
 * Anything else that arrives fails the call. It says nothing of how many calls there are, or where they go.
 */

export type Step = string;

/** A session description that says who wrote it: `name` is in it, and no two of one call are alike. */
export interface Sdp {
  readonly name: string;
  readonly direction?: 'sendrecv' | 'sendonly' | 'recvonly';
}

export interface Parts {
  readonly sdp?: Sdp | undefined;
  /** How many proxies the INVITE passes on its way to the callee; one unless told. */
  readonly proxies?: number;
  /** Further header lines. */
  readonly extra?: readonly string[];
}

export interface InDialog extends Parts {
  readonly cseq: number;
  /** Whether it is for whoever answered last, where several did. */
  readonly isToLast?: boolean;
  /** Sent once only, as an ACK is: nothing answers it. */
  readonly isAck?: boolean;
}

const AT_NODE = 'sip:[service]@[remote_ip]:[remote_port]';
const CALLER = '<sip:customer@example.org>;tag=c[call_number]';
const CALLEE = '<sip:agent@example.org>';
const CALLEE_TAG = ';tag=a[pid]-[call_number]';
const CONTACT = {
  caller: 'Contact: <sip:customer@[local_ip]:[local_port]>',
  callee: 'Contact: <sip:agent@[local_ip]:[local_port]>',
};
/** The same for its CANCEL and for the ACK of a refusal (RFC 3261 §9.1, §17.1.1.3). */
const VIA_OF_INVITE = 'Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK[pid]-[call_number]-invite';
const VIA = 'Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]';

/** sipp takes `[next_url]` from the first response that it is told to, and from no other. */
const REMEMBERS_TARGET = '<ereg regexp="sip:[^&gt;]*" search_in="hdr" header="Contact:" assign_to="target"/>';

/** The scenario as a file's text. */
export function scenario(name: string, steps: readonly Step[]): string {
  const filled = new Set(
    steps.flatMap((step) => [...step.matchAll(/assign_to="(\w+)"/g)].map(([, variable]) => variable)),
  );
  // A variable that is filled and never read is a mistake to sipp, unless it is named here.
  const reference = filled.size === 0 ? [] : [`  <Reference variables="${[...filled].join(',')}"/>`];
  const head = '<?xml version="1.0" encoding="ISO-8859-1" ?>';
  return [head, `<scenario name="${name}">`, ...steps, ...reference, '</scenario>', ''].join('\n');
}

/** The caller's first request, to the user that sipp was told to call unless there is another URI. */
export function invites({ sdp, extra = [], uri = AT_NODE }: Parts & { readonly uri?: string } = {}): Step {
  return sends([...ofInvite('INVITE', uri, ''), CONTACT.caller, ...extra], sdp, 'retrans="500"');
}

/** Gives the call up. */
export function cancels(uri = AT_NODE): Step {
  return sends(ofInvite('CANCEL', uri, ''), undefined, 'retrans="500"');
}

/** Acknowledges that the INVITE was refused. */
export function acknowledgesRefusal(uri = AT_NODE): Step {
  return sends(ofInvite('ACK', uri, '[peer_tag_param]'), undefined, '');
}

function ofInvite(method: string, uri: string, toTag: string): string[] {
  const parties = [`From: ${CALLER}`, `To: ${CALLEE}${toTag}`, 'Call-ID: [call_id]', `CSeq: 1 ${method}`];
  return [`${method} ${uri} SIP/2.0`, VIA_OF_INVITE, ...parties, 'Max-Forwards: 70'];
}

/** A request in the dialog, by the route set and to the remote target that the INVITE or its answer brought. */
export function asks(
  side: 'caller' | 'callee',
  method: string,
  { cseq, isAck, isToLast, sdp, extra = [] }: InDialog,
): Step {
  const parties =
    side === 'caller'
      ? [`From: ${CALLER}`, isToLast ? '[last_To:]' : `To: ${CALLEE}[peer_tag_param]`]
      : [`From: ${CALLEE}${CALLEE_TAG}`, 'To:[$from]'];
  return sends(
    [
      `${method} ${isToLast ? '[$target]' : '[next_url]'} SIP/2.0`,
      VIA,
      '[routes]',
      ...parties,
      'Call-ID: [call_id]',
      `CSeq: ${cseq} ${method}`,
      CONTACT[side],
      'Max-Forwards: 70',
      ...extra,
    ],
    sdp,
    isAck ? '' : 'retrans="500"',
  );
}

/** The callee's answer to the INVITE that began the call, however many other requests came since. */
export function answersInvite(status: string, { sdp, extra = [], proxies = 1 }: Parts = {}): Step {
  const vias = upTo(proxies + 1).map((each) => `Via:[$via${each}]`);
  const dialog = ['From:[$from]', `To: ${CALLEE}${CALLEE_TAG}`, 'Call-ID: [call_id]', 'CSeq: 1 INVITE'];
  const routes = upTo(proxies).map((each) => `Record-Route:[$route${each}]`);
  const lines = [`SIP/2.0 ${status}`, ...vias, ...dialog, ...routes, CONTACT.callee, ...extra];
  return sends(lines, sdp, status.startsWith('2') ? 'retrans="500"' : '');
}

/** The same where the INVITE is what came last, however many proxies it passed. */
export function answersInviteAtOnce(status: string, { sdp }: Pick<Parts, 'sdp'> = {}): Step {
  const dialog = ['[last_From:]', `[last_To:]${CALLEE_TAG}`, '[last_Call-ID:]', '[last_CSeq:]', '[last_Record-Route:]'];
  const lines = [`SIP/2.0 ${status}`, '[last_Via:]', ...dialog, CONTACT.callee];
  return sends(lines, sdp, status.startsWith('2') ? 'retrans="500"' : '');
}

/** An answer to the request that came last, which has its tags already; sent again until its ACK when it is an INVITE's. */
export function answers(
  side: 'caller' | 'callee',
  { sdp, isInvite, isCancel }: Pick<Parts, 'sdp'> & { readonly isInvite?: boolean; readonly isCancel?: boolean } = {},
): Step {
  // A CANCEL has no tag of the callee's yet.
  const to = `[last_To:]${isCancel ? CALLEE_TAG : ''}`;
  const copied = ['[last_Via:]', '[last_From:]', to, '[last_Call-ID:]', '[last_CSeq:]'];
  return sends(['SIP/2.0 200 OK', ...copied, CONTACT[side]], sdp, isInvite ? 'retrans="500"' : '');
}

/** Waits for the INVITE that begins a call; one in which `X-Plan` says that label goes on behind it. */
export function waitsForInvite({
  label,
  proxies = 1,
}: { readonly label?: string; readonly proxies?: number } = {}): Step {
  const where = label === undefined ? '' : ` next="${label}" test="${label}"`;
  return receives(`request="INVITE" rrs="true"${where}`, [
    ...upTo(proxies + 1).map((each) => remembers(`via${each}`, 'Via:', each)),
    ...upTo(proxies).map((each) => remembers(`route${each}`, 'Record-Route:', each)),
    remembers('from', 'From:', 1),
    ...(label === undefined ? [] : [`<ereg regexp="${label}" search_in="hdr" header="X-Plan:" assign_to="${label}"/>`]),
  ]);
}

/** Waits for a request in the dialog; one that must have a header is refused without it. */
export function waitsFor(method: string, header?: { readonly name: string; readonly is: string }): Step {
  return receives(`request="${method}"`, header ? [demands(header.name, header.is)] : []);
}

/** Waits for the 100 that may come, and for a response; the route set is taken from it where it makes the dialog. */
export function hears(status: number, { makesDialog = false, mayTry = false } = {}): Step {
  const trying = mayTry ? '  <recv response="100" optional="true"/>\n' : '';
  const [attribute, actions] = makesDialog ? [' rrs="true"', [REMEMBERS_TARGET]] : ['', []];
  return trying + receives(`response="${status}"${attribute}`, actions);
}

/** A response that may come instead of the next: its call goes on at that label. */
export function mayHear(status: number, label: string): Step {
  return receives(`response="${status}" optional="true" next="${label}"`, []);
}

export function pauses(ms: number): Step {
  return `  <pause milliseconds="${ms}"/>`;
}

export function goesOnAt(label: string): Step {
  return `  <nop next="${label}"/>`;
}

export function isLabelled(label: string): Step {
  return `  <label id="${label}"/>
  <nop/>`;
}

function sends(lines: readonly string[], sdp: Sdp | undefined, attributes: string): Step {
  const body = sdp === undefined ? [] : sdpLines(sdp);
  const kind = sdp === undefined ? ['Content-Length: 0'] : ['Content-Type: application/sdp', 'Content-Length: [len]'];
  const text = [...lines, ...kind, '', ...body].join('\n');
  return `  <send${attributes === '' ? '' : ` ${attributes}`}><![CDATA[\n\n${text}\n\n  ]]></send>`;
}

function sdpLines({ name, direction = 'sendrecv' }: Sdp): string[] {
  const session = ['v=0', 'o=- 7 7 IN IP4 [local_ip]', `s=${name}`, 'c=IN IP4 [local_ip]', 't=0 0'];
  const audio = ['m=audio [media_port] RTP/AVP 0 101', 'a=rtpmap:0 PCMU/8000', 'a=rtpmap:101 telephone-event/8000'];
  return [...session, ...audio, `a=x-of-call:[call_id]`, `a=${direction}`];
}

function receives(attributes: string, actions: readonly string[]): Step {
  if (actions.length === 0) return `  <recv ${attributes}/>`;
  return `  <recv ${attributes}><action>${actions.join('')}</action></recv>`;
}

function remembers(variable: string, header: string, occurrence: number): string {
  return `<ereg regexp=".*" search_in="hdr" header="${header}" occurrence="${occurrence}" check_it="true" assign_to="${variable}"/>`;
}

function demands(header: string, regexp: string): string {
  return `<ereg regexp="${regexp}" search_in="hdr" header="${header}:" check_it="true" assign_to="demanded"/>`;
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
