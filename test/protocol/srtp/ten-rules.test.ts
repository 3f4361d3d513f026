import { SRTP_SUITES } from '../../../src/protocol/srtp/suite.ts';
import { createTransform } from '../../../src/protocol/srtp/suites.ts';
import { testTenRules } from './ten-rules.ts';

for (const suite of SRTP_SUITES) testTenRules(suite, { by: 'on node:crypto', create: () => createTransform });
