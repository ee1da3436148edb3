import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { signalProcess } from './signals.ts';

/**
 * The variable that marks a server's process and, because processes inherit it, everything that it starts: also what
 * left its process group, or lost its parent. A process that is to outlive the server can be started without it.
 */
export const MARK_VARIABLE = 'ORCHESTRATOR_MCP_MARK';

/** How often what is left is looked for: a process may start others while it is being killed. */
const ROUNDS_MAX = 5;

/** 128 random bits, so that no other process has it by accident. */
export function createMark(): string {
  return randomBytes(16).toString('hex');
}

/** The processes that carry a mark that begins so. Only Linux tells; elsewhere there are none. */
async function markedProcesses(markStart: string): Promise<readonly number[]> {
  if (process.platform !== 'linux') return [];
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const marked = await Promise.all(pids.map((pid) => carriesMark(pid, markStart)));
  return pids.filter((_, index) => marked[index]).map(Number);
}

async function carriesMark(pid: string, markStart: string): Promise<boolean> {
  // A process that is gone, or belongs to someone else, is none of ours.
  const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
  return `\0${environment}`.includes(`\0${MARK_VARIABLE}=${markStart}`);
}

/** Kills what carries a mark that begins so, until nothing does. Returns how many processes that were. */
export async function killMarked(markStart: string): Promise<number> {
  let killed = 0;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const pids = await markedProcesses(markStart);
    if (pids.length === 0) break;
    for (const pid of pids) signalProcess(pid, 'SIGKILL');
    if (round === 0) killed = pids.length;
  }
  return killed;
}
