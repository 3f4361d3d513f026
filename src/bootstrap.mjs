#!/usr/bin/env node
/**
 * The only JavaScript: makes a fresh clone runnable, then runs the command. Installs when the lockfile or Node's ABI
 * changed, compiles what changed, and says all of that on stderr; stdout belongs to the command.
 */

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stampFile = join(root, 'node_modules', '.earshot-installed');
const lockFile = join(root, '.earshot-bootstrap.lock');
const bin = (name) => join(root, 'node_modules', '.bin', name);

const LOCK_WAIT_MS = 10 * 60_000;

/** Words that are not Earshot commands but work on the project itself. */
const projectCommands = {
  '--build': () => [],
  '--test': (args) => [[bin('vitest'), ['run', ...args]]],
  '--check': () => [
    [bin('tsc'), ['-p', 'test']],
    [bin('eslint'), ['src', 'test']],
    [bin('prettier'), ['--check', '--log-level', 'warn', '.']],
    [bin('depcruise'), ['src', '--config', '.dependency-cruiser.cjs', '--output-type', 'err-long']],
    [bin('vitest'), ['run', '--project', 'unit', 'test/tidy.test.ts']],
  ],
  '--bench': (args) => [[bin('tsx'), [join('test', 'bench', 'main.ts'), ...args]]],
  '--policies': (args) => [[process.execPath, [join(root, 'dist', 'cli', 'main.js'), 'policies', ...args]]],
};

await main(process.argv.slice(2));

async function main(args) {
  requireNode();
  await underLock(() => {
    installIfNeeded();
    compile();
  });
  const [first = 'help', ...rest] = args;
  const steps = Object.hasOwn(projectCommands, first)
    ? projectCommands[first](rest)
    : [[process.execPath, ['--enable-source-maps', join(root, 'dist', 'cli', 'main.js'), ...args]]];
  for (const [command, commandArgs] of steps) {
    const code = await run(command, commandArgs, first.startsWith('--') ? root : process.cwd());
    if (code !== 0) process.exit(code);
  }
}

function requireNode() {
  const wanted = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).engines.node;
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [needMajor, needMinor] = wanted
    .replace(/[^\d.]/g, '')
    .split('.')
    .map(Number);
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return;
  fail(`earshot: Node ${process.versions.node} is too old; package.json asks for ${wanted}`);
}

/** One bootstrap at a time: a lock file with our pid, taken over when its owner is gone. */
async function underLock(work) {
  const deadline = performance.now() + LOCK_WAIT_MS;
  while (!tryLock()) {
    if (performance.now() > deadline) fail(`earshot: another build has held ${lockFile} for too long`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  try {
    work();
  } finally {
    rmSync(lockFile, { force: true });
  }
}

function tryLock() {
  try {
    const descriptor = openSync(lockFile, 'wx');
    writeSync(descriptor, String(process.pid));
    closeSync(descriptor);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') fail(`earshot: cannot write in ${root}: ${error.code}`);
    if (isStale()) rmSync(lockFile, { force: true });
    return false;
  }
}

function isStale() {
  try {
    const owner = Number(readFileSync(lockFile, 'utf8'));
    // An empty file is a lock being written; an old empty file is one whose writer died.
    if (!Number.isInteger(owner) || owner === 0) return Date.now() - statSync(lockFile).mtimeMs > 5000;
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

function installIfNeeded() {
  const stamp = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(process.versions.modules)
    .digest('hex');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  say('earshot: installing packages');
  runSync('npm', ['ci', '--no-fund', '--no-audit', '--include=dev']);
  writeFileSync(stampFile, stamp);
}

function compile() {
  mkdirSync(join(root, 'dist'), { recursive: true });
  const started = performance.now();
  runSync(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', root]);
  const seconds = (performance.now() - started) / 1000;
  if (seconds > 5) say(`earshot: compiled in ${seconds.toFixed(1)} s`);
}

function runSync(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error) fail(`earshot: cannot run ${command}: ${error.code}`);
  if (status !== 0) {
    rmSync(lockFile, { force: true });
    process.exit(status ?? 1);
  }
}

/** Runs the command in our place: same terminal, signals passed on, its exit code ours. */
function run(command, args, cwd) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, stdio: 'inherit' });
    // A terminal's Ctrl-C reaches the child by itself; passed on as well it would count as a second one.
    const forward = (signal) => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    };
    process.on('SIGINT', forward);
    process.on('SIGTERM', forward);
    child.on('error', (error) => fail(`earshot: cannot run ${command}: ${error.code}`));
    child.on('exit', (code, signal) => {
      process.off('SIGINT', forward);
      process.off('SIGTERM', forward);
      resolve(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

function fail(line) {
  say(line);
  rmSync(lockFile, { force: true });
  process.exit(1);
}
