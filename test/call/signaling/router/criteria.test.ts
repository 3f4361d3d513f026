import { expect, test } from 'vitest';
import { matching, tenantFor } from './queries.ts';

const TENANT = [{ name: 'X-Tenant', value: 'acme' }];

test.each([
  ['sip:+49301234@pbx.example', 'berlin'],
  ['sips:+49-30-1234@pbx.example', 'berlin'],
  ['sip:+49(30)12.34@pbx.example', 'berlin'],
  ['sip:%2B4930%31234@pbx.example', 'berlin'],
  ['sip:+49301234;phone-context=x@pbx.example;user=phone', 'berlin'],
  ['sip:+49301234:secret@pbx.example', 'berlin'],
  ['tel:+49-30-1234', 'berlin'],
  ['TEL:+49301234;phone-context=example.com', 'berlin'],
  ['sip:+4930@pbx.example', 'berlin'],
  ['sip:+493@pbx.example', 'no_tenant'],
  ['sip:49301234@pbx.example', 'no_tenant'],
  ['sip:0049301234@pbx.example', 'no_tenant'],
  ['sip:bob@pbx.example', 'no_tenant'],
  ['sip:pbx.example', 'no_tenant'],
  ['tel:', 'no_tenant'],
  ['mailto:+49301234', 'no_tenant'],
  ['sip:1;+4930@pbx.example', 'no_tenant'],
  ['sip:1%3B+4930@pbx.example', 'no_tenant'],
  ['sip:+4930%3Bx@pbx.example', 'no_tenant'],
  ['sip:+4930%00@pbx.example', 'no_tenant'],
  ['sip:%252B4930@pbx.example', 'no_tenant'],
  ['sip:+4930%2@pbx.example', 'no_tenant'],
  ['sip:+4930abc@pbx.example', 'no_tenant'],
  ['sip:4+930@pbx.example', 'no_tenant'],
  [`sip:+4930${'1'.repeat(100)}@pbx.example`, 'no_tenant'],
])('a number is what was dialled, however it is written: %s is for %s', (uri, tenant) => {
  expect(tenantFor(matching({ berlin: { dids: ['+4930'] } }), { uri })).toBe(tenant);
});

test('stars and hashes are dialled too, the hash as SIP has to write it', () => {
  const routes = matching({ codes: { dids: ['*21#'] } });

  expect(tenantFor(routes, { uri: 'sip:*21%23@pbx.example' })).toBe('codes');
  expect(tenantFor(routes, { uri: 'sip:*2@pbx.example' })).toBe('no_tenant');
});

test.each([
  ['sip:bob@ACME.example', 'acme'],
  ['sip:acme.example:5080;transport=udp', 'acme'],
  ['sip:bob@acme.example.', 'acme'],
  ['sip:bob@192.0.2.9', 'acme'],
  ['sip:bob@[2001:DB8:0::9]', 'acme'],
  ['sip:bob@sub.acme.example', 'no_tenant'],
  ['sip:bob@evil.example;maddr=acme.example', 'no_tenant'],
  ['sip:acme.example@evil.example', 'no_tenant'],
  ['tel:+4930', 'no_tenant'],
])('a domain is the host of the Request-URI and nothing else: %s is for %s', (uri, tenant) => {
  const routes = matching({ acme: { domains: ['acme.example', '192.0.2.9', '2001:db8::9'] } });

  expect(tenantFor(routes, { uri })).toBe(tenant);
});

test.each([
  [['X-Tenant: acme'], 'acme'],
  [['x-tenant:acme   '], 'acme'],
  [['X-Tenant: Acme'], 'no_tenant'],
  [['X-Tenant: acme, evil'], 'no_tenant'],
  [['X-Tenant: evil', 'X-Tenant: acme'], 'no_tenant'],
  [['X-Tenant: acme', 'x-tenant: acme'], 'no_tenant'],
  [['X-Tenant:\r\n acme'], 'no_tenant'],
  [['X-Tenant2: acme'], 'no_tenant'],
  [[], 'no_tenant'],
])('a header counts only with exactly its value, said once: %j is for %s', (headers, tenant) => {
  expect(tenantFor(matching({ acme: { headers: TENANT } }), { headers })).toBe(tenant);
});

test('a compact form is the same header', () => {
  const routes = matching({ acme: { headers: [{ name: 'Subject', value: 'help' }] } });

  expect(tenantFor(routes, { headers: ['s: help'] })).toBe('acme');
  expect(tenantFor(routes, { headers: ['s: help', 'Subject: help'] })).toBe('no_tenant');
});

test('every header a tenant names must hold, and two values of one never can', () => {
  const both = [...TENANT, { name: 'X-Env', value: 'prod' }];
  const never = [...TENANT, { name: 'x-tenant', value: 'other' }];
  const routes = matching({ both: { headers: both }, never: { headers: never } });

  expect(tenantFor(routes, { headers: ['X-Tenant: acme', 'X-Env: prod'] })).toBe('both');
  expect(tenantFor(routes, { headers: ['X-Tenant: acme'] })).toBe('no_tenant');
  expect(tenantFor(routes, { headers: ['X-Tenant: acme', 'X-Env: test'] })).toBe('no_tenant');
});

test('all kinds that are named must hold together', () => {
  const routes = matching({ acme: { dids: ['+4930'], domains: ['acme.example'], headers: TENANT } });
  const whole = { uri: 'sip:+49301@acme.example', headers: ['X-Tenant: acme'] };

  expect(tenantFor(routes, whole)).toBe('acme');
  expect(tenantFor(routes, { ...whole, uri: 'sip:+49401@acme.example' })).toBe('no_tenant');
  expect(tenantFor(routes, { ...whole, uri: 'sip:+49301@other.example' })).toBe('no_tenant');
  expect(tenantFor(routes, { ...whole, headers: [] })).toBe('no_tenant');
  expect(tenantFor(routes, { ...whole, sourceAddress: '192.0.2.1' })).toBe('unknown_source');
});

const LADDER = matching({
  order: {},
  later: {},
  source: { sources: ['10.0.0.0/8', '10.0.0.0/24'] },
  domain: { domains: ['acme.example'] },
  short: { dids: ['+49', '+4'] },
  long: { dids: ['+4930'] },
  header: { headers: TENANT },
  two: { headers: [...TENANT, { name: 'X-Env', value: 'prod' }] },
});

test.each([
  ['two', 'sip:+49301@acme.example', ['X-Tenant: acme', 'X-Env: prod']],
  ['header', 'sip:+49301@acme.example', ['X-Tenant: acme']],
  ['long', 'sip:+49301@acme.example', []],
  ['short', 'sip:+49401@acme.example', []],
  ['domain', 'sip:1@acme.example', []],
  ['source', 'sip:1@other.example', []],
])('the one that says most wins, in the order that is written down: %s', (tenant, uri, headers) => {
  expect(tenantFor(LADDER, { uri, headers })).toBe(tenant);
});

test('where nothing tells two apart the document does', () => {
  expect(tenantFor(LADDER, { sourceAddress: '10.9.9.9', uri: 'sip:1@other.example' })).toBe('order');
});

test('a tie in one criterion is told apart by the next', () => {
  const routes = matching({
    wide: { headers: TENANT },
    near: { headers: [{ name: 'X-Env', value: 'prod' }], sources: ['10.0.0.0/24'] },
  });

  expect(tenantFor(routes, { headers: ['X-Tenant: acme', 'X-Env: prod'] })).toBe('near');
});
