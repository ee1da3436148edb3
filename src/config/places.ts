import { existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { absolutePath } from '../domain/absolute-path.ts';
import type { Inputs } from './problems.ts';

/** The folders of workflows, the strongest first. */
export function definitionDirs({ values, cwd, packageRoot, report }: Inputs): readonly string[] {
  const given = values.WORKFLOW_DEFINITIONS_DIR;
  if (given === undefined) {
    const own = join(cwd, 'workflows');
    return [isFolder(own) ? own : join(packageRoot, 'workflows')];
  }
  const parts = given.split(delimiter).filter((part) => part.trim() !== '');
  const folders = [...new Set(parts.map((part) => absolutePath(cwd, part.trim())))];
  for (const folder of folders.filter((candidate) => !isFolder(candidate))) {
    const wrong = existsSync(folder) ? 'is not a folder' : 'does not exist';
    report('WORKFLOW_DEFINITIONS_DIR', `${folder} ${wrong}. Create the folder, or name another one.`);
  }
  if (folders.length === 0) report('WORKFLOW_DEFINITIONS_DIR', 'It names no folder. Name one, or unset it.');
  return folders;
}

/**
 * The file that keeps the runs. An MCP client may start this program in any working directory: unless that one
 * has a `data` folder, the file lives with the user's data, where the runs are found again.
 */
export async function databasePath({ values, cwd, report }: Inputs): Promise<string> {
  if (values.WORKFLOW_DB_PATH !== undefined) {
    const path = absolutePath(cwd, values.WORKFLOW_DB_PATH);
    if (isFolder(path)) report('WORKFLOW_DB_PATH', `${path} is a folder. Name the file in it.`);
    return path;
  }
  const ownFolder = join(cwd, 'data');
  if (isFolder(ownFolder)) return join(ownFolder, 'workflows.sqlite');
  const { default: envPaths } = await import('env-paths');
  return join(envPaths('orchestrator-mcp', { suffix: '' }).data, 'workflows.sqlite');
}

/** The absolute path of a file that has to be there already; undefined where the variable is unset. */
export function existingFile(
  { values, cwd, report }: Inputs,
  name: 'AI_REPLAY' | 'STUB_AI_SCRIPT' | 'MCP_SERVERS_CONFIG',
): string | undefined {
  const given = values[name];
  if (given === undefined) return undefined;
  const path = absolutePath(cwd, given);
  if (!existsSync(path)) report(name, `${path} does not exist. Name an existing file, or unset it.`);
  else if (isFolder(path)) report(name, `${path} is a folder. Name a file.`);
  return path;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
