import { Fault } from '../domain/errors.ts';
import { checkJsonSize } from '../domain/json-size.ts';
import type { ExecuteParams } from './composer.ts';
import type { ComposerLimits } from './limits.ts';

const RUN_ID_CHARACTERS_MAX = 200;
/** What no database can keep as text. */
const UNSTORABLE = /[\0\p{Surrogate}]/u;

/** Throws `INVALID_ARGUMENT` or `TOO_LARGE` for what cannot be executed, before anything is. */
export function checkRequest(params: ExecuteParams, limits: ComposerLimits): void {
  const { code, runId, timeoutSeconds, constants } = params;
  if (code.trim() === '') throw invalid('code', 'is empty', 'Send the body of an async function.');
  // It would be a template literal, which is then called as a function.
  if (/^\s*```/.test(code))
    throw invalid('code', 'begins with a Markdown fence', 'Send the code without the Markdown fence.');
  const bytes = Buffer.byteLength(code);
  const bytesMax = limits.codeBytesMax;
  if (bytes > bytesMax)
    throw new Fault('TOO_LARGE', `The script has ${bytes} bytes; at most ${bytesMax} are allowed.`, {
      hint: 'Let the tools hold the data, and let the script only name it.',
      details: { what: 'code', bytes, bytes_max: bytesMax },
    });
  if (timeoutSeconds !== undefined && !(timeoutSeconds > 0 && timeoutSeconds <= limits.timeoutSecondsMax))
    throw invalid('timeout', `is ${timeoutSeconds}`, `Give seconds, at most ${limits.timeoutSecondsMax}.`);
  if (runId !== undefined && !isRunId(runId))
    throw invalid(
      'run_id',
      'is not usable',
      `Choose 1 to ${RUN_ID_CHARACTERS_MAX} characters, such as a UUID.`,
    );
  if (constants !== undefined)
    checkJsonSize({
      what: 'The set of constants',
      value: constants,
      bytesMax: limits.constantsBytesMax,
      depthMax: limits.constantsDepthMax,
    });
}

function isRunId(text: string): boolean {
  return text.trim() !== '' && text.length <= RUN_ID_CHARACTERS_MAX && !UNSTORABLE.test(text);
}

function invalid(argument: string, problem: string, hint: string): Fault {
  return new Fault('INVALID_ARGUMENT', `\`${argument}\` ${problem}.`, { hint, details: { argument } });
}
