import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Pinned: its flags and its exit codes change between versions. */
const INSPECTOR_VERSION = '2.12.0';
/** The oldest line of Node.js that this Inspector runs on. */
const NODE_VERSION = '22.23.3';
const NODE_MAJOR = 22;

const CACHE_FOLDER = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url));
const WINDOWS = process.platform === 'win32';

/** The command line of the MCP Inspector, and the Node.js to run it with. */
export interface Inspector {
  readonly nodePath: string;
  readonly launcher: string;
}

/** Installs the Inspector once (about 15 s, 110 MB), and a newer Node.js for it where ours is too old (185 MB). */
export async function installInspector(): Promise<Inspector> {
  const folder = await installPackage(`@modelcontextprotocol/inspector@${INSPECTOR_VERSION}`, [
    '--ignore-scripts',
  ]);
  return {
    nodePath: await newEnoughNode(),
    launcher: join(
      folder,
      'node_modules',
      '@modelcontextprotocol',
      'inspector',
      'clients',
      'launcher',
      'build',
      'index.js',
    ),
  };
}

async function newEnoughNode(): Promise<string> {
  if (Number.parseInt(process.versions.node, 10) >= NODE_MAJOR) return process.execPath;
  // The package is a program that its install script fetches.
  const folder = await installPackage(`node@${NODE_VERSION}`, []);
  return join(folder, 'node_modules', 'node', 'bin', WINDOWS ? 'node.exe' : 'node');
}

/** The folder appears by a rename: a second process sees all of it or nothing. */
async function installPackage(specifier: string, flags: readonly string[]): Promise<string> {
  const folder = join(CACHE_FOLDER, specifier.replace(/^@/, '').replace(/[/@]/g, '-'));
  if (existsSync(folder)) return folder;
  await mkdir(CACHE_FOLDER, { recursive: true });
  const unfinished = await mkdtemp(`${folder}-unfinished-`);
  try {
    const quiet = ['--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
    await promisify(execFile)('npm', ['install', '--prefix', unfinished, specifier, ...flags, ...quiet], {
      shell: WINDOWS,
    });
    await rename(unfinished, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return folder;
}
