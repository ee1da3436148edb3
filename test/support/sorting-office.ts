import type { Definitions, LoadedWorkflow } from '../../src/definitions/definitions.ts';
import type { Definition, Step } from '../../src/domain/definition.ts';
import { pinDefinition } from '../../src/domain/pin-definition.ts';
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

/** The same without files. */
export const sortingOffice: Definition = {
  name: SORTING_OFFICE,
  goal: 'Sort what comes in.',
  steps: [
    {
      ...step('sort'),
      transitions: [{ to: 'weigh', when: 'context.left < context.right' }, { to: 'pack' }],
    },
    step('weigh', 'If the report says failure, proceed to pack. Otherwise, proceed to sort.'),
    { ...step('pack'), transitions: [{ to: 'sort' }] },
  ],
};

function step(name: string, guidance = 'Go on.'): Step {
  return { name, fileStem: name, guidance, instructions: `Do ${name}.` };
}

/** Definitions of one workflow, which a test edits or deletes by assigning to `current`. */
export interface OneDefinition extends Definitions {
  current: Definition | undefined;
}

export function sortingOfficeDefinitions(): OneDefinition {
  const loaded = (name = SORTING_OFFICE): LoadedWorkflow | undefined =>
    definitions.current === undefined || name !== SORTING_OFFICE
      ? undefined
      : { name, usable: true, pinned: pinDefinition(definitions.current), sources: [], diagnostics: [] };
  const definitions: OneDefinition = {
    current: sortingOffice,
    names: async () => [SORTING_OFFICE],
    list: async () => ({ items: [loaded()].filter((workflow) => workflow !== undefined) }),
    find: async (name) => loaded(name),
    onChange: () => () => {},
    close: async () => {},
  };
  return definitions;
}
