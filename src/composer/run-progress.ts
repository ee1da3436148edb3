import type { Clock } from '../domain/clock.ts';
import type { Logger } from '../domain/logger.ts';
import type { ExecuteParams } from './composer.ts';

/** A script may finish thousands of calls in a second; nobody reads that much. */
const INTERVAL_MS = 100;

/** Tells how far a script is; what it tells grows with every message, as MCP demands. */
export interface RunProgress {
  say(message: string): void;
  finishCall(message: string): void;
}

export interface RunProgressParams {
  readonly onProgress: ExecuteParams['onProgress'];
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createRunProgress({ onProgress, clock, logger }: RunProgressParams): RunProgress {
  let finished = 0;
  let said = 0;
  let toldMs = Number.NEGATIVE_INFINITY;

  function tell(message: string): void {
    const nowMs = clock.monotonicMs();
    if (onProgress === undefined || nowMs - toldMs < INTERVAL_MS) return;
    toldMs = nowMs;
    try {
      // Ever nearer to the next call, and never there.
      onProgress({ progress: finished + said / (said + 1), message });
    } catch (error) {
      logger.error('Whoever was told of the progress of a script failed.', { error });
    }
  }

  return {
    say(message) {
      said += 1;
      tell(message);
    },
    finishCall(message) {
      finished += 1;
      said = 0;
      tell(message);
    },
  };
}
