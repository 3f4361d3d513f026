import { afterEach, expect, test } from 'vitest';
import { ManualClock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { Behaviour } from '../../../src/demo/chat/answer.ts';
import { startChatModel, type ChatModel } from '../../../src/demo/chat/chat-model.ts';

const clock = new ManualClock();
let model: ChatModel | undefined;

afterEach(async () => {
  await model?.stop();
  model = undefined;
});

test('a streamed answer mentions the placeholder it saw and ends with [DONE]', async () => {
  const { url } = await start('answer');

  const response = await ask(url, { stream: true, said: 'my card number is [CARD_1]' });
  const body = await response.text();

  expect(response.headers.get('content-type')).toBe('text/event-stream');
  expect(textOf(body)).toBe(
    'The customer gave a card number, [CARD_1]. Take the payment in the secure form and do not read it back.',
  );
  expect(body.endsWith('data: [DONE]\n\n')).toBe(true);
});

test('the same text has the same answer, whole as well as streamed', async () => {
  const { url } = await start('answer');

  const whole = (await (await ask(url, { stream: false, said: 'i would like to pay my bill' })).json()) as {
    choices: { message: { content: string } }[];
  };
  const streamed = await (await ask(url, { stream: true, said: 'i would like to pay my bill' })).text();

  expect(whole.choices[0]?.message.content).toBe('Offer to take the payment in the secure form.');
  expect(textOf(streamed)).toBe(whole.choices[0]?.message.content);
});

test('every request is kept whole, malformed ones too', async () => {
  const { url } = await start('answer');

  await ask(url, { stream: true, said: 'first' });
  const refused = await fetch(url, { method: 'POST', body: '{"messages":[]', headers: { authorization: 'Bearer t' } });

  expect(refused.status).toBe(400);
  expect(model?.requests.map((request) => request.authorization)).toEqual([undefined, 'Bearer t']);
  expect(model?.requests[0]?.body).toContain('"content":"first"');
  expect(model?.requests[1]?.body).toBe('{"messages":[]');
});

test('other paths, other methods and oversized bodies are refused', async () => {
  const { url, baseUrl } = await start('answer');

  expect((await fetch(`${baseUrl}/models`)).status).toBe(404);
  expect((await fetch(url)).status).toBe(405);
  const oversized = await fetch(url, { method: 'POST', body: 'x'.repeat(300_000) }).then(
    (response) => response.status,
    () => 413,
  );
  expect(oversized).toBe(413);
  expect(model?.requests).toEqual([]);
});

test('it misbehaves when told to', async () => {
  const { url } = await start('error');

  expect((await ask(url, { stream: true, said: 'hello' })).status).toBe(500);
  model?.behave('echo-card');
  expect(textOf(await (await ask(url, { stream: true, said: 'hello' })).text())).toContain('4242 4242 4242 4242');
  model?.behave('junk');
  expect(await (await ask(url, { stream: true, said: 'hello' })).text()).not.toContain('[DONE]');
  model?.behave('cut');
  await expect(ask(url, { stream: true, said: 'hello' }).then((response) => response.text())).rejects.toThrow();
  model?.behave('flood');
  expect((await (await ask(url, { stream: true, said: 'hello' })).text()).length).toBeGreaterThan(1_000_000);
});

test('a model that hangs answers nothing and still stops', async () => {
  const { url } = await start('hang');

  const pending = ask(url, { stream: true, said: 'hello' });
  while (model?.requests.length === 0) await new Promise(setImmediate);
  await model?.stop();

  await expect(pending).rejects.toThrow();
});

test('a slow model says a word a second', async () => {
  const { url } = await start('slow');

  const response = await ask(url, { stream: true, said: 'hello' });
  for (let second = 0; second < 5; second += 1) clock.advance(1000);

  expect(textOf(await response.text())).toBe('Nothing to suggest yet.');
});

async function start(behaviour: Behaviour): Promise<ChatModel> {
  model = await startChatModel({ clock, log: silentLog, behaviour });
  return model;
}

function ask(url: string, question: { stream: boolean; said: string }): Promise<Response> {
  const messages = [
    { role: 'system', content: 'Help the agent.' },
    { role: 'user', content: question.said },
  ];
  return fetch(url, { method: 'POST', body: JSON.stringify({ model: 'm', stream: question.stream, messages }) });
}

function textOf(stream: string): string {
  const events = [...stream.matchAll(/^data: (\{.*\})$/gm)];
  return events
    .map(([, json]) => (JSON.parse(json!) as { choices: { delta: { content?: string } }[] }).choices[0]?.delta.content)
    .join('');
}
