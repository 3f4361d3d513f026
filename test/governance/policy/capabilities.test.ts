import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../../src/base/package-root.ts';
import { isWithheld, LENT_BUILTINS, restrictCapabilities } from '../../../src/governance/policy/capabilities.ts';

const checkedIn = readFileSync(join(packageRoot, 'policies', 'capabilities.json'), 'utf8');

function names(text: string): string[] {
  const { builtins } = JSON.parse(text) as { builtins: { name: string }[] };
  return builtins.map((builtin) => builtin.name);
}

describe('capabilities of policies', () => {
  test.each([
    'http.send',
    'time.now_ns',
    'rand.intn',
    'opa.runtime',
    'net.lookup_ip_addr',
    'uuid.rfc4122',
    'io.jwt.decode_verify',
    'crypto.x509.parse_certificates',
    'print',
  ])('%s is withheld', (name) => {
    expect(isWithheld(name)).toBe(true);
    expect(names(checkedIn)).not.toContain(name);
  });

  test('what decisions are made of is there', () => {
    expect(names(checkedIn)).toEqual(
      expect.arrayContaining(['eq', 'lt', 'count', 'contains', 'startswith', 'object.get', 'regex.match', 'sprintf']),
    );
  });

  test('restricting removes the withheld and keeps everything else as it was', () => {
    const text = JSON.stringify({ builtins: [{ name: 'count', decl: {} }, { name: 'http.send' }], features: ['x'] });

    expect(JSON.parse(restrictCapabilities(text))).toEqual({
      builtins: [{ name: 'count', decl: {} }],
      features: ['x'],
    });
  });

  test('what the checked-in file grants is already restricted', () => {
    expect(restrictCapabilities(checkedIn)).toBe(checkedIn);
  });

  test('what the host lends is granted, and little', () => {
    expect(LENT_BUILTINS).toEqual(['sprintf']);
    expect(LENT_BUILTINS.some(isWithheld)).toBe(false);
  });
});
