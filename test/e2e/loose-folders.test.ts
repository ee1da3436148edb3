import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Answer } from '../../src/engine/answer.ts';
import type { WorkflowPage } from '../../src/engine/listings.ts';
import { scenario, scenarioPerClient } from './scenario.ts';

const LOOSE = new URL('../fixtures/loose', import.meta.url).pathname;

/** A step, and what the client has to say of it in words; a failure where the words say so. */
type Told = readonly [step: string, message: string];

/** Folders in the styles that people write: the steps that they list, and where their guidance then leads. */
const FOLDERS: Readonly<
  Record<string, { readonly steps: readonly string[]; readonly walks: readonly (readonly Told[])[] }>
> = {
  ONBOARDING: {
    steps: ['Get a laptop', 'Get accounts', 'Meet the team', 'First change'],
    walks: [
      [
        ['Get a laptop', 'Got one.'],
        ['Get accounts', 'A failure: no chat account.'],
        ['Get accounts', 'All accounts work.'],
        ['Meet the team', 'Nice people.'],
        ['First change', 'It was refused.'],
        ['First change', 'It was shipped.'],
      ],
    ],
  },
  RELEASE_NOTES: {
    steps: ['collect_changes', 'sort_changes', 'write_notes', 'ask_owner'],
    walks: [
      [['collect_changes', 'The list is empty.']],
      [
        ['collect_changes', 'It has 12 lines.'],
        ['sort_changes', 'Sorted.'],
        ['write_notes', 'Written.'],
        ['ask_owner', 'The owner wants changes.'],
        ['write_notes', 'Written again.'],
        ['ask_owner', 'The owner approves.'],
      ],
    ],
  },
  'Tidy Downloads': {
    steps: ['List old files', 'Ask me', 'Delete them'],
    walks: [
      [['List old files', 'No files were found.']],
      [
        ['List old files', 'There are 31 old ones.'],
        ['Ask me', 'The answer is no.'],
      ],
      [
        ['List old files', 'There are 31 old ones.'],
        ['Ask me', 'The answer is yes.'],
        ['Delete them', 'All are in the bin.'],
      ],
    ],
  },
  'bug-triage': {
    steps: ['Read report', 'Reproduce', 'Find owner', 'Write to reporter'],
    walks: [
      [['Read report', 'The report is spam.']],
      [
        ['Read report', 'Information is missing.'],
        ['Write to reporter', 'Written.'],
      ],
      [
        ['Read report', 'A good one.'],
        ['Reproduce', 'It happened here, too.'],
        ['Find owner', 'Kim.'],
        ['Write to reporter', 'Written.'],
      ],
      [
        ['Read report', 'A good one.'],
        ['Reproduce', 'A failure: it works here.'],
        ['Write to reporter', 'Written.'],
      ],
    ],
  },
};

scenarioPerClient(
  'folders written by others load unchanged and run to their end, the client deciding',
  ['loose-files-run', 'client-decides', 'section-byte-for-byte'],
  async (scratch, connect) => {
    await scratch.copyWorkflows(LOOSE);
    const client = await scratch.connect(connect);
    const { workflows } = await client.answer<WorkflowPage>('list_workflows');
    expect(workflows.map(({ name, usable, errors, steps }) => [name, usable, errors, steps])).toEqual(
      Object.entries(FOLDERS).map(([name, { steps }]) => [name, true, undefined, steps]),
    );
    for (const [workflow_name, { walks }] of Object.entries(FOLDERS)) {
      for (const walk of walks) {
        let answer = await client.answer('start_workflow', { workflow_name });
        for (const [position, [step, message]] of walk.entries()) {
          expect(answer.next_step.step_name, workflow_name).toBe(step);
          answer = await client.answer('advance_workflow', {
            instance_id: answer.instance_id,
            step_token: answer.step_token,
            report: reportOf(message),
            next_step_name: walk[position + 1]?.[0] ?? 'Finish',
          });
        }
        expect(answer).toMatchObject({ status: 'COMPLETED', next_step: { step_name: 'FINISH' } });
      }
    }
  },
);

for (const [workflow_name, { walks }] of Object.entries(FOLDERS)) {
  scenario(
    `${workflow_name}: the stub understands the guidance as it was written`,
    ['loose-files-run', 'stub-follows-guidance'],
    async (scratch) => {
      await scratch.copyWorkflows(LOOSE);
      const server = scratch.startServer({ env: { USE_STUB_AI_CLIENT: 'true' } });
      await server.initialize();
      for (const walk of walks) {
        let answer = (await server.callTool('start_workflow', { workflow_name })).body as Answer;
        for (const [position, [step, message]] of walk.entries()) {
          expect(answer.next_step.step_name).toBe(step);
          const outcome = await server.callTool('advance_workflow', {
            instance_id: answer.instance_id,
            step_token: answer.step_token,
            report: reportOf(message),
          });
          answer = outcome.body as Answer;
          expect(answer.next_step.step_name, `after ${step}: ${message}`).toBe(
            walk[position + 1]?.[0] ?? 'FINISH',
          );
        }
        expect(answer.status).toBe('COMPLETED');
      }
    },
  );
}

scenario(
  'sections of loose files arrive byte for byte',
  ['section-byte-for-byte', 'includes-expanded', 'templates-filled'],
  async (scratch) => {
    await cp(LOOSE, scratch.workflowsFolder, { recursive: true });
    const server = scratch.startServer();
    await server.initialize();
    const start = async (workflow_name: string) =>
      (await server.callTool('start_workflow', { workflow_name })).body as Answer;

    const code = await readFile(join(LOOSE, 'Tidy Downloads', 'list-old.md'), 'utf8');
    const fenced = code.slice(code.indexOf('List the files'), code.lastIndexOf('### Orchestrator')).trim();
    expect((await start('Tidy Downloads')).next_step.instructions).toBe(fenced);

    expect((await start('bug-triage')).next_step.instructions).toBe(
      'Read the report.  Two spaces stay two spaces.',
    );
    expect((await start('bug-triage')).decision_request?.guidance).toBe(
      [
        'If the report is spam, proceed to Finish.',
        'If information is missing, continue with "write to Reporter".',
        'Otherwise try the next thing: go on to reproduce.',
      ].join('\r\n'),
    );

    const laptop = await start('ONBOARDING');
    expect(laptop.next_step.instructions).toMatch(
      /^Ask the office for a laptop\.\nOffice: 1200, desk: \{\{ context\.desk \}\}\s*$/,
    );
    expect(laptop.missing_context).toEqual(['desk']);
  },
);

function reportOf(message: string) {
  return { status: message.startsWith('A failure') ? 'failure' : 'success', message };
}
