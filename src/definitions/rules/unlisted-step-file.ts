import type { Rule } from './rule.ts';

export const unlistedStepFile: Rule = {
  ruleId: 'unlisted-step-file',
  severity: 'warning',
  summary: 'A Markdown file in a folder of step files is neither a step nor included by one.',
  advice: 'Add it to the step list in `index.md`, include it, or remove it.',
  check({ unlistedFiles }) {
    return unlistedFiles.map((file) => ({
      ruleId: this.ruleId,
      severity: this.severity,
      file,
      place: { line: 1, column: 1 },
      message: 'This file is not in the step list, and nothing includes it.',
    }));
  },
};
