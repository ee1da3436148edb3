import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Settings that keep the demo out of the user's own: no global configuration, hooks, signing or editor. */
const GIT_ENV = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 'Demo',
  GIT_AUTHOR_EMAIL: 'demo@example.invalid',
  GIT_COMMITTER_NAME: 'Demo',
  GIT_COMMITTER_EMAIL: 'demo@example.invalid',
};

export type Git = (...args: readonly string[]) => Promise<string>;

/** A new repository with one commit, and one change staged on top of it. */
export async function makeScratchRepository(folder: string): Promise<Git> {
  await mkdir(folder, { recursive: true });
  const git: Git = async (...args) => {
    const { stdout } = await run('git', [...args], { cwd: folder, env: { ...process.env, ...GIT_ENV } });
    return stdout.trim();
  };
  await git('init', '--quiet', '--initial-branch=main');
  await writeFile(
    join(folder, 'price.js'),
    'export const total = (items) => items.reduce((sum, i) => sum + i.price, 0);\n',
  );
  await git('add', 'price.js');
  await git('commit', '--quiet', '-m', 'feat(price): add up the prices of a basket');
  await writeFile(
    join(folder, 'price.js'),
    'export const total = (items = []) => items.reduce((sum, i) => sum + i.price * (i.quantity ?? 1), 0);\n',
  );
  await writeFile(
    join(folder, 'price.test.js'),
    "import { total } from './price.js';\nconsole.assert(total([{ price: 2, quantity: 3 }]) === 6);\n",
  );
  await git('add', 'price.js', 'price.test.js');
  return git;
}
