import type { Logger } from '../domain/logger.ts';
import type { RunParams } from './run.ts';

/** Tells how far a run is; what it tells grows with every message, as MCP demands. */
export interface ProgressTeller {
  say(message: string): void;
  /** Says how an attempt ended, and whether its task is done with. */
  endAttempt(message: string, isTaskDone: boolean): void;
}

export interface CreateProgressParams {
  readonly total: number | undefined;
  readonly onProgress: RunParams['onProgress'];
  readonly onAttempt: RunParams['onAttempt'];
  readonly logger: Logger;
}

export function createProgress(params: CreateProgressParams): ProgressTeller {
  const { total, onProgress, onAttempt, logger } = params;
  let finished = 0;
  let said = 0;

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

  return {
    say(message) {
      said += 1;
      tell(message);
    },
    endAttempt(message, isTaskDone) {
      finished += isTaskDone ? 1 : 0;
      said = isTaskDone ? 0 : said + 1;
      tell(message);
      safely(() => onAttempt?.(message));
    },
  };
}
