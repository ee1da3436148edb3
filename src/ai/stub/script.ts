import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { Fault } from '../../domain/errors.ts';
import { type ScriptEntry, scriptEntry } from './script-entry.ts';

/**
 * Reads a script: a JSON file that holds a list of {@link ScriptEntry}.
 *
 * ```json
 * [
 *   { "step": "run_tests", "fault": { "code": "AI_TIMEOUT" }, "times": 2 },
 *   { "step": "run_tests", "decision": { "next_step_name": "fix_tests" } },
 *   { "task": "release notes", "attempt": 1, "judgement": { "accepted": false, "feedback": "Name the version." } },
 *   { "task": "translate", "outcome": { "status": "failure", "error": "No text." }, "times": 1000 },
 *   { "perform": "step", "fault": { "code": "AI_UNAVAILABLE" } }
 * ]
 * ```
 *
 * Throws `CONFIG_INVALID`, with all that is wrong, by file, index of the entry (from 0) and member.
 */
export function readStubScript(path: string): readonly ScriptEntry[] {
  const script = z.array(scriptEntry).safeParse(readJson(path));
  if (script.success) return script.data;
  const problems = script.error.issues.map(({ path: [index, ...member], message }) => {
    const place = index === undefined ? '' : `entry ${String(index)}: `;
    return `${path}: ${place}${member.length > 0 ? `${member.map(String).join('.')}: ` : ''}${message}`;
  });
  throw new Fault('CONFIG_INVALID', `The script of the stub has errors.\n${problems.join('\n')}`);
}

function readJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Fault('CONFIG_INVALID', `${path}: The script of the stub cannot be read.`, { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('CONFIG_INVALID', `${path}: The script of the stub is not JSON: ${reason}`, { cause });
  }
}
