/** A process that is gone, or belongs to someone else, is left alone. */
export function signalProcess(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // There is nobody to signal.
  }
}

/** @param pid of the process that leads the group */
export function signalGroup(pid: number, name: NodeJS.Signals): void {
  // Windows has no groups.
  if (process.platform !== 'win32') signalProcess(-pid, name);
}
