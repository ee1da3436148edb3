import { readFile } from 'node:fs/promises';
import Database from 'better-sqlite3';
import type { Answer } from '../../../src/engine/answer.ts';
import type { HistoryPage } from '../../../src/engine/listings.ts';
import { databaseIn, ourProgram } from '../bench-client.ts';
import { type DecidingProvider, startDecidingProvider } from '../deciding-provider.ts';
import { type Measurement, type Row, reference } from '../measurement.ts';
import { callTool, openRaw, type RawConnection } from '../raw-connection.ts';
import { sum } from '../statistics.ts';

/** One way through a shipped workflow, from its start to its end. */
interface WorkflowPath {
  readonly workflow: string;
  readonly name: string;
  readonly start_context: object;
  readonly steps: readonly PathStep[];
}

interface PathStep {
  readonly report: object;
  readonly context_updates?: object;
  readonly next: string;
  readonly decided_by: 'transitions' | 'decider';
}

/** What one step cost. */
interface StepCost {
  readonly workflow: string;
  readonly decidedBy: PathStep['decided_by'];
  readonly llmCalls: number;
  /** Of all prompts that the step took. */
  readonly promptBytes: number;
  /** What a prompt without thrift has to say beside the definition. */
  readonly historyAndReportBytes: number;
}

const PATHS_FILE = new URL('../../fixtures/workflow-paths.json', import.meta.url);

/** What deciding costs over every path of the workflows that ship, with a provider that plays the paths' decisions. */
export const prompts: Measurement = {
  name: 'prompts',
  async run({ newFolder }) {
    const paths: readonly WorkflowPath[] = JSON.parse(await readFile(PATHS_FILE, 'utf8'));
    const folder = await newFolder();
    const provider = await startDecidingProvider();
    const env = {
      AI_PROVIDER: 'openai',
      AI_SERVICE_ENDPOINT: provider.endpoint,
      OPENAI_MODEL_NAME: 'played-model',
    };
    const connection = await openRaw(ourProgram({ folder, env }), 'legacy');
    const costs: StepCost[] = [];
    for (const path of paths) costs.push(...(await walk({ path, connection, provider })));
    await connection.close();
    await provider.close();
    const definitionBytes = readDefinitionBytes(databaseIn(folder));
    return {
      title: `Asking an LLM: ${paths.length} paths through the nine workflows`,
      columns: [
        { title: 'steps', digits: 0 },
        { title: 'decisions', digits: 0 },
        { title: 'calls where declared', digits: 0, bar: 'llmCallsWhereDeclared' },
        { title: 'calls per decision', digits: 2, bar: 'llmCallsPerDecision' },
        { title: 'prompt bytes', digits: 0 },
        { title: 'whole-prompt bytes', digits: 0 },
        { title: 'ratio', digits: 2, bar: 'promptToWholePrompt' },
      ],
      rows: rowsOf(costs, definitionBytes),
      notes: [
        'A decision is a step that the declared transitions do not settle; bytes are means per decision. The whole prompt ' +
          'carries the definition and the whole history as JSON, and the report.',
      ],
    };
  },
};

interface WalkParams {
  readonly path: WorkflowPath;
  readonly connection: RawConnection;
  readonly provider: DecidingProvider;
}

async function walk({ path, connection, provider }: WalkParams): Promise<readonly StepCost[]> {
  const { workflow, start_context: context } = path;
  const costs: StepCost[] = [];
  let answer = (await callTool(connection, 'start_workflow', { workflow_name: workflow, context })) as Answer;
  for (const { report, context_updates, next, decided_by: decidedBy } of path.steps) {
    const { instance_id, step_token } = answer;
    const historyBytes = decidedBy === 'decider' ? await readHistoryBytes(connection, instance_id) : 0;
    provider.willChoose(next);
    const args = { instance_id, step_token, report, context_updates };
    answer = (await callTool(connection, 'advance_workflow', args)) as Answer;
    if (answer.next_step.step_name !== next)
      throw new Error(`${workflow}, ${path.name}: ${answer.next_step.step_name} came instead of ${next}.`);
    const { llmCalls, promptBytes } = provider.takeCosts();
    costs.push({
      workflow,
      decidedBy,
      llmCalls,
      promptBytes,
      historyAndReportBytes: historyBytes + jsonBytes(report),
    });
  }
  return costs;
}

async function readHistoryBytes(connection: RawConnection, instanceId: string): Promise<number> {
  const entries: HistoryPage['entries'][number][] = [];
  let cursor: string | undefined;
  do {
    const args = { instance_id: instanceId, limit: 200, cursor };
    const page = (await callTool(connection, 'get_workflow_history', args)) as HistoryPage;
    entries.push(...page.entries);
    cursor = page.next_cursor;
  } while (cursor !== undefined);
  return jsonBytes(entries);
}

/** Bytes of JSON by workflow, includes expanded, as the runs were pinned to. */
function readDefinitionBytes(path: string): ReadonlyMap<string, number> {
  const db = new Database(path, { readonly: true });
  try {
    const texts = db.prepare<[], string>('SELECT definition FROM workflow_definitions').pluck().all();
    return new Map(texts.map((text) => [JSON.parse(text).name as string, Buffer.byteLength(text)]));
  } finally {
    db.close();
  }
}

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function rowsOf(costs: readonly StepCost[], definitionBytes: ReadonlyMap<string, number>): readonly Row[] {
  const wholePrompt = ({ workflow, historyAndReportBytes }: StepCost) =>
    (definitionBytes.get(workflow) ?? 0) + historyAndReportBytes;
  const figures = (some: readonly StepCost[]) => {
    const declared = some.filter(({ decidedBy }) => decidedBy === 'transitions');
    const decided = some.filter(({ decidedBy }) => decidedBy === 'decider');
    const perDecision = (values: readonly number[]) => sum(values) / decided.length;
    const promptBytes = perDecision(decided.map((cost) => cost.promptBytes));
    const wholeBytes = perDecision(decided.map(wholePrompt));
    return [
      some.length,
      decided.length,
      sum(declared.map(({ llmCalls }) => llmCalls)),
      perDecision(decided.map(({ llmCalls }) => llmCalls)),
      promptBytes,
      wholeBytes,
      promptBytes / wholeBytes,
    ];
  };
  const workflows = [...new Set(costs.map(({ workflow }) => workflow))].sort();
  return [
    ...workflows.map((name) => ({
      label: name,
      // The promise is about all of them together.
      cells: figures(costs.filter(({ workflow }) => workflow === name)).map(reference),
    })),
    { label: 'all', cells: figures(costs) },
  ];
}
