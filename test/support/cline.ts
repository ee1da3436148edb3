import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { setImmediate as nextTick } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ScriptedOpenAiServer } from './scripted-openai-server.ts';

/** Pinned: what is known here about its files, messages and exit codes was found out with this version. */
const CLINE_VERSION = '3.0.65';

const CACHE_FOLDER = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url));
const WINDOWS = process.platform === 'win32';

/**
 * Installs the command line of Cline once (about 25 s, 440 MB) and returns the path of its launcher. The folder
 * appears by a rename: a second process sees all of it or nothing. Its install scripts do not run.
 */
export async function installCline(): Promise<string> {
  const folder = join(CACHE_FOLDER, `cline-${CLINE_VERSION}`);
  const launcher = join(folder, 'node_modules', 'cline', 'bin', 'cline');
  if (existsSync(launcher)) return launcher;
  await mkdir(CACHE_FOLDER, { recursive: true });
  const unfinished = await mkdtemp(`${folder}-unfinished-`);
  try {
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
    await promisify(execFile)(
      'npm',
      ['install', '--prefix', unfinished, `cline@${CLINE_VERSION}`, ...flags],
      {
        shell: WINDOWS,
      },
    );
    await rename(unfinished, folder).catch((error: unknown) => {
      if (!existsSync(launcher)) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return launcher;
}

/** An entry of `mcpServers`, in the form that all of Cline's surfaces read. */
export interface McpServerEntry {
  readonly command: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly disabled?: boolean;
  /** Seconds, for each request; without it, Cline gives `initialize` only three. */
  readonly timeout?: number;
}

interface ClineResult {
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The lines that `--json` printed. */
  readonly events: readonly Readonly<Record<string, unknown>>[];
  /** The last line, which says how the run ended; undefined where it was killed before. */
  readonly finishReason: unknown;
  readonly stderr: string;
}

export interface ClineSession {
  readonly ended: Promise<ClineResult>;
  /** The process that Cline started for this script: the MCP server. */
  findServer(scriptPath: string): Promise<number>;
  /** SIGKILL to Cline and to all that it started, at once. */
  kill(): void;
}

export interface Cline {
  /** The home folder that Cline has for itself. */
  readonly home: string;
  /** Runs one prompt without a terminal, every tool approved. */
  prompt(prompt: string): ClineSession;
  /** Ends what still runs, and removes the home folder. */
  dispose(): Promise<void>;
}

interface SetUpClineParams {
  /** What {@link installCline} returned. */
  readonly launcher: string;
  readonly model: Pick<ScriptedOpenAiServer, 'baseUrl' | 'apiKey' | 'model'>;
  readonly mcpServers: Readonly<Record<string, McpServerEntry>>;
}

/** A Cline with a home, a workspace, a model and MCP servers of its own. It inherits nothing but the PATH. */
export async function setUpCline({ launcher, model, mcpServers }: SetUpClineParams): Promise<Cline> {
  const home = await mkdtemp(join(tmpdir(), 'cline-home-'));
  const workspace = join(home, 'workspace');
  const settings = join(home, '.cline', 'data', 'settings');
  await Promise.all([mkdir(workspace), mkdir(settings, { recursive: true })]);
  await writeFile(join(settings, 'cline_mcp_settings.json'), JSON.stringify({ mcpServers }, null, 2));
  // Telemetry and updates are on unless this file says otherwise.
  const quiet = { telemetryOptOut: true, autoUpdateEnabled: false };
  await writeFile(join(settings, 'global-settings.json'), JSON.stringify(quiet));

  const env = {
    PATH: process.env.PATH,
    // Both: Cline asks for the first, Windows programs for the second.
    HOME: home,
    USERPROFILE: home,
    // Without it, each run leaves a daemon behind that listens on a port which all users of the machine share.
    CLINE_SESSION_BACKEND_MODE: 'local',
    CLINE_NO_AUTO_UPDATE: '1',
    ...(WINDOWS && { SystemRoot: process.env.SystemRoot }),
  };
  const running = new Set<ClineSession>();
  const run = (args: readonly string[]) => {
    const session = startCline([launcher, ...args], { cwd: workspace, env });
    running.add(session);
    session.ended.finally(() => running.delete(session)).catch(() => {});
    return session;
  };
  const cline: Cline = {
    home,
    prompt: (prompt) =>
      run([
        '-P',
        'openai',
        '-m',
        model.model,
        '-k',
        model.apiKey,
        '--auto-approve',
        'true',
        '--json',
        prompt,
      ]),
    async dispose() {
      const left = [...running];
      for (const session of left) session.kill();
      await Promise.allSettled(left.map(({ ended }) => ended));
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  const login = ['auth', 'openai', '-k', model.apiKey, '-m', model.model, '-b', model.baseUrl];
  const { exitCode, stderr } = await run(login).ended;
  if (exitCode === 0) return cline;
  await cline.dispose();
  throw new Error(`cline auth ended with ${exitCode}: ${stderr}`);
}

interface StartOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

function startCline(args: readonly string[], { cwd, env }: StartOptions): ClineSession {
  // A process group of its own: the launcher waits for the real program, and would leave it behind when killed.
  const child = spawn(process.execPath, args, {
    cwd,
    env,
    detached: !WINDOWS,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = new Promise<Pick<ClineResult, 'exitCode' | 'signal'>>((resolve, reject) => {
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal }));
    child.once('error', reject);
  });
  const ended = Promise.all([closed, readText(child.stdout), readText(child.stderr)]).then(
    ([how, stdout, stderr]): ClineResult => {
      const events = parseEvents(stdout);
      return { ...how, events, finishReason: events.at(-1)?.finishReason, stderr };
    },
  );
  const { pid } = child;
  return {
    ended,
    async findServer(scriptPath) {
      if (pid === undefined) throw new Error('Cline did not start.');
      const found = descendantsOf(pid, await listProcesses()).filter(({ command }) =>
        command.includes(scriptPath),
      );
      const server = found[0];
      if (server === undefined || found.length > 1)
        throw new Error(`Cline has ${found.length} processes that run ${scriptPath}; expected one.`);
      return server.pid;
    },
    kill() {
      if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      if (WINDOWS) child.kill('SIGKILL');
      else process.kill(-pid, 'SIGKILL');
    },
  };
}

/** A run that was killed may have been in the middle of its last line. */
function parseEvents(stdout: string): ClineResult['events'] {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line): Readonly<Record<string, unknown>> => JSON.parse(line));
}

/** What Cline makes of the result of an MCP call: the JSON that it puts into the message of role `tool`. */
interface ClineToolResult {
  readonly content?: readonly { readonly type: string; readonly text?: string }[];
  readonly structuredContent?: Readonly<Record<string, unknown>>;
  readonly isError?: boolean;
  /** Where the call never came back: the server is gone, or did not answer in time. */
  readonly error?: string;
}

/** Cline cuts what is longer than 8,000 characters in the middle; the text and the structured copy count together. */
export function readToolResult(content: string): ClineToolResult {
  if (/\.\.\.\[truncated \d+ chars/.test(content))
    throw new Error(`The answer was too long for Cline, and the model got a part of it: ${content}`);
  return JSON.parse(content);
}

/** Kills, and returns once the process is no more. */
export async function killProcess(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await processGone(pid);
}

export async function processGone(pid: number): Promise<void> {
  while ((await listProcesses()).some((running) => running.pid === pid)) await nextTick();
}

/** A fingerprint of what Cline keeps in the home folder of whoever runs the tests. */
export async function fingerprintOfRealCline(): Promise<string> {
  const folder = join(homedir(), '.cline');
  if (!existsSync(folder)) return 'absent';
  const settings = join(folder, 'data', 'settings');
  const names = existsSync(settings) ? (await readdir(settings)).sort() : [];
  const hash = createHash('sha256');
  for (const name of names)
    hash.update(name).update(await readFile(join(settings, name)).catch(() => 'folder'));
  return hash.digest('hex');
}

interface RunningProcess {
  readonly pid: number;
  readonly parentPid: number;
  readonly command: string;
}

function descendantsOf(pid: number, processes: readonly RunningProcess[]): readonly RunningProcess[] {
  const children = processes.filter(({ parentPid }) => parentPid === pid);
  return children.flatMap((child) => [child, ...descendantsOf(child.pid, processes)]);
}

/** Without the dead that nobody has waited for yet: in a container, nobody may ever. */
async function listProcesses(): Promise<readonly RunningProcess[]> {
  if (!existsSync('/proc/self/stat')) return listProcessesWithPs();
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const processes = await Promise.all(names.map((name) => readProcess(Number(name)).catch(() => undefined)));
  return processes.filter((found) => found !== undefined);
}

async function readProcess(pid: number): Promise<RunningProcess | undefined> {
  const [stat, commandLine] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/cmdline`, 'utf8'),
  ]);
  // `pid (name) state ppid ...`, and the name may hold spaces and parentheses.
  const [state, parentPid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state === 'Z' || state === 'X') return undefined;
  return { pid, parentPid: Number(parentPid), command: commandLine.replaceAll('\0', ' ') };
}

async function listProcessesWithPs(): Promise<readonly RunningProcess[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,state=,args=']);
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parentPid, state, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (command === undefined || state?.startsWith('Z') === true) return [];
    return [{ pid: Number(pid), parentPid: Number(parentPid), command }];
  });
}
