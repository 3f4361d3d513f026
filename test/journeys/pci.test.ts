import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ApiClient } from '../../src/cli/api-client.ts';
import type { Entry } from '../../src/model/evidence.ts';
import { callDetail, callPage, type CallDetail } from '../../src/model/api/calls.ts';
import { pciWindowView, type PciWindowView } from '../../src/model/api/pci.ts';
import { buildStage, drainCall, ofKind, until, type Stage } from './support/stage.ts';

let stage: Stage;
let ops: ApiClient;

beforeAll(async () => {
  stage = await buildStage([{ text: 'hello', startMs: 100, endMs: 300 }]);
  ops = await stage.access.issue('till', ['ops']);
});

afterAll(() => stage.stop());

test('while card data is taken the customer is not heard and the agent is; afterwards both are, and the ledger says so', async () => {
  const call = await stage.dial();
  const id = await liveCall();
  await until('both streams are heard', async () => (await heardRoles(id)).length === 2);

  const opened = await change('POST', id);
  await until('the window is on record', async () => windowsOf(await stage.entries(), id).length === 1);
  const customer = await bytesOf(id, 'customer');
  const agent = await bytesOf(id, 'agent');
  await until('the agent was heard for a second more', async () => (await bytesOf(id, 'agent')) > agent + 32_000);
  const meanwhile = await describe(id);
  const closed = await change('DELETE', id);
  await until('both streams are heard again', async () => (await heardRoles(id)).length === 2);
  const lost = await drainCall(call);
  await call.out.hangUp();
  await until('the call is closed', async () => ofKind(await stage.entries(), 'call.close').length === 1, 30_000);
  const entries = await stage.entries();
  const [window] = windowsOf(entries, id);
  const [cut] = ofKind(entries, 'lease.close').filter(({ reason }) => reason === 'pci');

  expect(opened).toMatchObject({ state: 'open', trigger: 'api', streams: [{ window: window!.window }] });
  expect(closed.state).toBe('closed');
  expect(customer).toBe(0);
  expect(meanwhile.streams?.map(({ role, pci, tapped }) => [role, pci, tapped])).toEqual([
    ['customer', true, false],
    ['agent', false, true],
  ]);
  expect(lost).toBe(0);
  expect(cut).toMatchObject({ stream: window!.stream, processor: 'scribe' });
  expect(window).toMatchObject({ exposed_ms: 0, exposed_bytes: 0 });
  expect(ofKind(entries, 'pci.close')).toMatchObject([{ window: window!.window, reason: 'api' }]);
  expect(ofKind(entries, 'gap').filter(({ reason }) => reason === 'pci')).toMatchObject([{ stream: window!.stream }]);
  const report = await stage.verify();
  expect(report.findings).toEqual([]);
  expect(report.verdicts.pci_windows).toBe('pass');
}, 60_000);

test('a governance that is killed in the middle of a card number does not come back and listen to it', async () => {
  const call = await stage.dial();
  const id = await liveCall();
  await until('both streams are heard', async () => (await heardRoles(id)).length === 2);
  await change('POST', id);
  await until('the window is on record', async () => windowsOf(await stage.entries(), id).length === 1);
  const before = governancePid();

  process.kill(before, 'SIGKILL');
  await until('governance is back', () => governancePid() !== before && stage.node.supervisor.isWhole(), 30_000);
  await until('the agent is heard again', async () => (await heardRoles(id)).includes('agent'));
  const agent = await bytesOf(id, 'agent');
  await until('for a second', async () => (await bytesOf(id, 'agent')) > agent + 32_000);
  const heard = await heardRoles(id);
  await change('DELETE', id);
  await until('both streams are heard again', async () => (await heardRoles(id)).length === 2);
  await drainCall(call);
  await call.out.hangUp();
  await until('the call is closed', async () => ofKind(await stage.entries(), 'call.close').length === 2, 30_000);
  const report = await stage.verify();

  expect(heard).toEqual(['agent']);
  expect(windowsOf(await stage.entries(), id).map(({ actor }) => actor)).toEqual([expect.any(String), 'node']);
  expect(report.findings).toEqual([]);
  expect(report.verdicts.pci_windows).toBe('pass');
}, 90_000);

function change(method: 'POST' | 'DELETE', call: string): Promise<PciWindowView> {
  return ops.request({ method, path: `/v1/calls/${call}/pci-window`, answer: pciWindowView });
}

async function liveCall(): Promise<string> {
  const find = async (): Promise<string | undefined> =>
    (await ops.request({ path: '/v1/calls', query: { state: 'live' }, answer: callPage })).items[0]?.call;
  await until('the call lives', async () => (await find()) !== undefined);
  return (await find()) ?? '';
}

/** Asked again where governance is just coming back. */
function describe(call: string): Promise<CallDetail> {
  return ops.request({ path: `/v1/calls/${call}`, answer: callDetail });
}

async function heardRoles(call: string): Promise<string[]> {
  const { streams } = await describe(call).catch(() => ({ streams: [] }));
  return (streams ?? []).filter(({ heard_by: by }) => by.length > 0).map(({ role }) => role);
}

/** Of the leases that are open now. */
async function bytesOf(call: string, role: string): Promise<number> {
  const { streams } = await describe(call);
  const heard = (streams ?? []).filter((stream) => stream.role === role).flatMap((stream) => stream.heard_by);
  return heard.reduce((sum, { bytes }) => sum + bytes, 0);
}

function windowsOf(entries: readonly Entry[], call: string): Extract<Entry, { kind: 'pci.open' }>[] {
  return ofKind(entries, 'pci.open').filter((window) => window.call === call);
}

function governancePid(): number {
  return (stage.node.supervisor.status() as { planes: { governance: { pid: number } } }).planes.governance.pid;
}
