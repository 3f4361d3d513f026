#!/usr/bin/env node
/**
 * The only JavaScript: makes a fresh clone runnable, then runs the command. Installs when the lockfile or Node's ABI
 * changed, compiles what changed, and says all of that on stderr; stdout belongs to the command.
 */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
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
const builtFile = join(root, 'dist', '.earshot-built');
const addonFile = join(root, 'dist', 'native', 'earshot.node');
const addonStampFile = join(root, 'dist', 'native', '.earshot-addon-built');
const lockFile = join(root, '.earshot-bootstrap.lock');
const bin = (name) => join(root, 'node_modules', '.bin', name);

const LOCK_WAIT_MS = 10 * 60_000;
/** Nobody takes this long between making a lock file and writing into it. */
const ABANDONED_MS = 5000;
/** Installing and compiling: their output is not the command's. */
const ON_STDERR = { cwd: root, stdio: ['ignore', 2, 2] };

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
  const built = await underLock(async () => (await installIfNeeded()) || (await compile()) || (await buildAddon()));
  if (built !== 0) process.exit(built);
  const [first = 'help', ...rest] = args;
  const steps = Object.hasOwn(projectCommands, first)
    ? projectCommands[first](rest)
    : [[process.execPath, ['--enable-source-maps', join(root, 'dist', 'cli', 'main.js'), ...args]]];
  const cwd = first.startsWith('--') ? root : process.cwd();
  // The checks know nothing of each other and say nothing unless they fail.
  const groups = first === '--check' ? [steps] : steps.map((step) => [step]);
  for (const group of groups) {
    const codes = await Promise.all(group.map(([command, commandArgs]) => run(command, commandArgs, { cwd })));
    const failed = codes.find((code) => code !== 0);
    if (failed !== undefined) process.exit(failed);
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

/** One bootstrap at a time: a lock file with our identity, taken over when its owner is gone. */
async function underLock(work) {
  const deadline = performance.now() + LOCK_WAIT_MS;
  for (let isFirst = true; !tryLock(); isFirst = false) {
    if (isFirst) say('earshot: waiting for another build of this folder');
    if (performance.now() > deadline) fail(`earshot: another build has held ${lockFile} for too long`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  try {
    return await work();
  } finally {
    if (readText(lockFile) === identityOf(process.pid)) rmSync(lockFile, { force: true });
  }
}

function tryLock() {
  try {
    const descriptor = openSync(lockFile, 'wx');
    writeSync(descriptor, identityOf(process.pid));
    closeSync(descriptor);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') fail(`earshot: cannot write in ${root} (${error.code})`);
    if (isStale()) removeStale();
    return false;
  }
}

/** One at a time, and judged again: whoever else found it stale may meanwhile have removed it and made its own. */
function removeStale() {
  const claim = `${lockFile}.stale`;
  try {
    closeSync(openSync(claim, 'wx'));
  } catch {
    if (ageMs(claim) > ABANDONED_MS) rmSync(claim, { force: true });
    return;
  }
  if (isStale()) rmSync(lockFile, { force: true });
  rmSync(claim, { force: true });
}

/** An empty file is a lock being written; an old empty file is one whose writer died. */
function isStale() {
  const owner = readText(lockFile);
  if (owner === undefined) return false;
  if (owner === '') return ageMs(lockFile) > ABANDONED_MS;
  const [pid] = owner.split(' ');
  return !isAlive(Number(pid)) || identityOf(pid) !== owner;
}

/** A process by its number and, where /proc tells, its start time: numbers are reused. */
function identityOf(pid) {
  const stat = readText(`/proc/${pid}/stat`) ?? '';
  const startTicks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return `${pid} ${startTicks ?? ''}`;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function readText(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function ageMs(file) {
  return Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
}

async function installIfNeeded() {
  const stamp = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(process.versions.modules)
    .digest('hex');
  if (readText(stampFile) === stamp) return 0;
  say('earshot: installing packages');
  const code = await run('npm', ['ci', '--no-fund', '--no-audit', '--include=dev'], ON_STDERR);
  if (code === 0) writeFileSync(stampFile, stamp);
  return code;
}

/** The compiler alone takes seconds to find that nothing changed; times and sizes of the sources tell at once. */
async function compile() {
  mkdirSync(join(root, 'dist'), { recursive: true });
  const stamp = digestOfSources();
  if (readText(builtFile) === stamp) return 0;
  const started = performance.now();
  const code = await run(
    process.execPath,
    [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', root],
    ON_STDERR,
  );
  const seconds = (performance.now() - started) / 1000;
  if (code !== 0) return code;
  writeFileSync(builtFile, stamp);
  if (seconds > 5) say(`earshot: compiled in ${seconds.toFixed(1)} s`);
  return 0;
}

/**
 * The addon, when the headers of the running Node lie beside it and there is a compiler. Without it Earshot runs all
 * the same, a little slower and without DTLS; so a machine that cannot build it is told, and not stopped.
 */
async function buildAddon() {
  const folder = join(root, 'src', 'native');
  const headers = join(dirname(dirname(process.execPath)), 'include', 'node');
  const sources = readdirSync(folder).filter((name) => /\.(cc|h)$/.test(name));
  const hash = createHash('sha256').update(`${process.version} ${process.arch} ${headers}`);
  for (const name of sources.sort()) hash.update(name).update(readFileSync(join(folder, name)));
  const stamp = hash.digest('hex');
  if (readText(addonStampFile) === stamp) return 0;
  mkdirSync(join(root, 'dist', 'native'), { recursive: true });
  const reason = statSync(join(headers, 'node_api.h'), { throwIfNoEntry: false })
    ? await compileAddon(
        headers,
        sources.filter((name) => name.endsWith('.cc')).map((name) => join(folder, name)),
      )
    : `the headers of this Node are not in ${headers}`;
  if (reason) say(`earshot: going on without the native addon (no DTLS, slower media and signaling): ${reason}`);
  writeFileSync(addonStampFile, stamp);
  return 0;
}

async function compileAddon(headers, files) {
  const flags = ['-std=c++17', '-O2', '-g', '-fPIC', '-shared', '-Wall', '-Wextra', '-fvisibility=hidden'];
  const hardening = ['-D_FORTIFY_SOURCE=2', '-fstack-protector-strong', '-Wl,-z,relro,-z,now'];
  const made = `${addonFile}.new`;
  const args = [...flags, ...hardening, '-DNAPI_VERSION=8', '-I', headers, ...files, '-o', made];
  const code = await run('c++', args, ON_STDERR);
  // Put in place whole: a process that has the old one mapped must not see it change.
  if (code === 0) renameSync(made, addonFile);
  else rmSync(addonFile, { force: true });
  return code === 0 ? undefined : 'c++ failed';
}

function digestOfSources() {
  const hash = createHash('sha256').update(readText(stampFile) ?? '');
  const sources = readdirSync(join(root, 'src'), { recursive: true }).map((path) => join('src', path));
  for (const path of ['tsconfig.json', ...sources].sort()) {
    const { size, mtimeMs } = statSync(join(root, path), { throwIfNoEntry: false }) ?? {};
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** Runs a command in our place: same terminal unless told otherwise, signals passed on, its exit code ours. */
function run(command, args, options) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'inherit', ...options });
    // A terminal's Ctrl-C reaches the child by itself; passed on as well it would count as a second one.
    const forward = (signal) => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    };
    const settle = (code) => {
      process.off('SIGINT', forward);
      process.off('SIGTERM', forward);
      resolve(code);
    };
    process.on('SIGINT', forward);
    process.on('SIGTERM', forward);
    child.on('error', (error) => {
      say(`earshot: cannot run ${command} (${error.code})`);
      settle(1);
    });
    child.on('exit', (code, signal) => settle(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

function fail(line) {
  say(line);
  process.exit(1);
}
