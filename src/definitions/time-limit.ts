import { createContext, Script } from 'node:vm';

/** Runs a synchronous function, and stops it when it takes too long. */
export type TimeLimit = <Result>(run: () => Result) => Result;

/**
 * Bounds work whose cost depends on data from clients: a regular expression, or a loop within a loop over
 * lists. `node:vm` can interrupt such work; it isolates nothing here, and nothing here needs isolating.
 * The function has to be pure: it may be left at any point. It is not called while it is running.
 *
 * @throws Error with the code `ERR_SCRIPT_EXECUTION_TIMEOUT`, or what the function throws
 */
export function createTimeLimit(limitMs: number): TimeLimit {
  const sandbox: { run?: () => unknown } = {};
  const context = createContext(sandbox);
  const script = new Script('run()');
  return <Result>(run: () => Result): Result => {
    sandbox.run = run;
    try {
      return script.runInContext(context, { timeout: limitMs }) as Result;
    } finally {
      delete sandbox.run;
    }
  };
}

/** By its shape: the error may come from another realm, where `instanceof Error` does not hold. */
export function isTimeout(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
  );
}
