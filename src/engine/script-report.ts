import type { ComposedError, ComposedResult } from '../composer/composer.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../domain/json.ts';
import type { Report } from '../domain/report.ts';

/** What a script says about its step. */
export interface ScriptReport {
  readonly report: Report;
  readonly contextUpdates: JsonObject | undefined;
  /** What it wrote before it failed: kept with the report if there is room for it. */
  readonly output?: string;
}

/** What a script that has ended came to, as a report on its step. */
export function reportOf({ status, result = null, error, output }: ComposedResult): ScriptReport {
  return status === 'completed' ? returnedReport(result, output) : failureReport(error, output);
}

/**
 * What a script returns is its report if it looks like one: an object with a text `status`, or with `context_updates`, which
 * mean what they mean in a client's call. Anything else is the result of a success.
 */
function returnedReport(value: JsonValue, output: string): ScriptReport {
  if (!isJsonObject(value)) return resultOf(value);
  const { context_updates: contextUpdates, ...report } = value;
  if (contextUpdates === undefined) return isReport(report) ? { report, contextUpdates } : resultOf(value);
  if (!isJsonObject(contextUpdates)) return malformed('context_updates', 'an object', output);
  const { status = 'success' } = report;
  const whole = { ...report, status };
  return isReport(whole) ? { report: whole, contextUpdates } : malformed('status', 'a text', output);
}

function resultOf(value: JsonValue): ScriptReport {
  return { report: { status: 'success', result: value }, contextUpdates: undefined };
}

function isReport(value: JsonObject): value is Report {
  return typeof value.status === 'string' && value.status.trim() !== '';
}

/** What a script means by such a report can only be guessed at, and would be lost without a word. */
function malformed(member: string, expected: string, output: string): ScriptReport {
  const message = `The script returned a report whose \`${member}\` is not ${expected}.`;
  return failureReport({ name: 'REPORT_INVALID', message }, output);
}

/** A script that failed is a step that failed: its transitions say where that leads. */
export function failureReport(error: Partial<ComposedError> | undefined, output?: string): ScriptReport {
  const { name = 'Error', message = 'The script did not come to its end.', line, server, tool } = error ?? {};
  return {
    report: {
      status: 'failure',
      error: {
        name,
        message,
        ...(line !== undefined && { line }),
        ...(server !== undefined && { server }),
        ...(tool !== undefined && { tool }),
      },
    },
    contextUpdates: undefined,
    output,
  };
}

const ARGS_CHARS_MAX = 500;

/** Why a run waits whose script was cut off in the middle of a call, and how a person lets it go on. */
export function doubtReason(stepName: string, error: ComposedError | undefined): string {
  const { server, tool, line, args } = error ?? {};
  const call = server === undefined || tool === undefined ? 'a call' : `its call of ${tool} on ${server}`;
  const place = line === undefined ? '' : ` (line ${line})`;
  const text = args === undefined ? '' : JSON.stringify(args);
  const shown = text.length > ARGS_CHARS_MAX ? `${text.slice(0, ARGS_CHARS_MAX)}…` : text;
  const withArgs = shown === '' ? '' : ` with ${shown}`;
  return plain(
    `The script of "${stepName}" was cut off in ${call}${place}${withArgs}, which may or may not have happened. ` +
      'Find out which. Then call resume_workflow: with a report on the step, that report counts, and the script is not run ' +
      'again; without one, the script is run once more from its beginning, with every call that it makes.',
  );
}

/** What can be kept as text; names and arguments come from elsewhere. */
function plain(text: string): string {
  return text.replace(/[\0\p{Surrogate}]/gu, '\uFFFD');
}
