import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Ends a process and all that it has started, at once. On Unix they have to be a process group of their own (`detached`);
 * what has left that group, as daemons do, is not found.
 */
export function killTree({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  if (process.platform === 'win32') {
    spawn('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).on(
      'error',
      () => {},
    );
    return;
  }
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // None of them is left.
  }
}
