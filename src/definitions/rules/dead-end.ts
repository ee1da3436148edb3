import { FINISH } from '../../domain/definition.ts';
import { leadingTo, stepGraph } from '../../domain/graph.ts';
import { AGENT_STATES } from '../../domain/session.ts';
import { diagnosticAt } from '../source-text.ts';
import type { Rule } from './rule.ts';

export const deadEnd: Rule = {
  ruleId: 'dead-end',
  severity: 'warning',
  summary: 'From this step the workflow cannot finish.',
  advice: 'Give the step, or one that follows it, a way to FINISH.',
  check({ definition, index, steps }) {
    // An agent goes from state to state for as long as it lives.
    if (definition.name === AGENT_STATES) return [];
    const finishing = leadingTo(stepGraph(definition), FINISH);
    return steps
      .filter(({ step }) => !finishing.has(step.name))
      .map(({ step, linkAt }) =>
        diagnosticAt(index, linkAt, {
          ruleId: this.ruleId,
          severity: this.severity,
          message: `No way leads from "${step.name}" to FINISH.`,
        }),
      );
  },
};
