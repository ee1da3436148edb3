import type { Step } from '../domain/definition.ts';
import { type FilledTemplate, fillTemplate, templateVariables } from '../domain/template.ts';
import type { SessionStore } from '../store/session-store.ts';

/** Values for variables of a prompt, by name. */
export type PromptArguments = Readonly<Record<string, string>>;

/** What a prompt wants to know: the names of its variables, each once, in the order of the text. */
export function promptVariables({ instructions }: Step): readonly string[] {
  return [...new Set(templateVariables(instructions).flatMap(({ path }) => path.slice(0, 1)))];
}

export interface FillPromptParams {
  readonly sessionId: string;
  readonly step: Step;
  /** An empty one counts as left out. */
  readonly args?: PromptArguments;
}

/** A state's instructions; each variable is filled from the argument, else from the task data, of its name. */
export async function fillPrompt(
  sessions: SessionStore,
  { sessionId, step, args = {} }: FillPromptParams,
): Promise<FilledTemplate> {
  const entries = await Promise.all(
    promptVariables(step).map(async (name) => {
      const argument = Object.hasOwn(args, name) ? args[name] : undefined;
      const value =
        argument === undefined || argument === ''
          ? (await sessions.findTaskData(sessionId, name))?.value
          : argument;
      // What was cleared is missing, too.
      return value === undefined || value === null ? [] : [[name, value] as const];
    }),
  );
  return fillTemplate(step.instructions, Object.fromEntries(entries.flat()));
}
