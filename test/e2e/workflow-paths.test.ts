import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Answer } from '../../src/engine/answer.ts';
import type { WorkflowPage } from '../../src/engine/listings.ts';
import { connectV1, connectV2, type TestClient } from '../support/mcp-clients.ts';
import { createScratch, type Scratch } from '../support/scratch.ts';
import { happyPath, type PathStep, readWorkflowPaths, type WorkflowPath } from '../support/workflow-paths.ts';
import { scenario } from './scenario.ts';

const WORKFLOWS_FOLDER = new URL('../../workflows', import.meta.url).pathname;
const NAMES = [
  'ANALYZE_GITLAB_ISSUE',
  'COMMIT_SUGGESTER',
  'JOKE_GENERATOR',
  'README_FRESHNESS_CHECK',
  'REFACTOR_WITH_TESTS',
  'RESUME',
  'SAVE',
  'SUGGEST_REFACTORING',
  'WORKFLOW_CREATOR',
];
const ENV = { WORKFLOW_DEFINITIONS_DIR: WORKFLOWS_FOLDER };

/** More than any of them needs. */
const STUB_STEPS_MAX = 40;

const paths = await readWorkflowPaths();
/** The steps that the paths report on, per workflow; filled while they are walked. */
const walked = new Map<string, Set<string>>();

let scratch: Scratch;
let client: TestClient;

beforeAll(async () => {
  scratch = await createScratch();
  client = await scratch.connect(connectV2, ENV);
});

afterAll(() => scratch.dispose());

test.each(paths.map((path) => [`${path.workflow}: ${path.name}`, path] as const))(
  '%s',
  async (_title, path) => {
    let answer = await startPath(client, path);
    for (const step of path.steps) {
      expect(answer.next_step.step_name).toBe(step.step);
      const { revision } = answer;
      const options = answer.decision_request?.options;
      if (step.decided_by === 'decider') expect(options, `${step.step} is left open`).toContain(step.next);
      answer = await advancePath(client, answer, step, step.decided_by === 'decider');
      expect(answer).toMatchObject({
        revision: revision + 1 + (step.through?.length ?? 0),
        next_step: { step_name: step.next },
        decision: { decider: step.decided_by === 'decider' ? 'client' : 'transitions' },
      });
      expect(answer.missing_context, `what ${step.next} is told`).toBeUndefined();
      for (const name of [step.step, ...(step.through ?? [])]) visit(path.workflow, name);
    }
    expect(answer.status).toBe(path.ends);
    if (path.ends === 'SUSPENDED') expect(answer.status_reason).toMatch(/max_visits/);
  },
);

scenario(
  'the paths reach every step of the nine workflows, and no other workflow ships',
  ['nine-workflows', 'max-visits-suspends', 'transitions-first', 'client-decides'],
  async (own) => {
    const other = await own.connect(connectV1, ENV);
    const { workflows } = await other.answer<WorkflowPage>('list_workflows');
    expect(workflows.map(({ name, usable }) => [name, usable])).toEqual(NAMES.map((name) => [name, true]));
    for (const { name, steps = [] } of workflows) {
      const reported = steps.filter((step) => step !== 'FINISH');
      expect([...(walked.get(name) ?? [])].sort(), name).toEqual([...reported].sort());
      expect(
        paths.filter(({ workflow }) => workflow === name).some(hasFailure),
        `${name} fails somewhere`,
      ).toBe(true);
    }
  },
);

for (const name of NAMES) {
  scenario(
    `${name}: with the stub, a client to which nothing bad happens comes to the end`,
    ['stub-follows-guidance', 'transitions-first', 'nine-workflows'],
    async (own) => {
      const stub = await own.connect(connectV1, { ...ENV, USE_STUB_AI_CLIENT: 'true' });
      const path = happyPath(paths, name);
      let answer = await startPath(stub, path);
      for (let step = 0; answer.status === 'RUNNING' && step < STUB_STEPS_MAX; step++) {
        expect(answer.decision_request).toBeUndefined();
        const told = tellOf(path, answer.next_step.step_name);
        answer = await advancePath(stub, answer, told, false);
        if (told.decided_by === 'transitions') expect(answer.next_step.step_name).toBe(told.next);
        expect(answer.decision?.decider).toBe(told.decided_by === 'transitions' ? 'transitions' : 'stub');
      }
      expect(answer.status).toBe('COMPLETED');
    },
  );
}

/** What to report on a step: as on this way, or where the stub chose another one, as on any way without a failure. */
function tellOf(path: WorkflowPath, step: string): PathStep {
  const ways = [path, ...paths.filter(({ workflow }) => workflow === path.workflow)];
  const told = ways
    .flatMap(({ steps }) => steps)
    .find((each) => each.step === step && each.report.status === 'success');
  if (told === undefined) throw new Error(`Nobody reports on ${step}.`);
  return told;
}

function startPath(by: TestClient, path: WorkflowPath): Promise<Answer> {
  return by.answer('start_workflow', { workflow_name: path.workflow, context: path.start_context });
}

function advancePath(by: TestClient, answer: Answer, step: PathStep, decides: boolean): Promise<Answer> {
  return by.answer('advance_workflow', {
    instance_id: answer.instance_id,
    step_token: answer.step_token,
    report: step.report,
    context_updates: step.context_updates,
    next_step_name: decides ? step.next : undefined,
  });
}

function visit(workflow: string, step: string): void {
  walked.set(workflow, (walked.get(workflow) ?? new Set()).add(step));
}

function hasFailure({ steps }: WorkflowPath): boolean {
  return steps.some(({ report }) => report.status === 'failure');
}
