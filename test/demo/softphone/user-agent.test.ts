import { afterEach, expect, test } from 'vitest';
import type { Datagram } from './fake-network.ts';
import { TwoPhones } from './phones.ts';

const ROUTE = '<sip:127.0.0.4:5070;lr;ec=x>';

let phones: TwoPhones | undefined;

afterEach(async () => {
  await phones?.stop();
  phones = undefined;
});

test('an INVITE that is lost is sent again at growing intervals until it is answered', async () => {
  phones = await TwoPhones.create();
  let left = 3;
  phones.network.lose = (datagram) => startsWith(datagram, 'INVITE') && left-- > 0;

  const call = phones.dial(30_000);
  await phones.network.settle();
  await phones.pass(3480);
  expect(countOf('INVITE')).toBe(3);
  await phones.pass(40);

  expect((await call).isOver).toBe(false);
  expect(countOf('INVITE')).toBe(4);
});

test('an INVITE that nobody answers is given up at the deadline, and the phone is free again', async () => {
  phones = await TwoPhones.create();
  phones.network.lose = (datagram) => startsWith(datagram, 'INVITE');

  const call = phones.dial(2000);
  const outcome = expect(call).rejects.toMatchObject({ code: 'DEADLINE' });
  await phones.network.settle();
  await phones.pass(2020);

  await outcome;
  expect(countOf('CANCEL')).toBe(0);
  expect(phones.network.openPorts).toBe(2);
});

test('a call that only rings is cancelled at the deadline and its refusal acknowledged', async () => {
  phones = await TwoPhones.create({ callee: { incoming: { answerAfterMs: 60_000 } } });

  const outcome = expect(phones.dial(1000)).rejects.toMatchObject({ code: 'DEADLINE' });
  await phones.network.settle();
  await phones.pass(1020);
  await outcome;
  await phones.network.settle();

  expect(phones.network.sip.slice(-4)).toEqual([
    `CANCEL ${phones.callee.uri} SIP/2.0`,
    'SIP/2.0 200 OK',
    'SIP/2.0 487 Request Terminated',
    `ACK ${phones.callee.uri} SIP/2.0`,
  ]);
  expect(phones.network.openPorts).toBe(2);
});

test('a dialler that loses patience cancels, too', async () => {
  phones = await TwoPhones.create({ callee: { incoming: { answerAfterMs: 60_000 } } });
  const patience = new AbortController();

  const outcome = expect(phones.dial(30_000, patience.signal)).rejects.toMatchObject({ code: 'STOPPED' });
  await phones.network.settle();
  patience.abort();
  await outcome;

  expect(countOf('CANCEL')).toBe(1);
});

test('a phone that stops while it dials cancels, and the dialler learns it at once', async () => {
  phones = await TwoPhones.create({ callee: { incoming: { answerAfterMs: 60_000 } } });

  const outcome = expect(phones.dial(30_000)).rejects.toMatchObject({ code: 'STOPPED' });
  await phones.network.settle();
  await phones.caller.stop();
  await outcome;
  await phones.network.settle();

  expect(countOf('CANCEL')).toBe(1);
  expect(phones.network.openPorts).toBe(1);
});

test('a phone that stops while it rings refuses the caller', async () => {
  phones = await TwoPhones.create({ callee: { incoming: { answerAfterMs: 60_000 } } });

  const outcome = expect(phones.dial(30_000)).rejects.toMatchObject({ message: 'the call was refused with 480' });
  await phones.network.settle();
  await phones.callee.stop();

  await outcome;
  expect(phones.network.openPorts).toBe(1);
});

test('a 2xx that comes after the caller gave up is acknowledged and hung up', async () => {
  phones = await TwoPhones.create({ callee: { incoming: { answerAfterMs: 1000 } } });
  phones.network.lose = (datagram) => startsWith(datagram, 'CANCEL');

  const outcome = expect(phones.dial(980)).rejects.toMatchObject({ code: 'DEADLINE' });
  await phones.network.settle();
  await phones.pass(1100);
  await outcome;
  await phones.network.settle();

  expect(countOf('ACK')).toBe(1);
  expect(countOf('BYE')).toBe(1);
  expect(phones.network.openPorts).toBe(2);
});

test('a 200 whose ACK is lost is sent again, and the ACK with it', async () => {
  phones = await TwoPhones.create();
  let left = 2;
  phones.network.lose = (datagram) => startsWith(datagram, 'ACK') && left-- > 0;

  const answered = phones.callee.nextCall(10_000);
  const call = await phones.dial();
  await phones.pass(1520);

  expect((await answered).isOver).toBe(false);
  expect(countOf('ACK')).toBe(3);
  expect(call.isOver).toBe(false);
});

test('a call that is never acknowledged ends by itself, with a BYE', async () => {
  phones = await TwoPhones.create();
  phones.network.lose = (datagram) => startsWith(datagram, 'ACK');

  const call = await phones.dial();
  phones.clock.advance(32_000);
  await phones.network.settle();

  expect(await call.ended).toBe('remote');
  expect(countOf('BYE')).toBe(1);
});

test('a BYE that nobody answers still ends the call', async () => {
  phones = await TwoPhones.create();
  const { out } = await phones.connect();
  phones.network.lose = (datagram) => startsWith(datagram, 'BYE');

  const hungUp = out.hangUp();
  await phones.network.settle();
  await phones.pass(5020);

  await hungUp;
  expect(countOf('BYE')).toBeGreaterThan(2);
});

test('requests follow the recorded route, whatever the peer calls itself', async () => {
  phones = await TwoPhones.create();
  const proxy = { address: '127.0.0.4', port: 5070 };
  const { network } = phones;
  await network.bind(proxy, (bytes, source) => {
    const text = bytes.toString('latin1').replace('Max-Forwards', `Record-Route: ${ROUTE}\r\nMax-Forwards`);
    network.deliver(source, phones!.callee.endpoint, Buffer.from(text, 'latin1'));
  });

  const answered = phones.callee.nextCall(10_000);
  await phones.caller.dial({ to: phones.callee.uri, via: proxy, deadlineMs: 10_000 });
  const incoming = await answered;
  await incoming.hangUp();
  await phones.network.settle();

  const inDialog = network.datagrams.filter((datagram) => startsWith(datagram, 'ACK') || startsWith(datagram, 'BYE'));
  const viaProxy = inDialog.filter(({ target }) => target.port === 5070);
  expect(viaProxy.map(({ bytes }) => /^Route: (.*)$/m.exec(bytes.toString('latin1'))?.[1]?.trim())).toEqual([
    ROUTE,
    ROUTE,
  ]);
});

test('OPTIONS is answered, in a call and outside one, and the unknown with 481', async () => {
  phones = await TwoPhones.create();

  expect(await phones.caller.ping(phones.callee.uri, phones.callee.endpoint)).toBe(200);
  inject(['BYE sip:agent@127.0.0.3 SIP/2.0', 'CSeq: 7 BYE', 'To: <sip:b@127.0.0.3>;tag=none']);
  await phones.network.settle();

  expect(phones.network.sip.at(-1)).toBe('SIP/2.0 481 Call/Transaction Does Not Exist');
});

test('a request repeated is answered again and acted on once', async () => {
  phones = await TwoPhones.create();
  await phones.connect();
  const invite = phones.network.datagrams.find((datagram) => startsWith(datagram, 'INVITE'))!;

  phones.network.deliver(invite.source, invite.target, invite.bytes);
  await phones.network.settle();

  expect(phones.network.sip.filter((line) => line === 'SIP/2.0 200 OK')).toHaveLength(2);
  expect(phones.network.sip.filter((line) => line === 'SIP/2.0 180 Ringing')).toHaveLength(1);
});

test('junk is passed over', async () => {
  phones = await TwoPhones.create();

  for (const junk of ['', '\r\n\r\n', 'INVITE', 'SIP/2.0 200 OK\r\n\r\n', '\0\0\0\0', 'x'.repeat(20_000)]) {
    phones.network.deliver({ address: '127.0.0.9', port: 5060 }, phones.callee.endpoint, Buffer.from(junk));
  }
  await phones.network.settle();

  expect(await phones.caller.ping(phones.callee.uri, phones.callee.endpoint)).toBe(200);
});

function countOf(method: string): number {
  return phones!.network.datagrams.filter((datagram) => startsWith(datagram, method)).length;
}

function startsWith(datagram: Pick<Datagram, 'bytes'>, method: string): boolean {
  return datagram.bytes.toString('latin1', 0, method.length + 1) === `${method} `;
}

function inject([requestLine, ...headers]: readonly string[]): void {
  const lines = [
    requestLine,
    'Via: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bKinjected;rport',
    'From: <sip:a@127.0.0.2>;tag=a',
    'Call-ID: injected',
    ...headers,
    'Content-Length: 0',
    '',
    '',
  ];
  phones?.network.deliver(phones.caller.endpoint, phones.callee.endpoint, Buffer.from(lines.join('\r\n')));
}
