import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Runs before `npm start` and `npm test`, also in a fresh clone: nothing but Node may be needed to load this file.

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

if (!isInstalled()) {
  console.error('Installing dependencies, which takes a minute the first time ...');
  run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
}
if (!isBuilt()) {
  console.error('Building ...');
  run(process.execPath, [join('src', 'dev', 'build.mjs')]);
}

/** Whether every package that is not optional is there in the version that the lock file names. */
function isInstalled() {
  const wanted = lockedPackages('package-lock.json');
  const present = lockedPackages(join('node_modules', '.package-lock.json'));
  return Object.entries(wanted ?? {}).every(
    ([path, { version, optional }]) => path === '' || optional || present?.[path]?.version === version,
  );
}

function lockedPackages(file) {
  try {
    return JSON.parse(readFileSync(join(ROOT, file), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** Whether the bundle is younger than everything that it is made from. */
function isBuilt() {
  const built = statSync(join(ROOT, 'dist', 'main.mjs'), { throwIfNoEntry: false });
  if (built === undefined) return false;
  // Folders too: they change when a file in them is removed.
  const sources = [
    'package.json',
    'package-lock.json',
    'src',
    ...readdirSync(join(ROOT, 'src'), { recursive: true }).map((path) => join('src', path)),
  ];
  return sources.every((path) => statSync(join(ROOT, path)).mtimeMs <= built.mtimeMs);
}

function run(command, args) {
  const windows = process.platform === 'win32';
  const { status, error } = spawnSync(command, args, {
    cwd: ROOT,
    stdio: 'inherit',
    shell: windows && command === 'npm',
  });
  if (error !== undefined) console.error(`${command} could not be started: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}
