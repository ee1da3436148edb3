import { stepGraph } from '../../domain/graph.ts';
import { diagnosticAt } from '../source-text.ts';
import type { Rule } from './rule.ts';

/** Guidance that speaks of the order of the list, or of the end, says enough without a name. */
const SAYS_ENOUGH =
  /\b(?:next|following)\s+(?:listed\s+)?step\b|\b(?:ends?|finish(?:es|ed)?|completed?|over|nothing\s+follows)\b/i;

export const guidanceNamesNoStep: Rule = {
  ruleId: 'guidance-names-no-step',
  severity: 'warning',
  summary: 'The guidance says nothing about which step comes next.',
  advice: 'Add a sentence such as "Proceed to `step_name`.", or declare `transitions`.',
  check({ definition, steps }) {
    const { edges } = stepGraph(definition);
    return steps
      .filter(({ step }, index) => step.transitions === undefined && index < steps.length - 1)
      .filter(({ step }) => !edges.some(({ from, kind }) => from === step.name && kind === 'guidance'))
      .filter(({ step }) => !SAYS_ENOUGH.test(step.guidance))
      .map(({ step, source, guidanceAt }) =>
        diagnosticAt(source, guidanceAt, {
          ruleId: this.ruleId,
          severity: this.severity,
          message: `The guidance of "${step.name}" names no step: the next one of the list is as good a guess as any.`,
        }),
      );
  },
};
