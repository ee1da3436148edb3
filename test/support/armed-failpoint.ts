import type { Failpoint } from '../../src/domain/failpoint.ts';

/**
 * Stands in for `src/domain/failpoint.ts` in the builds of the fault campaigns. In a process of its own it is
 * armed by the environment: `FAILPOINT_KILL=place:passes` kills it with SIGKILL at that pass, and
 * `FAILPOINT_STALL=place:ms` holds it up at each, so that others come in between. In a test it calls back.
 */
export type FailpointHandler = (place: Failpoint) => void;

let handler: FailpointHandler | undefined = fromEnvironment(process.env);

export function failpoint(place: Failpoint): void {
  handler?.(place);
}

/** Undefined disarms. */
export function armFailpoints(next: FailpointHandler | undefined): void {
  handler = next;
}

function fromEnvironment({ FAILPOINT_KILL = '', FAILPOINT_STALL = '' }: NodeJS.ProcessEnv): FailpointHandler {
  const [killPlace, passes] = FAILPOINT_KILL.split(':');
  const [stallPlace, stallMs] = FAILPOINT_STALL.split(':');
  let left = Number(passes);
  return (reached) => {
    if (reached === killPlace && --left === 0) process.kill(process.pid, 'SIGKILL');
    if (reached === stallPlace) stall(Number(stallMs));
  };
}

/** Holds up the whole process, as a slow disk would. */
function stall(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
