import { FINISH } from '../../domain/definition.ts';
import { type GuidanceDirection, readDirections } from '../../domain/guidance.ts';
import { suggestion } from '../../domain/nearest-name.ts';
import { diagnosticAt } from '../source-text.ts';
import type { Rule } from './rule.ts';

export const guidanceUnknownStep: Rule = {
  ruleId: 'guidance-unknown-step',
  severity: 'warning',
  summary: 'The guidance sends the reader to a step that does not exist, or that could be one of several.',
  advice: 'Write the name as it stands in the step list, in backticks.',
  check({ definition, steps }) {
    const names = [...definition.steps.map((step) => step.name), FINISH];
    return steps.flatMap(({ step, source, guidanceAt }) =>
      readDirections(definition, step.guidance)
        .filter(isMeantAsName)
        .map(({ phrase, offset }) =>
          diagnosticAt(source, guidanceAt + offset, {
            ruleId: this.ruleId,
            severity: this.severity,
            message: `Unexpected "${phrase}", expected exactly one step of this workflow.${suggestion(names, phrase)}`,
          }),
        ),
    );
  },
};

/**
 * "Go to `Stepp`" and "go to Stepp" name something; "go to the next step", "go to sleep" and "repeat it" do not,
 * nor does code such as `report.status`.
 */
function isMeantAsName({ target, phrase, quoted, explicit }: GuidanceDirection): boolean {
  if (target !== undefined || !explicit) return false;
  return quoted ? /^[\p{L}\p{N}\s_'’-]+$/u.test(phrase) : /^(?:\p{Lu}\p{Ll}|\S*_\S)/u.test(phrase);
}
