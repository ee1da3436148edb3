import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import drizzleConfig from '../../drizzle.config.ts';

const MIGRATIONS = 'src/store/migrations/sqlite';

/** Whether the tables of the code need a migration that is not there. */
export async function migrationsLag(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'migrations-'));
  try {
    await cp(MIGRATIONS, folder, { recursive: true });
    const config = join(folder, 'drizzle.config.json');
    // drizzle-kit takes every folder for a relative one.
    await writeFile(config, JSON.stringify({ ...drizzleConfig, out: relative('.', folder) }));
    const kit = join('node_modules', 'drizzle-kit', 'bin.cjs');
    const { stdout } = await promisify(execFile)(process.execPath, [kit, 'generate', '--config', config]);
    // It ends with 0 when it fails, too: only this line says that there was nothing to do.
    return !stdout.includes('No schema changes');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
