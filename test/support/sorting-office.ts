import type { Premises } from './oracle.ts';
import { type WorkflowFiles, workflowFiles } from './workflow-files.ts';

/**
 * A workflow that never ends, and whose every decision can be worked out from the state that it was made from:
 * declared transitions compare two variables, of which a call only ever sets one; the rest is the stub's.
 */
export const SORTING_OFFICE = 'SORTING_OFFICE';

export const sortingOfficeFiles: WorkflowFiles = workflowFiles({
  steps: {
    sort: {
      frontMatter: 'transitions:\n  - to: weigh\n    when: context.left < context.right\n  - to: pack',
    },
    weigh: { guidance: 'If the report says failure, proceed to pack. Otherwise, proceed to sort.' },
    pack: { frontMatter: 'transitions:\n  - to: sort' },
  },
});

export const sortingOfficeStart = { left: 0, right: 0 };

/** What a call sets: one of the two variables, so that the other one has to come from the stored state. */
export function sortingOfficeUpdates(revision: number, value: number): Record<string, number> {
  return revision % 2 === 0 ? { left: value } : { right: value };
}

export function sortingOfficeDecision({ stepName, report, context }: Premises): string | undefined {
  switch (stepName) {
    case 'sort':
      return Number(context.left) < Number(context.right) ? 'weigh' : 'pack';
    case 'weigh':
      return report.status === 'failure' ? 'pack' : 'sort';
    case 'pack':
      return 'sort';
    default:
      return undefined;
  }
}
