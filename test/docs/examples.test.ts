import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { ROOT } from './documents.ts';

const run = (command: string, env: Readonly<Record<string, string>> = {}) =>
  new Promise<{ readonly stdout: string; readonly stderr: string }>((resolve) => {
    execFile('sh', ['-c', command], { cwd: ROOT, env: { ...process.env, ...env } }, (_exit, stdout, stderr) =>
      resolve({ stdout, stderr }),
    );
  });

// The commands are written for a POSIX shell.
test.skipIf(process.platform === 'win32')(
  'the example of a task queue ends no tasks but its own, and whoever reads it may stop',
  async () => {
    const folder = temporaryFolder();
    const database = join(temporaryFolder(), 'real.sqlite');
    const { stdout, stderr } = await run('node docs/examples/task-queue.mjs | head -n 1', {
      WORKFLOW_DB_PATH: database,
      TMPDIR: folder,
    });
    expect(stdout).toMatch(/^add_tasks_batch .*\n$/);
    expect(stderr).toBe('');
    expect(existsSync(database)).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  },
);
