import { readFileSync } from 'node:fs';

// Linux alone tells what another process has used; elsewhere both are undefined.

/** Linux counts in ticks of this length on every machine that Node.js runs on. */
const TICK_US = 10_000;

/** Microseconds of processor time that a process has used so far, all its threads together, in steps of 10,000. */
export function cpuUsOf(pid: number): number | undefined {
  // The second field is the program's name in parentheses, which may hold spaces.
  const fields = readProc(pid, 'stat')?.split(') ').at(-1)?.split(' ');
  return fields === undefined ? undefined : (Number(fields[11]) + Number(fields[12])) * TICK_US;
}

/** Bytes that a process has read so far, from files and pipes. */
export function bytesReadBy(pid: number): number | undefined {
  const counters = readProc(pid, 'io');
  return counters === undefined ? undefined : Number(/^rchar: (\d+)$/m.exec(counters)?.[1]);
}

function readProc(pid: number, file: string): string | undefined {
  return process.platform === 'linux' ? readFileSync(`/proc/${pid}/${file}`, 'utf8') : undefined;
}
