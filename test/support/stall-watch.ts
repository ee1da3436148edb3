import { readFileSync } from 'node:fs';

/** The longest that the event loop of this thread stood still. */
export interface StallWatch {
  /** Ends the watch; milliseconds. */
  stop(): number;
}

/**
 * Watches this thread turn by turn. On a busy machine a thread also stands still because others have the processor; where
 * the system tells how long this one had it, that is not counted.
 */
export function startStallWatch(): StallWatch {
  let worstMs = 0;
  let last = { wallMs: performance.now(), processorMs: processorMs() };
  const look = () => {
    const now = { wallMs: performance.now(), processorMs: processorMs() };
    worstMs = Math.max(worstMs, Math.min(now.wallMs - last.wallMs, now.processorMs - last.processorMs));
    last = now;
  };
  const timer = setInterval(look, 2);
  return {
    stop() {
      look();
      clearInterval(timer);
      return worstMs;
    },
  };
}

/** What the thread has had of the processor; all the time there was, where the system does not tell. */
function processorMs(): number {
  try {
    const [nanoseconds] = readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ');
    return Number(nanoseconds) / 1e6;
  } catch {
    return performance.now();
  }
}
