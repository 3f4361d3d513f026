/** A socket for a user agent that shows the answers in provisional responses, which the agent itself passes over. */

import { bindUdp, type BindUdp } from '../../../src/demo/softphone/udp-port.ts';
import { readSip, sdpOf } from '../../../src/demo/softphone/sip-text.ts';

export function bindWithEarlyAnswers(onEarlyAnswer: (sdp: string) => void): BindUdp {
  return (local, onDatagram) =>
    bindUdp(local, (bytes, source) => {
      const message = readSip(Buffer.from(bytes));
      const isEarly = message?.kind === 'response' && message.status > 100 && message.status < 200;
      const sdp = isEarly ? sdpOf(message) : undefined;
      if (sdp) onEarlyAnswer(sdp.toString('latin1'));
      onDatagram(bytes, source);
    });
}
