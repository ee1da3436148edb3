import { describe, expect, test } from 'vitest';
import type { ScriptEntry } from '../../../src/ai/stub/script-entry.ts';
import { createStubModel } from '../../../src/ai/stub-model.ts';
import type { Definition } from '../../../src/domain/definition.ts';
import { createVirtualTime } from '../../support/virtual-time.ts';
import { ARTICLE, requestOf, stepOf } from './requests.ts';
import { exampleCall, shippedWorkflows } from './shipped-workflows.ts';

const REVISE = { status: 'success', result: { choice: 'revise' } };

function guided(guidance: string): Definition {
  return {
    ...ARTICLE,
    steps: [stepOf('draft'), stepOf('review', guidance), stepOf('publish'), stepOf('archive')],
  };
}

async function next(guidance: string, rest: Parameters<typeof requestOf>[0] = {}): Promise<string> {
  return (await createStubModel().decide(requestOf({ definition: guided(guidance), ...rest }))).nextStepName;
}

describe('following the guidance', () => {
  test.each([
    ['If the choice is revise, proceed to `draft`. Otherwise proceed to `archive`.', 'draft'],
    ['Proceed to archive, unless they want it revised. In that case go to draft.', 'draft'],
    ['On failure: `archive`\n\nOn success: `draft`', 'draft'],
    ['- If it failed -> archive\n- If revise -> draft\n- Else -> publish', 'draft'],
    ['When the user asks to revise, go back to the Draft step; otherwise Publish.', 'draft'],
    ['If it failed, go to draft. Otherwise, archive.', 'archive'],
    ['Always proceed to archive.', 'archive'],
    ['Finish.', 'publish'],
    ['Proceed to Finish.', 'FINISH'],
    ['Look at the report and do what seems right.', 'publish'],
    ['If the moon is full, proceed to draft.', 'publish'],
    ['If the moon is full, go to draft; otherwise go to archive.', 'archive'],
    ['', 'publish'],
  ])('%j leads to %s', async (guidance, expected) => {
    expect(await next(guidance, { report: REVISE })).toBe(expected);
  });

  test('the record says why', async () => {
    expect(await createStubModel().decide(requestOf({ report: REVISE }))).toEqual({
      nextStepName: 'draft',
      updatedContext: [],
      statusSuggestion: 'RUNNING',
      reasoning: 'The guidance says: If the choice is revise, proceed to `draft`.',
      decider: 'stub',
      candidates: ['draft', 'review', 'publish', 'FINISH'],
      attempts: 1,
    });
    expect(await createStubModel().decide(requestOf({ stepName: 'publish' }))).toMatchObject({
      nextStepName: 'FINISH',
      statusSuggestion: 'COMPLETED',
    });
  });

  test('never leaves what is allowed', async () => {
    const guidance = 'If the choice is revise, proceed to draft. Proceed to archive.';
    const report = REVISE;
    expect(await next(guidance, { report, allowed: ['archive', 'FINISH'] })).toBe('archive');
    expect(await next(guidance, { report, allowed: ['publish', 'review'] })).toBe('publish');
    expect(await next(guidance, { report, allowed: ['FINISH'] })).toBe('FINISH');
    expect(await next(guidance, { report, allowed: ['review'] })).toBe('review');
    await expect(next(guidance, { report, allowed: [] })).rejects.toMatchObject({
      code: 'AI_INVALID_DECISION',
    });
  });

  test('a wish counts where no condition holds, and only for a step that the guidance names', async () => {
    const guidance =
      'If the choice is revise, proceed to draft. If it is boring, proceed to archive. Otherwise proceed to publish.';
    expect(await next(guidance, { wish: 'archive' })).toBe('archive');
    expect(await next(guidance, { wish: 'Archive' })).toBe('archive');
    expect(await next(guidance, { wish: 'archive', report: REVISE })).toBe('draft');
    expect(await next(guidance, { wish: 'FINISH' })).toBe('publish');
    expect(await next(guidance, { wish: 'archive', allowed: ['draft', 'publish'] })).toBe('publish');
    expect(await next('', { wish: 'archive' })).toBe('publish');
  });

  test('reconciling stays at the stored step', async () => {
    expect(await next('Proceed to archive.', { task: 'reconcile', belief: 'archive' })).toBe('review');
    expect(await next('', { task: 'reconcile', belief: 'draft', allowed: ['archive'] })).toBe('archive');
  });

  test('finds its way in every step of the shipped workflows, with the reports of their examples', async () => {
    const model = createStubModel();
    for (const { definition } of shippedWorkflows()) {
      for (const step of definition.steps.filter(({ name }) => name !== 'FINISH')) {
        const { report } = exampleCall(step);
        const { reasoning } = await model.decide(requestOf({ definition, stepName: step.name, report }));
        expect(reasoning, `${definition.name} ${step.name}`).toMatch(/^The guidance says: /);
      }
    }
  });
});

describe('playing a script', () => {
  const play = (script: readonly ScriptEntry[], time = createVirtualTime()) =>
    createStubModel({ script, timers: time.timers });

  test('entries are consumed in order, each by the decisions that it is for', async () => {
    const model = play([
      { step: 'review', decision: { next_step_name: 'review' } },
      { step: 'Draft', decision: { next_step_name: 'publish' } },
      {
        step: 'review',
        times: 2,
        decision: { next_step_name: 'FINISH', status_suggestion: 'FAILED', reasoning: 'So it is.' },
      },
      { workflow: 'OTHER', decision: { next_step_name: 'draft' } },
      {
        workflow: 'ARTICLE',
        decision: { next_step_name: 'draft', updated_context: [{ key: 'a', value: { b: '1' } }] },
      },
    ]);
    const decide = async (stepName: string) => {
      const { nextStepName, statusSuggestion } = await model.decide(requestOf({ stepName }));
      return `${stepName} ${nextStepName} ${statusSuggestion}`;
    };
    expect(await decide('review')).toBe('review review RUNNING');
    expect(await decide('review')).toBe('review FINISH FAILED');
    expect(await decide('draft')).toBe('draft publish RUNNING');
    expect(await decide('review')).toBe('review FINISH FAILED');
    expect(await model.decide(requestOf())).toMatchObject({
      nextStepName: 'draft',
      updatedContext: [{ key: 'a', value: { b: '1' } }],
    });
    expect(await decide('review')).toBe('review publish RUNNING');
  });

  test('failures are simulated as often as asked for', async () => {
    const model = play([
      { step: 'review', times: 2, fault: { code: 'AI_RATE_LIMITED', retry_after_ms: 1_500 } },
      { step: 'review', fault: { code: 'AI_SAFETY_BLOCKED', message: 'Too rude' } },
    ]);
    for (const _ of [1, 2]) {
      await expect(model.decide(requestOf())).rejects.toMatchObject({
        code: 'AI_RATE_LIMITED',
        retryable: true,
        retryAfterMs: 1_500,
        message:
          'The stub fails as entry 0 of its script says; nothing moved. Send the same call again in 2 s.',
      });
    }
    await expect(model.decide(requestOf())).rejects.toMatchObject({
      code: 'AI_SAFETY_BLOCKED',
      retryable: false,
    });
    expect(await model.decide(requestOf())).toMatchObject({ nextStepName: 'publish' });
  });

  test('a step that is not allowed fails as it would coming from an LLM', async () => {
    const model = play([{ decision: { next_step_name: 'nowhere' } }]);
    await expect(model.decide(requestOf())).rejects.toMatchObject({
      code: 'AI_INVALID_DECISION',
      message: expect.stringContaining(
        'entry 0 of its script cannot be used: next_step_name "nowhere" is not allowed',
      ),
    });
  });

  test('a delay passes before the decision, and can be cancelled', async () => {
    const time = createVirtualTime();
    const entry: ScriptEntry = { times: 2, delay_ms: 1_000, decision: { next_step_name: 'draft' } };
    const model = play([entry], time);
    await model.decide(requestOf());
    expect(time.sleeps).toEqual([1_000]);
    const caller = new AbortController();
    time.timers.sleep = (_, signal) => {
      caller.abort();
      return Promise.reject(signal?.reason);
    };
    await expect(model.decide(requestOf(), { signal: caller.signal })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    await expect(model.decide(requestOf(), { signal: caller.signal })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });
});
