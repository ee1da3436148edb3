import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';

/** Where the system looks when there is no `PATH`. */
const DEFAULT_PATH = '/bin:/usr/bin';

export interface ProgramQuery {
  /** The name of a program, or a path to it. */
  readonly program: string;
  /** `PATH` of the environment that it is started with. */
  readonly path: string | undefined;
}

/**
 * Why a program cannot be started, as the end of a sentence; undefined where nothing speaks against it. Looks for it as
 * the system does, and starts nothing. Windows looks in ways of its own, and is not asked.
 */
export async function findProgramProblem({ program, path }: ProgramQuery): Promise<string | undefined> {
  if (process.platform === 'win32') return undefined;
  const isPath = program.includes('/');
  const places = isPath
    ? [resolve(program)]
    : (path ?? DEFAULT_PATH).split(delimiter).map((folder) => join(folder, program));
  const problems = await Promise.all(places.map(problemAt));
  if (problems.includes(undefined)) return undefined;
  const nearest = problems.find((problem) => problem !== 'missing');
  if (nearest !== undefined && nearest !== 'missing') return nearest;
  return isPath ? `there is no file ${resolve(program)}` : 'no folder of PATH has a program of that name';
}

async function problemAt(file: string): Promise<'missing' | string | undefined> {
  try {
    if (!(await stat(file)).isFile()) return `${file} is not a file`;
  } catch {
    return 'missing';
  }
  return access(file, constants.X_OK).then(
    () => undefined,
    () => `${file} is not executable`,
  );
}
