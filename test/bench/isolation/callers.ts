/**
 * Both ends of many calls, as far as SIP goes: sets SDES calls up through the node and says where their media flows and
 * under which keys. The media itself is another program's.
 */

import { createSocket, type Socket } from 'node:dgram';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  contactUri,
  readSip,
  recordRoutes,
  headerText,
  writeRequest,
  writeResponse,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from '../../../src/demo/softphone/sip-text.ts';

/** One direction of one call: what the media program is told. */
export interface WireFlow {
  readonly fromPort: number;
  readonly toPort: number;
  readonly ssrc: number;
  /** Hexadecimal master key and salt. */
  readonly key: string;
}

export interface LiveCall {
  readonly flows: readonly [WireFlow, WireFlow];
  hangUp(): Promise<void>;
}

const SUITE = 'AES_CM_128_HMAC_SHA1_80';
const RETRANSMIT_MS = 500;
const GIVE_UP_MS = 8000;
/** Below those that the system gives away, and apart from the node's. */
const MEDIA_PORTS = { first: 11_000, last: 18_998 };

interface Waiting {
  readonly onResponse: (response: SipResponse) => void;
}

/** What the called side makes of a call it was offered. */
interface Answered {
  readonly relayPort: number;
  readonly localPort: number;
  readonly key: string;
}

export class Callers {
  readonly #caller: Socket;
  readonly #callee: Socket;
  readonly #nodePort: number;
  readonly #waiting = new Map<string, Waiting>();
  readonly #answered = new Map<string, Answered>();
  /** Media ports for the called side, by call. */
  readonly #ports = new Map<string, number>();
  #nextSsrc = 1000;
  #lastPort = MEDIA_PORTS.first;

  private constructor(caller: Socket, callee: Socket, nodePort: number) {
    this.#caller = caller;
    this.#callee = callee;
    this.#nodePort = nodePort;
    caller.on('message', (bytes) => this.#onCallerHeard(bytes));
    callee.on('message', (bytes) => this.#onCalleeHeard(bytes));
  }

  static async open(options: { nodePort: number; calleePort: number }): Promise<Callers> {
    const [caller, callee] = [createSocket('udp4'), createSocket('udp4')];
    caller.bind(0, '127.0.0.1');
    callee.bind(options.calleePort, '127.0.0.1');
    await Promise.all([once(caller, 'listening'), once(callee, 'listening')]);
    return new Callers(caller, callee, options.nodePort);
  }

  /** Calls `number`; rejects when nobody answers in time or the answer is a refusal. */
  async call(number: string): Promise<LiveCall> {
    const callId = randomBytes(8).toString('hex');
    const [localPort, key] = [this.#nextPort(), randomBytes(30)];
    this.#ports.set(callId, this.#nextPort());
    const uri = `sip:${number}@127.0.0.1:${this.#nodePort}`;
    const from = `<sip:bench@127.0.0.1>;tag=${callId}`;
    const dialog = { uri, from, to: `<${uri}>`, callId, routes: [] as string[] };
    const invite = this.#write('INVITE', 1, dialog, describe(localPort, 1, key));
    const answer = await this.#ask(callId, 'INVITE', invite);
    const called = this.#answered.get(callId);
    if (answer.status !== 200 || called === undefined) throw new Error(`a call was answered ${answer.status}`);
    const inDialog = {
      ...dialog,
      uri: contactUri(answer) ?? uri,
      to: headerText(answer, 'to'),
      routes: recordRoutes(answer).toReversed(),
    };
    this.#send(this.#write('ACK', 1, inDialog));
    const relayPort = Number(/^m=audio (\d+)/m.exec(answer.body.toString('latin1'))?.[1]);
    this.#answered.delete(callId);
    this.#ports.delete(callId);
    return {
      flows: [
        { fromPort: localPort, toPort: relayPort, ssrc: this.#nextSsrc++, key: key.toString('hex') },
        { fromPort: called.localPort, toPort: called.relayPort, ssrc: this.#nextSsrc++, key: called.key },
      ],
      hangUp: async () => {
        await this.#ask(callId, 'BYE', this.#write('BYE', 2, inDialog));
      },
    };
  }

  close(): void {
    this.#caller.close();
    this.#callee.close();
  }

  /** Nobody binds it before all calls are up: two of two hundred that the system chose would often be the same. */
  #nextPort(): number {
    this.#lastPort = this.#lastPort >= MEDIA_PORTS.last ? MEDIA_PORTS.first : this.#lastPort + 2;
    return this.#lastPort;
  }

  #write(
    method: string,
    cseq: number,
    dialog: { uri: string; from: string; to: string; callId: string; routes: readonly string[] },
    sdp?: string,
  ): Buffer {
    const port = this.#caller.address().port;
    const branch = `z9hG4bK${dialog.callId}${cseq}${method}`;
    const contact = `sip:bench@127.0.0.1:${port}`;
    return writeRequest({
      ...dialog,
      method,
      cseq,
      via: `SIP/2.0/UDP 127.0.0.1:${port};branch=${branch}`,
      contact,
      sdp,
    });
  }

  #send(bytes: Buffer): void {
    this.#caller.send(bytes, this.#nodePort, '127.0.0.1');
  }

  /** The final response; the request goes again every half second until then. */
  #ask(callId: string, method: string, bytes: Buffer): Promise<SipResponse> {
    const key = `${callId} ${method}`;
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearInterval(again);
        clearTimeout(limit);
        this.#waiting.delete(key);
      };
      const again = setInterval(() => this.#send(bytes), RETRANSMIT_MS);
      const limit = setTimeout(() => {
        settle();
        reject(new Error(`a ${method} was not answered`));
      }, GIVE_UP_MS);
      this.#waiting.set(key, {
        onResponse: (response) => {
          if (response.status < 200) return;
          settle();
          resolve(response);
        },
      });
      this.#send(bytes);
    });
  }

  #onCallerHeard(bytes: Buffer): void {
    const message = readSip(bytes);
    if (message?.kind === 'response') {
      this.#waiting.get(`${message.callId} ${message.cseq.method}`)?.onResponse(message);
    }
  }

  #onCalleeHeard(bytes: Buffer): void {
    const message: SipMessage | undefined = readSip(bytes);
    if (message?.kind !== 'request' || message.method === 'ACK') return;
    const sdp = message.method === 'INVITE' ? this.#answer(message) : undefined;
    const contact = `sip:agent@127.0.0.1:${this.#callee.address().port}`;
    const response = writeResponse(message, { status: 200, phrase: 'OK', toTag: 'callee', contact, sdp });
    this.#callee.send(response, this.#nodePort, '127.0.0.1');
  }

  /** The same answer to the same offer again. */
  #answer(invite: SipRequest): string {
    const offer = invite.body.toString('latin1');
    const tag = Number(new RegExp(`^a=crypto:(\\d+) ${SUITE} `, 'm').exec(offer)?.[1]);
    const known = this.#answered.get(invite.callId);
    const localPort = known?.localPort ?? this.#ports.get(invite.callId) ?? 0;
    const key = known?.key ?? randomBytes(30).toString('hex');
    const relayPort = Number(/^m=audio (\d+)/m.exec(offer)?.[1]);
    this.#answered.set(invite.callId, { relayPort, localPort, key });
    return describe(localPort, tag, Buffer.from(key, 'hex'));
  }
}

function describe(port: number, tag: number, key: Buffer): string {
  return [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=audio ${port} RTP/SAVP 0`,
    'a=rtpmap:0 PCMU/8000',
    `a=crypto:${tag} ${SUITE} inline:${key.toString('base64')}`,
    '',
  ].join('\r\n');
}
