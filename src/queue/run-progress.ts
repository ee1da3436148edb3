import type { Logger } from '../domain/logger.ts';
import type { RunParams } from './run.ts';

/** Tells how far a run is; what it tells grows with every message, as MCP demands. */
export interface ProgressTeller {
  say(message: string): void;
  /** Says that a task is done with. */
  finishTask(message: string): void;
}

export interface CreateProgressParams {
  readonly total: number | undefined;
  readonly onProgress: RunParams['onProgress'];
  readonly logger: Logger;
}

export function createProgress({ total, onProgress, logger }: CreateProgressParams): ProgressTeller {
  let finished = 0;
  let said = 0;
  function tell(message: string): void {
    try {
      // Ever nearer to the next whole number, and never there: nobody knows how many messages a task will take.
      onProgress?.({ progress: finished + said / (said + 1), total, message });
    } catch (error) {
      logger.error('Whoever was told of the progress of a run failed.', { error });
    }
  }
  return {
    say(message) {
      said += 1;
      tell(message);
    },
    finishTask(message) {
      finished += 1;
      said = 0;
      tell(message);
    },
  };
}
