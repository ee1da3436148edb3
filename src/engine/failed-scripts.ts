import type { Definition } from '../domain/definition.ts';
import type { HistoryEntry } from '../domain/history.ts';
import type { Instance } from '../domain/instance.ts';
import { isJsonObject } from '../domain/json.ts';
import type { Report } from '../domain/report.ts';
import type { EngineCore } from './core.ts';
import { placeInRow, SCRIPT_ROW_MAX } from './script-row.ts';

/** A step that the server carried out by a script, and that failed. Field names are the contract's. */
export interface FailedScript {
  readonly step_name: string;
  /** Why, in at most {@link ERROR_CHARS_MAX} characters; the report in the history has all of it. */
  readonly error: string;
}

/** The latest ones; whoever reads an answer can't use more. */
const FAILED_MAX = 10;
const ERROR_CHARS_MAX = 500;
/** More than follow one report: the row of scripts, what suspends it, and what lets it go on. */
const LOOKED_THROUGH_MAX = 2 * SCRIPT_ROW_MAX;

/**
 * The script steps that failed on the way to a position since the last report that the server did not make itself, in their
 * order. What the history says up to that position is all that counts, so that an answer given again tells the same.
 */
export async function failedScripts(
  { requireTransition }: Pick<EngineCore, 'requireTransition'>,
  definition: Definition,
  { instanceId, revision }: Pick<Instance, 'instanceId' | 'revision'>,
): Promise<readonly FailedScript[]> {
  if (!definition.steps.some(({ script }) => script !== undefined)) return [];
  const failed: FailedScript[] = [];
  const first = Math.max(1, revision - LOOKED_THROUGH_MAX);
  for (let at = revision; at >= first && failed.length < FAILED_MAX; at--) {
    const entry = await requireTransition(instanceId, at);
    if (placeInRow(entry) === 0 && entry.report !== undefined) break;
    if (entry.report?.status === 'failure') failed.unshift(failedScript(entry, entry.report));
  }
  return failed;
}

function failedScript({ stepName }: HistoryEntry, report: Report): FailedScript {
  const error = errorOf(report);
  if (error.length <= ERROR_CHARS_MAX) return { step_name: stepName, error };
  // A character that is cut in two goes.
  const start = error.slice(0, ERROR_CHARS_MAX - 1).replace(/\p{Surrogate}$/u, '');
  return { step_name: stepName, error: `${start}…` };
}

/** What the server said of a script that it could not bring to its end, or what the script itself gave as the reason. */
function errorOf({ error, message, result }: Report): string {
  if (isJsonObject(error) && typeof error.message === 'string') {
    const { name, line } = error;
    const place = typeof line === 'number' ? ` (line ${line})` : '';
    return `${typeof name === 'string' ? `${name}: ` : ''}${error.message}${place}`;
  }
  const reason = error ?? message ?? result ?? null;
  if (reason === null) return 'It reported a failure, and no reason.';
  return typeof reason === 'string' ? reason : JSON.stringify(reason);
}
