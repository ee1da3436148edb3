import type { Logger } from '../domain/logger.ts';
import type { Timers } from '../domain/timers.ts';
import type { RunParams } from './run.ts';

/** After so long a silence the last message is repeated: well under the time-outs that callers commonly have. */
const SILENCE_MS = 5_000;

/** Tells how far a run is; what it tells grows with every message, as MCP demands. */
export interface ProgressTeller {
  /** Says it, and again from time to time, until something else is said: nobody is to give up on slow work. */
  say(message: string): void;
  /** Says how an attempt ended, and whether its task is done with. */
  endAttempt(message: string, isTaskDone: boolean): void;
  /** Repeats nothing any more. */
  stop(): void;
}

export interface CreateProgressParams {
  readonly total: number | undefined;
  readonly onProgress: RunParams['onProgress'];
  readonly onAttempt: RunParams['onAttempt'];
  readonly timers: Timers;
  readonly logger: Logger;
}

export function createProgress(params: CreateProgressParams): ProgressTeller {
  const { total, onProgress, onAttempt, timers, logger } = params;
  let finished = 0;
  let said = 0;
  let stop = () => {};

  function safely(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      logger.error('Whoever was told of the progress of a run failed.', { error });
    }
  }

  function tell(message: string): void {
    // Ever nearer to the next whole number, and never there: nobody knows how many messages a task will take.
    safely(() => onProgress?.({ progress: finished + said / (said + 1), total, message }));
  }

  function say(message: string): void {
    stop();
    said += 1;
    tell(message);
    stop = timers.start(SILENCE_MS, () => say(message));
  }

  return {
    say,
    endAttempt(message, isTaskDone) {
      stop();
      finished += isTaskDone ? 1 : 0;
      said = isTaskDone ? 0 : said + 1;
      tell(message);
      safely(() => onAttempt?.(message));
    },
    stop: () => stop(),
  };
}
