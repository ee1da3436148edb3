import { Fault } from '../../domain/errors.ts';
import { foldName } from '../../domain/step-names.ts';
import type { Timers } from '../../domain/timers.ts';
import type { TaskBrief } from '../performer.ts';
import { cancelled } from '../provider-faults.ts';
import { type ScriptEntry, verbOf } from './script-entry.ts';

/** What the stub is asked for. */
export interface Occasion {
  readonly verb: ReturnType<typeof verbOf>;
  readonly workflowName?: string;
  readonly stepName?: string;
  readonly task?: TaskBrief;
}

/** Goes through a script. */
export interface ScriptPlayer {
  /**
   * Plays the first entry that is for this occasion and not used up: it counts as used once more, takes its
   * time, and throws its fault if it has one. Returns it with its index; undefined if there is none. Throws
   * `CANCELLED` once the signal has been aborted.
   */
  play(
    occasion: Occasion,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly entry: ScriptEntry; readonly index: number } | undefined>;
}

export interface ScriptPlayerParams {
  readonly script: readonly ScriptEntry[];
  readonly timers: Timers;
}

export function createScriptPlayer({ script, timers }: ScriptPlayerParams): ScriptPlayer {
  const uses = script.map(() => 0);
  return {
    async play(occasion, signal) {
      if (signal?.aborted) throw cancelled();
      const index = script.findIndex(
        (entry, at) => isFor(entry, occasion) && (uses[at] ?? 0) < (entry.times ?? 1),
      );
      const entry = script[index];
      if (entry === undefined) return undefined;
      uses[index] = (uses[index] ?? 0) + 1;
      if (entry.delay_ms !== undefined) {
        await timers.sleep(entry.delay_ms, signal).catch((reason: unknown) => {
          throw signal?.aborted ? cancelled() : reason;
        });
      }
      if (entry.fault !== undefined) throw scriptedFault(entry.fault, index);
      return { entry, index };
    },
  };
}

function isFor(entry: ScriptEntry, { verb, workflowName, stepName, task }: Occasion): boolean {
  return (
    verbOf(entry) === verb &&
    (entry.workflow === undefined || entry.workflow === workflowName) &&
    (entry.step === undefined || foldName(entry.step) === foldName(stepName ?? '')) &&
    (entry.task === undefined || foldCase(task?.description ?? '').includes(foldCase(entry.task))) &&
    (entry.attempt === undefined || entry.attempt === task?.attempt)
  );
}

function foldCase(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

function scriptedFault(
  { code, message, retry_after_ms }: NonNullable<ScriptEntry['fault']>,
  index: number,
): Fault {
  return new Fault(code, message ?? `The stub fails as entry ${index} of its script says`, {
    retryAfterMs: retry_after_ms,
  });
}
