import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { killMarked } from './process-mark.ts';
import { signalGroup } from './signals.ts';

/** Everything that one server started: a process group, and what carries its mark. */
export interface ProcessTree {
  /** Of the first process, which leads the group. */
  readonly pid: number;
  /** See `process-mark.ts`. */
  readonly mark: string;
}

/** Ends whatever is left, without asking. */
export async function killTree({ pid, mark }: ProcessTree): Promise<void> {
  if (process.platform === 'win32') {
    await promisify(execFile)('taskkill', ['/pid', String(pid), '/T', '/F']).catch(() => {});
    return;
  }
  signalGroup(pid, 'SIGKILL');
  await killMarked(mark);
}
