import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const INSTALLING = 'Installing dependencies, which takes a minute the first time ...\n';
const BUILDING = 'Building ...\n';
/** A build that does nothing but leave its file. */
const BUILD = `import { mkdirSync, writeFileSync } from 'node:fs';
mkdirSync('dist', { recursive: true });
writeFileSync('dist/main.mjs', '');`;

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'clone-'));
  await put('package.json', '{ "name": "clone", "version": "1.0.0" }');
  await put('package-lock.json', lock({ '': { name: 'clone', version: '1.0.0' } }));
  await put('src/dev/build.mjs', BUILD);
  await put('src/main.ts', '');
  await cp('src/dev/ensure-built.mjs', join(root, 'src/dev/ensure-built.mjs'));
});

afterEach(() => rm(root, { recursive: true }));

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

function lock(packages: Readonly<Record<string, object>>): string {
  return JSON.stringify({ name: 'clone', version: '1.0.0', lockfileVersion: 3, requires: true, packages });
}

/** Makes a file look as if it had been written in this year. */
async function date(path: string, year: number): Promise<void> {
  const then = new Date(`${year}-01-01`);
  await utimes(join(root, path), then, then);
}

function ensureBuilt() {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'src/dev/ensure-built.mjs')], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('a fresh clone is built, and then left alone', () => {
  expect(ensureBuilt()).toEqual({ status: 0, stdout: '', stderr: BUILDING });
  expect(ensureBuilt()).toEqual({ status: 0, stdout: '', stderr: '' });
});

test('a source that is younger than the bundle has it built again', async () => {
  ensureBuilt();
  await date('src/main.ts', 2100);
  expect(ensureBuilt().stderr).toBe(BUILDING);
});

test('so has a source that is gone', async () => {
  await put('src/room/old.ts', '');
  ensureBuilt();
  await rm(join(root, 'src/room/old.ts'));
  await date('src/room', 2100);
  expect(ensureBuilt().stderr).toBe(BUILDING);
});

test('a package that is missing, or there in another version, is installed', async () => {
  ensureBuilt();
  const wanted = { '': { name: 'clone', version: '1.0.0' }, 'node_modules/a': { version: '2.0.0' } };
  await put('package-lock.json', lock(wanted));
  // A lock file that does not fit package.json: npm refuses it, which shows that it was asked.
  await put('package.json', '{ "name": "clone", "version": "1.0.0", "dependencies": { "b": "file:b" } }');
  await date('package-lock.json', 2000);
  await date('package.json', 2000);
  expect(ensureBuilt()).toMatchObject({ status: 1, stderr: expect.stringContaining(INSTALLING) });
  await put('node_modules/.package-lock.json', lock({ 'node_modules/a': { version: '1.0.0' } }));
  expect(ensureBuilt().stderr).toContain(INSTALLING);
  await put('node_modules/.package-lock.json', lock({ 'node_modules/a': { version: '2.0.0' } }));
  expect(ensureBuilt()).toEqual({ status: 0, stdout: '', stderr: '' });
});

test('packages for other machines may be missing', async () => {
  ensureBuilt();
  await put('package-lock.json', lock({ 'node_modules/a': { version: '2.0.0', optional: true } }));
  await date('package-lock.json', 2000);
  expect(ensureBuilt()).toEqual({ status: 0, stdout: '', stderr: '' });
});

test('a build that fails ends the run', async () => {
  await put('src/dev/build.mjs', 'process.exit(3)');
  expect(ensureBuilt()).toEqual({ status: 3, stdout: '', stderr: BUILDING });
});
