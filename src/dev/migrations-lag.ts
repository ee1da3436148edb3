import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const MIGRATIONS = 'src/store/migrations/sqlite';
const SCHEMA = './src/store/sqlite/schema.ts';

/** Whether the tables of the code need a migration that is not there: whether drizzle-kit would write one. */
export async function migrationsLag(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'migrations-'));
  try {
    await cp(MIGRATIONS, folder, { recursive: true });
    const before = await readdir(folder);
    const options = ['--dialect', 'sqlite', '--schema', SCHEMA, '--out', folder];
    const kit = join('node_modules', 'drizzle-kit', 'bin.cjs');
    await promisify(execFile)(process.execPath, [kit, 'generate', ...options]);
    return (await readdir(folder)).length !== before.length;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
