import { describe, expect, test } from 'vitest';
import type { Services } from '../../../src/cli/services.ts';
import type { Answer } from '../../../src/engine/answer.ts';
import type { HistoryItem, InstanceSummary, WorkflowSummary } from '../../../src/engine/listings.ts';
import { runCommand } from './command-line.ts';

/** Answers like the engine: at most two items a page, the cursor being the number of those before. */
function pagesOf<Item>(items: readonly Item[]) {
  return ({ limit = 2, cursor }: { readonly limit?: number; readonly cursor?: string }) => {
    const start = Number(cursor ?? 0);
    const end = start + Math.min(limit, 2);
    return { items: items.slice(start, end), next_cursor: end < items.length ? String(end) : undefined };
  };
}

describe('list', () => {
  const workflows: readonly WorkflowSummary[] = [
    { name: 'JOKE', usable: true, description: 'Tells\na joke.', steps: ['ask', 'tell'] },
    { name: 'BAD', usable: false, errors: ['BAD/index.md:1:1: No step.', 'BAD/a.md:2:3: \u001b[2JNo goal.'] },
    { name: 'LONG_ONE', usable: true, steps: ['only'] },
  ];
  const engine: Partial<Services['engine']> = {
    listWorkflows: async (page) => {
      const { items, next_cursor } = pagesOf(workflows)(page);
      return { workflows: items, next_cursor };
    },
  };

  test('prints an aligned table of all pages, and what is broken below', async () => {
    const { stdout, stderr, exitCode, events } = await runCommand(['list'], { engine });
    expect({ stderr, exitCode, events }).toEqual({
      stderr: '',
      exitCode: 0,
      events: ['load', 'open', 'close'],
    });
    expect(stdout.split('\n')).toEqual([
      'WORKFLOW  STEPS  DESCRIPTION',
      'JOKE      2      Tells a joke.',
      'LONG_ONE  1',
      '',
      'BROKEN  ERROR',
      'BAD     BAD/index.md:1:1: No step.',
      '        BAD/a.md:2:3: \uFFFD[2JNo goal.',
      '',
    ]);
  });

  test('--json prints nothing but JSON', async () => {
    const { stdout, stderr } = await runCommand(['list', '--json'], { engine });
    expect(JSON.parse(stdout)).toEqual({ workflows });
    expect(stderr).toBe('');
  });

  test('says so when there are none', async () => {
    const { stdout, stderr } = await runCommand(['list'], {
      engine: { listWorkflows: async () => ({ workflows: [] }) },
    });
    expect({ stdout, stderr }).toEqual({
      stdout: '',
      stderr: expect.stringContaining('There are no workflows.'),
    });
  });
});

describe('status', () => {
  const answer: Answer = {
    instance_id: 'i-1',
    workflow_name: 'JOKE',
    status: 'SUSPENDED',
    status_reason: 'visited too often',
    revision: 7,
    step_token: 't',
    next_step: { step_name: 'ask', instructions: 'Ask.\n\nThen wait.\n' },
    current_context: { theme: 'cats' },
    missing_context: ['tone'],
    definition_changed: true,
  };
  const instances: readonly InstanceSummary[] = ['a', 'b', 'c'].map((instance_id) => ({
    instance_id,
    workflow_name: 'JOKE',
    status: 'RUNNING',
    current_step_name: 'ask',
    revision: 0,
    created_at: '2026-01-01T00:00:00.000Z',
    updated_at: '2026-01-02T00:00:00.000Z',
  }));

  test('of one run', async () => {
    const engine: Partial<Services['engine']> = {
      status: async ({ instanceId }) => ({ ...answer, instance_id: instanceId }),
    };
    const { stdout } = await runCommand(['status', 'i-9'], { engine });
    expect(stdout).toBe(
      [
        'Instance  i-9',
        'Workflow  JOKE',
        'Status    SUSPENDED (visited too often)',
        'Step      ask',
        'Revision  7',
        'Note      the files here are not the version that it runs on',
        'Missing   tone',
        '',
        'Instructions',
        '  Ask.',
        '',
        '  Then wait.',
        '',
        'Context',
        '  {',
        '    "theme": "cats"',
        '  }',
        '',
      ].join('\n'),
    );
    const json = await runCommand(['status', 'i-1', '--json'], { engine });
    expect(JSON.parse(json.stdout)).toEqual(answer);
  });

  test('of the runs that changed last, filtered and limited', async () => {
    const filters: unknown[] = [];
    const engine: Partial<Services['engine']> = {
      listInstances: async ({ status, workflowName, ...page }) => {
        filters.push({ status, workflowName });
        const { items, next_cursor } = pagesOf(instances)(page);
        return { instances: items, next_cursor };
      },
    };
    const all = await runCommand(['status'], { engine });
    expect(all.stdout.split('\n')).toEqual([
      'INSTANCE  WORKFLOW  STATUS   STEP  CHANGED',
      ...['a', 'b', 'c'].map((id) => `${id}         JOKE      RUNNING  ask   2026-01-02T00:00:00.000Z`),
      '',
    ]);
    expect(all.stderr).toBe('');

    filters.length = 0;
    const argv = ['status', '--limit', '1', '--status', 'RUNNING', '--workflow', 'JOKE'];
    const one = await runCommand(argv, { engine });
    expect(filters).toEqual([{ status: 'RUNNING', workflowName: 'JOKE' }]);
    expect(one.stderr).toBe('There are more; --limit shows them.\n');
    expect(JSON.parse((await runCommand([...argv, '--json'], { engine })).stdout)).toEqual({
      instances: [instances[0]],
      next_cursor: '1',
    });
  });
});

describe('history', () => {
  const entries: readonly HistoryItem[] = [
    { kind: 'started', step_name: 'ask', determined_next_step: 'ask' },
    {
      kind: 'advanced',
      step_name: 'ask',
      outcome_status: 'success',
      determined_next_step: 'FINISH',
      decision: { decider: 'stub', reasoning: 'It is\nover.' },
    },
    { kind: 'decision_failed', step_name: 'ask', detail: { code: 'AI_TIMEOUT', message: 'Too slow.' } },
  ].map((entry, i) => ({
    ...(entry as Pick<HistoryItem, 'kind' | 'step_name'>),
    history_entry_id: i,
    revision: i,
    timestamp: `2026-01-0${i + 1}`,
    status: 'RUNNING',
  }));
  const engine: Partial<Services['engine']> = {
    history: async ({ instanceId, ...page }) => {
      const { items, next_cursor } = pagesOf(entries)(page);
      return { instance_id: instanceId, entries: items, next_cursor };
    },
  };

  test('prints one line for each entry of all pages', async () => {
    const { stdout } = await runCommand(['history', 'i-1'], { engine });
    expect(stdout.split('\n')).toEqual([
      'TIME        EVENT            STEP  REPORT   NEXT    DECIDER  WHY',
      '2026-01-01  started          ask            ask',
      '2026-01-02  advanced         ask   success  FINISH  stub     It is over.',
      '2026-01-03  decision_failed  ask                             Too slow.',
      '',
    ]);
  });

  test('--json keeps the shape of the engine', async () => {
    const { stdout } = await runCommand(['history', 'i-1', '--json', '--limit', '1'], { engine });
    expect(JSON.parse(stdout)).toEqual({ instance_id: 'i-1', entries: [entries[0]], next_cursor: '1' });
  });
});

describe('lint', () => {
  const warning = {
    ruleId: 'dead-end',
    severity: 'warning',
    file: 'A/a.md',
    message: 'Goes nowhere.',
  } as const;
  const error = { ...warning, severity: 'error', file: 'B/index.md', message: 'No step.' } as const;
  const reports = {
    '/flows': { workflows: ['A'], diagnostics: [warning] },
    other: { workflows: ['A', 'B'], diagnostics: [warning, error] },
  };
  const deps = { lintPath: async (path: string) => reports[path as keyof typeof reports] };

  test('without a path, checks the configured folders; warnings are no failure', async () => {
    const { exitCode, stdout, stderr, events } = await runCommand(['lint'], { deps });
    expect({ exitCode, events }).toEqual({ exitCode: 0, events: ['load'] });
    expect(stdout).toBe('A/a.md: Goes nowhere.\n');
    expect(stderr).toBe('0 errors, 1 warning in 1 workflow.\n');
  });

  test('with a path, needs no configuration; errors are exit code 1', async () => {
    const { exitCode, stdout, stderr, events } = await runCommand(['lint', 'other'], { deps });
    expect({ exitCode, events }).toEqual({ exitCode: 1, events: [] });
    expect(stdout).toBe('A/a.md: Goes nowhere.\nB/index.md: No step.\n');
    expect(stderr).toBe('1 error, 1 warning in 2 workflows.\n');
  });

  test('--json prints nothing but JSON', async () => {
    const { exitCode, stdout, stderr } = await runCommand(['lint', 'other', '--json'], { deps });
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
    expect(JSON.parse(stdout)).toEqual(reports.other);
  });
});
