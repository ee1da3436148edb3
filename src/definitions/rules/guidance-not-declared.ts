import { readDirections } from '../../domain/guidance.ts';
import { diagnosticAt } from '../source-text.ts';
import type { Rule } from './rule.ts';

export const guidanceNotDeclared: Rule = {
  ruleId: 'guidance-not-declared',
  severity: 'warning',
  summary: 'The guidance leads to a step that the declared transitions do not allow.',
  advice: 'Add the step to `transitions`, or take it out of the guidance.',
  check({ definition, steps }) {
    return steps.flatMap(({ step, source, guidanceAt }) => {
      if (step.transitions === undefined) return [];
      const declared = new Set(step.transitions.map(({ to }) => to));
      return readDirections(definition, step.guidance).flatMap(({ target, offset }) => {
        if (target === undefined || declared.has(target)) return [];
        const message = `Unexpected step "${target}", expected one that \`transitions\` lists.`;
        return [
          diagnosticAt(source, guidanceAt + offset, {
            ruleId: this.ruleId,
            severity: this.severity,
            message,
          }),
        ];
      });
    });
  },
};
