import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { Fault } from '../../domain/errors.ts';
import { foldName } from '../../domain/step-names.ts';

/** The failures that a script can simulate. */
const SCRIPTED_FAULTS = [
  'AI_UNAVAILABLE',
  'AI_TIMEOUT',
  'AI_RATE_LIMITED',
  'AI_MISCONFIGURED',
  'AI_SAFETY_BLOCKED',
  'AI_INVALID_DECISION',
] as const;

const scriptedDecision = z.strictObject({
  next_step_name: z.string().min(1),
  updated_context: z.array(z.strictObject({ key: z.string().min(1), value: z.json() })).optional(),
  status_suggestion: z.enum(['RUNNING', 'SUSPENDED', 'COMPLETED', 'FAILED']).optional(),
  reasoning: z.string().optional(),
});

const scriptEntry = z
  .strictObject({
    workflow: z.string().min(1).optional(),
    step: z.string().min(1).optional(),
    times: z.int().min(1).optional(),
    delay_ms: z.int().min(0).max(3_600_000).optional(),
    decision: scriptedDecision.optional(),
    fault: z
      .strictObject({
        code: z.enum(SCRIPTED_FAULTS),
        message: z.string().min(1).optional(),
        retry_after_ms: z.int().min(0).optional(),
      })
      .optional(),
  })
  .refine(({ decision, fault }) => (decision === undefined) !== (fault === undefined), {
    message: 'Expected either a decision or a fault',
  });

/**
 * One entry of a script for the stub: what it decides, or how it fails.
 *
 * - `workflow`, `step`: which decisions it is for; left out, any. A step may be written in any letter case.
 * - `decision`: `{next_step_name, updated_context?, status_suggestion?, reasoning?}`. The values of
 *   `updated_context` are plain JSON here. A step that is not allowed makes the decision fail with
 *   `AI_INVALID_DECISION`, as it would coming from an LLM.
 * - `fault`: `{code, message?, retry_after_ms?}`, with a code that begins with `AI_`.
 * - `times`: how many decisions the entry serves, 1 if left out.
 * - `delay_ms`: how long the decision takes.
 */
export type ScriptEntry = z.infer<typeof scriptEntry>;

/**
 * Reads a script: a JSON file that holds a list of {@link ScriptEntry}.
 *
 * ```json
 * [
 *   { "step": "run_tests", "fault": { "code": "AI_TIMEOUT" }, "times": 2 },
 *   { "step": "run_tests", "decision": { "next_step_name": "fix_tests" } },
 *   { "workflow": "JOKE_GENERATOR", "step": "judge_joke", "decision": { "next_step_name": "FINISH" } }
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

/** Hands out the entries of a script. */
export interface ScriptPlayer {
  /** The first entry that is for this step and not used up, with its index; it counts as used once more. */
  next(
    workflowName: string,
    stepName: string,
  ): { readonly entry: ScriptEntry; readonly index: number } | undefined;
}

export function createScriptPlayer(script: readonly ScriptEntry[]): ScriptPlayer {
  const uses = script.map(() => 0);
  return {
    next(workflowName, stepName) {
      const index = script.findIndex(
        ({ workflow = workflowName, step = stepName, times = 1 }, at) =>
          workflow === workflowName && foldName(step) === foldName(stepName) && (uses[at] ?? 0) < times,
      );
      const entry = script[index];
      if (entry === undefined) return undefined;
      uses[index] = (uses[index] ?? 0) + 1;
      return { entry, index };
    },
  };
}
