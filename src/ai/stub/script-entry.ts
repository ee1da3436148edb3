import { z } from 'zod';

/** The failures that a script can simulate. */
const SCRIPTED_FAULTS = [
  'AI_UNAVAILABLE',
  'AI_TIMEOUT',
  'AI_RATE_LIMITED',
  'AI_MISCONFIGURED',
  'AI_SAFETY_BLOCKED',
  'AI_INVALID_DECISION',
] as const;

const word = z.string().min(1);
const reason = z.string().trim().min(1);

const decision = z.strictObject({
  next_step_name: word,
  updated_context: z.array(z.strictObject({ key: word, value: z.json() })).optional(),
  status_suggestion: z.enum(['RUNNING', 'SUSPENDED', 'COMPLETED', 'FAILED']).optional(),
  reasoning: z.string().optional(),
});
const report = z.object({ status: word }).catchall(z.json());
const outcome = z.discriminatedUnion('status', [
  z.strictObject({ status: z.literal('success'), result: z.json() }),
  z.strictObject({ status: z.literal('failure'), error: reason }),
]);
const judgement = z.discriminatedUnion('accepted', [
  z.strictObject({ accepted: z.literal(true) }),
  z.strictObject({ accepted: z.literal(false), feedback: reason }),
]);
const call = z.strictObject({
  server: word,
  tool: word,
  arguments: z.record(z.string(), z.json()).optional(),
});
const fault = z.strictObject({
  code: z.enum(SCRIPTED_FAULTS),
  message: word.optional(),
  retry_after_ms: z.int().min(0).optional(),
});

const entry = z.strictObject({
  workflow: word.optional(),
  step: word.optional(),
  task: word.optional(),
  attempt: z.int().min(1).optional(),
  times: z.int().min(1).optional(),
  delay_ms: z.int().min(0).max(3_600_000).optional(),
  decision: decision.optional(),
  calls: z.array(call).optional(),
  report: report.optional(),
  context_updates: z.record(z.string(), z.json()).optional(),
  outcome: outcome.optional(),
  judgement: judgement.optional(),
  fault: fault.optional(),
  perform: z.enum(['step', 'task', 'judge']).optional(),
});

/**
 * One entry of a script for the stub: what it answers, or how it fails. It has exactly one of
 *
 * - `decision`, where the next step is decided: `{next_step_name, updated_context?, status_suggestion?, reasoning?}`.
 *   The values of `updated_context` are plain JSON here. A step that is not allowed makes the decision fail
 *   with `AI_INVALID_DECISION`, as it would coming from an LLM.
 * - `report`, where a step is carried out for a task: `{status, ...}`; beside it `context_updates`, an object.
 * - `outcome`, where a task without a workflow is done: `{status: "success", result}` or
 *   `{status: "failure", error}`.
 *   Beside either of these two, `calls`: `[{server, tool, arguments?}]`, tools of downstream servers that are called
 *   first, one after the other. If one fails, that is the failure to be told, and nothing else.
 * - `judgement`, where a result is judged: `{accepted: true}` or `{accepted: false, feedback}`.
 * - `fault`: `{code, message?, retry_after_ms?}`, with a code that begins with `AI_`. It strikes a decision,
 *   unless `perform` beside it says `step`, `task` or `judge`.
 *
 * The others narrow down when that is; left out, they do not:
 *
 * - `workflow`, `step`: in which workflow, at which step; for decisions and steps. A step may be written in
 *   any letter case.
 * - `task`: text that the description of the task contains, in any letter case; `attempt`: which attempt at
 *   the task, from 1; for all but decisions.
 * - `times`: how many answers the entry serves, 1 if left out; a large number is as good as always.
 * - `delay_ms`: how long the answer takes.
 */
export type ScriptEntry = z.infer<typeof entry>;

type Verb = 'decide' | 'step' | 'task' | 'judge';

const VERB_BY_ANSWER = { decision: 'decide', report: 'step', outcome: 'task', judgement: 'judge' } as const;
const ANSWERS = ['decision', 'report', 'outcome', 'judgement', 'fault'] as const;

/** What the stub is asked for when it comes to this entry. */
export function verbOf(value: ScriptEntry): Verb {
  const answer = ANSWERS.find((name) => value[name] !== undefined) ?? 'fault';
  return answer === 'fault' ? (value.perform ?? 'decide') : VERB_BY_ANSWER[answer];
}

const NARROWED: Readonly<Record<Verb, readonly (keyof ScriptEntry)[]>> = {
  decide: ['workflow', 'step'],
  step: ['workflow', 'step', 'task', 'attempt'],
  task: ['task', 'attempt'],
  judge: ['task', 'attempt'],
};
const OF_SOME = ['workflow', 'step', 'task', 'attempt', 'calls', 'context_updates', 'perform'] as const;

/** An entry as a file has it: with one answer, and nothing that could never have an effect on that. */
export const scriptEntry = entry.superRefine((value, context) => {
  const answers = ANSWERS.filter((name) => value[name] !== undefined);
  const [answer] = answers;
  if (answer === undefined || answers.length > 1) {
    context.addIssue(`Expected exactly one of ${ANSWERS.join(', ')}`);
    return;
  }
  const sensible = [
    ...NARROWED[verbOf(value)],
    ...(answer === 'report' || answer === 'outcome' ? ['calls'] : []),
    ...(answer === 'report' ? ['context_updates'] : []),
    ...(answer === 'fault' ? ['perform'] : []),
  ];
  for (const name of OF_SOME) {
    if (value[name] === undefined || sensible.includes(name)) continue;
    context.addIssue({ code: 'custom', path: [name], message: `Has no effect beside "${answer}"` });
  }
});
