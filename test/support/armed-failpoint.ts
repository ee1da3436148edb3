import { writeSync } from 'node:fs';
import type { Failpoint } from '../../src/domain/failpoint.ts';

/**
 * Stands in for `src/domain/failpoint.ts` in the builds of the fault campaigns. In a process of its own it is
 * armed by the environment: `FAILPOINT_KILL=place:passes` kills it with SIGKILL at that pass,
 * `FAILPOINT_STOP=place:passes` stops it there until it gets SIGCONT, after it has said so on stderr, and
 * `FAILPOINT_STALL=place:ms` holds it up at each, so that others come in between. In a test it calls back.
 */
export type FailpointHandler = (place: Failpoint) => void;

/** The line that a process says before it stops. */
export const STOPPED = 'FAILPOINT_STOP reached';

let handler: FailpointHandler | undefined = fromEnvironment(process.env);

export function failpoint(place: Failpoint): void {
  handler?.(place);
}

/** Undefined disarms. */
export function armFailpoints(next: FailpointHandler | undefined): void {
  handler = next;
}

function fromEnvironment(env: NodeJS.ProcessEnv): FailpointHandler {
  const { FAILPOINT_KILL = '', FAILPOINT_STOP = '', FAILPOINT_STALL = '' } = env;
  const kill = atPass(FAILPOINT_KILL, () => process.kill(process.pid, 'SIGKILL'));
  const stop = atPass(FAILPOINT_STOP, () => {
    writeSync(2, `${STOPPED}\n`);
    process.kill(process.pid, 'SIGSTOP');
  });
  const [stallPlace, stallMs] = FAILPOINT_STALL.split(':');
  return (reached) => {
    kill(reached);
    stop(reached);
    if (reached === stallPlace) stall(Number(stallMs));
  };
}

/** Does it once, when the place was passed so many times. */
function atPass(setting: string, work: () => void): FailpointHandler {
  const [place, passes] = setting.split(':');
  let left = Number(passes);
  return (reached) => {
    if (reached === place && --left === 0) work();
  };
}

/** Holds up the whole process, as a slow disk would. */
function stall(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
