import { expect, test } from 'vitest';
import { readLabels } from '../../../../src/call/signaling/router/labels.ts';
import { asRequest } from '../../../protocol/sip/messages.ts';
import { request, Stage, ROUTES, OFFER } from '../stage.ts';

function labelsOf(
  names: readonly string[],
  lines: readonly string[],
  trusted = true,
): Readonly<Record<string, string>> {
  const { head } = asRequest(Buffer.from(request('INVITE', { extra: lines })));
  return readLabels({ trusted, labels: names }, head);
}

test('headers the route names become labels under the names it gives them', () => {
  const labels = labelsOf(['X-Queue', 'Subject'], ['x-queue:  billing ', 's: Rückruf', 'X-Other: no']);

  expect(labels).toEqual({ 'X-Queue': 'billing', Subject: 'Rückruf' });
});

test('a peer that is not trusted gives no labels', () => {
  expect(labelsOf(['X-Queue'], ['X-Queue: billing'], false)).toEqual({});
});

test('what is said twice, folded, empty or too long is no label, rather than part of one', () => {
  const lines = ['X-Twice: a', 'X-Twice: a', 'X-Folded: a\r\n b', 'X-Empty:', `X-Long: ${'x'.repeat(257)}`];

  expect(labelsOf(['X-Twice', 'X-Folded', 'X-Empty', 'X-Long', 'X-Absent'], lines)).toEqual({});
  expect(labelsOf(['X-Long'], [`X-Long: ${'x'.repeat(256)}`])).toEqual({ 'X-Long': 'x'.repeat(256) });
});

test('a call’s fact carries its labels from the beginning to the end', async () => {
  const stage = await Stage.open();
  const tenants = ROUTES.tenants.map((tenant) => ({ ...tenant, trusted: true, labels: ['X-Queue'] }));
  stage.signaling.setRoutes({ ...ROUTES, tenants });

  stage.fromCarrier(request('INVITE', { sdp: OFFER, extra: ['X-Queue: billing'] }));

  expect(stage.facts.map(({ labels }) => labels)).toEqual([{ 'X-Queue': 'billing' }]);
  expect(stage.signaling.liveCalls().map(({ labels }) => labels)).toEqual([{ 'X-Queue': 'billing' }]);
});
