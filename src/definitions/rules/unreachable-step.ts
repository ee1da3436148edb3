import { reachableFrom, stepGraph } from '../../domain/graph.ts';
import { diagnosticAt } from '../source-text.ts';
import type { Rule } from './rule.ts';

export const unreachableStep: Rule = {
  ruleId: 'unreachable-step',
  severity: 'warning',
  summary: 'No way from the first step leads to this one.',
  advice: 'Name the step in the transitions or the guidance of a step that comes before it, or remove it.',
  check({ definition, index, steps }) {
    const start = definition.steps[0]?.name ?? '';
    const reached = reachableFrom(stepGraph(definition), start);
    return steps
      .filter(({ step }) => !reached.has(step.name))
      .map(({ step, linkAt }) =>
        diagnosticAt(index, linkAt, {
          ruleId: this.ruleId,
          severity: this.severity,
          message: `Nothing leads to "${step.name}": no step before it names it, in transitions or guidance.`,
        }),
      );
  },
};
