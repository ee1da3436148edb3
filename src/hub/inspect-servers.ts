import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { Fault } from '../domain/errors.ts';
import type { ServerSpec, StdioServerSpec } from './hub.ts';
import { loadMcpServersConfig } from './mcp-servers-config.ts';

/** What can be said of the downstream servers without starting one. */
export interface ServersReport {
  readonly file: string;
  /** Why it cannot be used; then there are no servers. */
  readonly problem?: string;
  readonly servers: readonly ListedServer[];
  /** What in it is not used. */
  readonly notes: readonly string[];
}

export interface ListedServer {
  readonly name: string;
  readonly kind: 'process' | 'http';
  readonly disabled: boolean;
  /** The program that it is started with, where there is none. */
  readonly missing?: string;
  /** Its working directory, where there is none. */
  readonly missingFolder?: string;
}

export interface InspectServersParams {
  /** Absolute. */
  readonly file: string;
  /** All that servers get of our environment. */
  readonly childEnv: Readonly<Record<string, string>>;
}

/** Reads the list of servers, and looks for the programs in it. */
export async function inspectServers({ file, childEnv }: InspectServersParams): Promise<ServersReport> {
  try {
    const { servers, notes } = await loadMcpServersConfig(file);
    const listed = Object.entries(servers).map(([name, spec]) => listServer({ name, spec, childEnv }));
    return { file, servers: await Promise.all(listed), notes };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { file, problem: error.message, servers: [], notes: [] };
  }
}

interface ListServerParams extends Pick<InspectServersParams, 'childEnv'> {
  readonly name: string;
  readonly spec: ServerSpec;
}

async function listServer({ name, spec, childEnv }: ListServerParams): Promise<ListedServer> {
  const disabled = spec.disabled === true;
  if ('url' in spec) return { name, kind: 'http', disabled };
  const { command, cwd } = spec;
  const hasCommand = await hasProgram(spec, spec.env?.PATH ?? childEnv.PATH ?? '');
  return {
    name,
    kind: 'process',
    disabled,
    ...(!hasCommand && { missing: command }),
    ...(cwd !== undefined && !(await isFolder(cwd)) && { missingFolder: cwd }),
  };
}

/** As the system looks for it; Windows does so in ways of its own, and is not asked. */
async function hasProgram({ command }: StdioServerSpec, path: string): Promise<boolean> {
  if (process.platform === 'win32') return true;
  const places = isAbsolute(command)
    ? [command]
    : path.split(delimiter).map((folder) => join(folder, command));
  const found = await Promise.all(places.map(isProgram));
  return found.includes(true);
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() === true;
}
