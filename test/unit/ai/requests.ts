import type { DecisionRequest } from '../../../src/ai/model.ts';
import { allowedNextSteps, type Definition, type Step } from '../../../src/domain/definition.ts';
import type { HistoryEntry } from '../../../src/domain/history.ts';

export function stepOf(name: string, guidance = '', rest: Partial<Step> = {}): Step {
  return {
    name,
    fileStem: name,
    goal: `Be done with ${name}.`,
    guidance,
    instructions: `Do ${name}.`,
    ...rest,
  };
}

/** A small loop: `draft` and `review` until the review is content, then `publish`. */
export const ARTICLE: Definition = {
  name: 'ARTICLE',
  goal: '# Article\n\nWrite an article and publish it.',
  steps: [
    stepOf('draft', 'Proceed to `review`.'),
    stepOf('review', 'If the choice is revise, proceed to `draft`. Otherwise proceed to `publish`.'),
    stepOf('publish', 'Proceed to FINISH.'),
  ],
};

export interface RequestParams extends Partial<DecisionRequest> {
  readonly stepName?: string;
}

export function requestOf({ stepName = 'review', ...rest }: RequestParams = {}): DecisionRequest {
  const definition = rest.definition ?? ARTICLE;
  const step = definition.steps.find(({ name }) => name === stepName);
  if (step === undefined) throw new Error(`No step ${stepName}`);
  return {
    task: 'advance',
    definition,
    step,
    allowed: allowedNextSteps(definition, step),
    context: { title: 'On Bees' },
    visits: { draft: 1, review: 1 },
    report: { status: 'success', step_id: stepName, result: { choice: 'approve' } },
    recentHistory: [],
    ...rest,
  };
}

export function entryOf(entry: Partial<HistoryEntry> = {}): HistoryEntry {
  return {
    historyEntryId: 1,
    instanceId: 'instance-1',
    kind: 'advanced',
    revision: 1,
    timestamp: '2026-01-01T00:00:00.000Z',
    stepName: 'draft',
    stepToken: 'token-1',
    determinedNextStep: 'review',
    status: 'RUNNING',
    report: { status: 'success', message: 'The draft is written.' },
    ...entry,
  };
}
