/**
 * What we write into Record-Route (RFC 3261 §16.6 step 4) and Path (RFC 3327): our address with a token of ours. Into
 * Record-Route twice where the two sides differ, so that each meets us on its own (RFC 5658). It keeps nothing.
 */

import { insertPath, insertRecordRoutes } from '../../protocol/sip/edits.ts';
import type { SipRequest } from '../../protocol/sip/message.ts';
import { isSecure, transportParam } from '../../protocol/sip/transport.ts';
import type { Splice } from '../../protocol/splice.ts';
import type { Arrival, SipInterface } from './interfaces.ts';
import type { SipPort } from './transport/sip-port.ts';

/** Where one side meets us. */
interface Meeting {
  readonly at: SipInterface;
  readonly port: SipPort;
}

export interface OwnTokens {
  readonly routeToken?: string | undefined;
  readonly pathToken?: string | undefined;
}

/** The lines for a request that leaves by that listener. */
export function ownRoutes(request: SipRequest, arrival: Arrival, leaving: Meeting & OwnTokens): Splice[] {
  const { routeToken, pathToken } = leaving;
  const splices: Splice[] = [];
  if (routeToken !== undefined) {
    // The side it goes to is topmost, then the side it came from.
    const sides = arrival.port === leaving.port ? [leaving] : [leaving, arrival];
    const values = sides.map((side) => ownUri(routeToken, request, side));
    splices.push(insertRecordRoutes(request, values));
  }
  // The registrar is on the side it goes to, and that a flow is kept for who registers is said by `ob` (RFC 5626 §5.1).
  if (pathToken !== undefined) splices.push(insertPath(request, `${ownUri(pathToken, request, leaving)};ob`));
  return splices;
}

/** Who asked for encryption all the way gets it from us on every side that has it (RFC 5630 §3.1.3); nobody else does. */
function ownUri(token: string, request: SipRequest, { at, port }: Meeting): string {
  const place = `${token}@${at.sentByOf.get(port) ?? at.sentBy}`;
  const isForced = /^sips:/i.test(request.uri) && isSecure(port.transport);
  if (!isForced) return `sip:${place}${transportParam(port.transport)};lr`;
  return `sips:${place}${port.transport === 'wss' ? ';transport=ws' : ''};lr`;
}
