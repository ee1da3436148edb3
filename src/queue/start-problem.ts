import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Environment } from '../domain/child-environment.ts';

/** Where systems look without a PATH. */
const DEFAULT_PATH = '/usr/bin:/bin';

/**
 * Why a program could not be started, in words; undefined where it can be found. On Windows always: what may be
 * started there is not told by looking at files.
 */
export async function startProblem(program: string, { PATH }: Environment): Promise<string | undefined> {
  if (process.platform === 'win32') return undefined;
  const folders = (PATH ?? DEFAULT_PATH).split(delimiter);
  const paths = program.includes('/') ? [program] : folders.map((folder) => join(folder, program));
  const found = await Promise.all(paths.map(look));
  if (found.includes('program')) return undefined;
  return found.includes('other') ? 'it is no file that may be executed' : 'it was not found';
}

async function look(path: string): Promise<'program' | 'other' | 'nothing'> {
  try {
    if (!(await stat(path)).isFile()) return 'other';
    await access(path, constants.X_OK);
    return 'program';
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'nothing' : 'other';
  }
}
