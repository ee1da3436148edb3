import type { Step } from '../../domain/definition.ts';
import { isJsonObject } from '../../domain/json.ts';
import { suggestion } from '../../domain/nearest-name.ts';
import { templateVariables } from '../../domain/template.ts';
import { diagnosticAt } from '../source-text.ts';
import type { LintSubject, Rule } from './rule.ts';

/** `"theme":`, `theme`, `theme: ...`, `context.theme`: how texts for agents name a variable that is to be set. */
const NAMED =
  /["'`]([\p{L}\p{N}_$-]+)["'`]|([\p{L}\p{N}_$-]+)\s*[:=]|\bcontext(?:_updates)?\.([\p{L}\p{N}_$-]+)/gu;
const TEMPLATE = /\{\{[^{}]*\}\}/g;
/** `context.theme` in a script, but not `other.context.theme`. */
const READ = /(?<![\p{L}\p{N}_$.])context\??\.([\p{L}_$][\p{L}\p{N}_$]*)/gu;

export const contextVariableUnset: Rule = {
  ruleId: 'context-variable-unset',
  severity: 'warning',
  summary: 'Client Instructions, or a script, use a context variable that nothing sets.',
  advice:
    'Declare it in `inputs`, or have an earlier step set it in `context_updates`; or mend the spelling.',
  check(subject) {
    const known = namedVariables(subject);
    return subject.steps.flatMap(({ step, source, instructionsAt }) =>
      variablesOf(step).flatMap(({ name, offset }) => {
        if (known.has(name)) return [];
        const message = `Nothing sets the context variable \`${name}\`: neither \`inputs\` nor a step names it.${suggestion([...known], name)}`;
        return [
          diagnosticAt(source, instructionsAt + offset, {
            ruleId: this.ruleId,
            severity: this.severity,
            message,
          }),
        ];
      }),
    );
  },
};

/** Those that the client is told or the script reads, with their places in the instructions or the script. */
function variablesOf({ instructions, script = '' }: Step) {
  return [
    ...templateVariables(instructions).map(({ path: [name = ''], offset }) => ({ name, offset })),
    ...[...script.matchAll(READ)].map(({ 1: name = '', index }) => ({ name, offset: index })),
  ];
}

/** Every name that some text could set: generous, so that a warning means something. */
function namedVariables({ definition, steps }: LintSubject): ReadonlySet<string> {
  const texts = [
    definition.goal,
    ...steps.flatMap(({ step }) => [step.guidance, step.instructions, step.script?.replace(READ, '') ?? '']),
  ];
  const named = texts.flatMap((text) =>
    [...text.replace(TEMPLATE, '').matchAll(NAMED)].flatMap(
      (match) => match[1] ?? match[2] ?? match[3] ?? [],
    ),
  );
  const properties = definition.inputs?.properties;
  return new Set([...named, ...(isJsonObject(properties) ? Object.keys(properties) : [])]);
}
