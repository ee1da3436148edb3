import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

// The bundle as people run it: what is loaded late, or found by its place on disk, goes wrong only there.

const MAIN = resolve('dist/main.mjs');
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'command-line-'));
});

afterEach(() => rm(folder, { recursive: true }));

interface Finished {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program in a folder, and with a home, of its own; Windows aside, as the file that it is. */
function run(...argv: readonly string[]): Promise<Finished> {
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    USERPROFILE: folder,
    LOCALAPPDATA: folder,
    APPDATA: folder,
  };
  const [file, args] = process.platform === 'win32' ? [process.execPath, [MAIN, ...argv]] : [MAIN, argv];
  return new Promise((done) => {
    execFile(file, args, { cwd: folder, env }, (error, stdout, stderr) =>
      done({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

test('the bundled workflows are listed, and are without errors and warnings', async () => {
  const list = await run('list', '--json');
  const { workflows } = JSON.parse(list.stdout);
  expect(workflows).toHaveLength(9);
  expect(await run('lint')).toEqual({
    exitCode: 0,
    stdout: '',
    stderr: '0 errors, 0 warnings in 10 workflows.\n',
  });
});

test('the runs of a user start empty, in the data folder of that user', async () => {
  expect(JSON.parse((await run('status', '--json')).stdout)).toEqual({ instances: [] });
  expect((await run('history', 'nobody')).exitCode).toBe(1);
});

test('.env is read', async () => {
  await writeFile(join(folder, '.env'), 'LOG_LEVEL=loud\nAI_PROVIDER="nobody"\n');
  const { exitCode, stdout, stderr } = await run('list');
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toContain('LOG_LEVEL (in .env): "loud" is not a log level.');
  expect(stderr).toContain('AI_PROVIDER (in .env): "nobody" is not an AI provider.');
});

test('the printed entry starts this very program', async () => {
  const { stdout } = await run('config', 'cline', '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    mcpServers: { orchestrator: { command: process.execPath, args: [MAIN] } },
  });
});

test('what comes along is there: licences and migrations', async () => {
  expect(await readFile(resolve('dist/third-party-licenses.txt'), 'utf8')).toContain(
    'Permission is hereby granted',
  );
  await readFile(resolve('dist/migrations/sqlite/meta/_journal.json'));
});
