import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { WorkflowPage, WorkflowSummary } from '../../src/engine/listings.ts';
import type { TestClient } from '../support/mcp-clients.ts';
import { connectV2 } from '../support/mcp-clients.ts';
import { relayFiles, type WorkflowFiles, workflowFiles } from '../support/workflow-files.ts';
import { scenario, scenarioPerClient } from './scenario.ts';

const STEP = '# Orchestrator Guidance\n\nProceed to FINISH.\n\n# Client Instructions\n\nDo it.\n';

/** Each broken in one way, and where its error has to point: file, line, and a word of the message. */
const BROKEN: Readonly<Record<string, { readonly files: WorkflowFiles; readonly error: RegExp }>> = {
  NO_STEPS: { files: { 'index.md': '# Nothing to do\n' }, error: /^NO_STEPS\/index\.md:\d+:\d+: / },
  MISSING_FILE: {
    files: { 'index.md': '# Steps\n\n- [do_it](steps/do_it.md)\n' },
    error: /^MISSING_FILE\/index\.md:3:\d+: .*do_it\.md/,
  },
  DUPLICATE_NAME: {
    files: { 'index.md': '# Steps\n- [do_it](a.md)\n- [do_it](b.md)\n', 'a.md': STEP, 'b.md': STEP },
    error: /^DUPLICATE_NAME\/index\.md:3:\d+: .*do_it/,
  },
  LEAVING_LINK: {
    files: { 'index.md': '# Steps\n- [do_it](../../outside.md)\n' },
    error: /^LEAVING_LINK\/index\.md:2:\d+: /,
  },
  NO_INSTRUCTIONS: {
    files: {
      'index.md': '# Steps\n- [do_it](do_it.md)\n',
      'do_it.md': '# Orchestrator Guidance\n\nProceed.\n',
    },
    error: /^NO_INSTRUCTIONS\/do_it\.md.*Client Instructions/,
  },
  EMPTY_SECTION: {
    files: {
      'index.md': '# Steps\n- [do_it](do_it.md)\n',
      'do_it.md': '# Orchestrator Guidance\n\n# Client Instructions\nDo it.\n',
    },
    error: /^EMPTY_SECTION\/do_it\.md.*Orchestrator Guidance/,
  },
  UNKNOWN_KEY: {
    files: workflowFiles({ steps: { do_it: { frontMatter: 'max_visit: 3' } } }),
    error: /^UNKNOWN_KEY\/steps\/do_it\.md:2:\d+: .*max_visit.*max_visits/,
  },
  UNKNOWN_INDEX_KEY: {
    files: workflowFiles({ frontMatter: 'descripton: A typing error.', steps: { do_it: {} } }),
    error: /^UNKNOWN_INDEX_KEY\/index\.md:2:\d+: .*descripton.*description/,
  },
  BAD_YAML: {
    files: workflowFiles({ steps: { do_it: { frontMatter: 'transitions: [' } } }),
    error: /^BAD_YAML\/steps\/do_it\.md:\d+:\d+: /,
  },
  BAD_CONDITION: {
    files: workflowFiles({
      steps: { do_it: { frontMatter: 'transitions:\n  - {to: FINISH, when: "report.("}' } },
    }),
    error: /^BAD_CONDITION\/steps\/do_it\.md:\d+:\d+: /,
  },
  UNKNOWN_TARGET: {
    files: workflowFiles({ steps: { do_it: { frontMatter: 'transitions:\n  - to: do_that' } } }),
    error: /^UNKNOWN_TARGET\/steps\/do_it\.md:3:\d+: .*do_that/,
  },
  BAD_SCHEMA: {
    files: workflowFiles({ steps: { do_it: { frontMatter: 'report_schema:\n  type: strnig' } } }),
    error: /^BAD_SCHEMA\/steps\/do_it\.md:\d+:\d+: /,
  },
  INCLUDE_MISSING: {
    files: {
      'index.md': '# Steps\n- [do_it](do_it.md)\n',
      'do_it.md': `${STEP}\n{{file:nowhere.md}}\n`,
    },
    error: /^INCLUDE_MISSING\/do_it\.md:9:\d+: .*nowhere\.md/,
  },
  INCLUDE_CYCLE: {
    files: {
      'index.md': '# Steps\n- [do_it](do_it.md)\n',
      'do_it.md': `${STEP}\n{{file:a.md}}\n`,
      'a.md': 'A {{file:b.md}}\n',
      'b.md': 'B {{file:a.md}}\n',
    },
    error: /^INCLUDE_CYCLE\/(b|do_it)\.md:\d+:\d+: /,
  },
  INCLUDE_OUTSIDE: {
    files: {
      'index.md': '# Steps\n- [do_it](do_it.md)\n',
      'do_it.md': `${STEP}\n{{file:../../secret.txt}}\n`,
    },
    error: /^INCLUDE_OUTSIDE\/do_it\.md:9:\d+: /,
  },
  INCLUDE_BY_LINK: {
    files: {
      'index.md': '# Steps\n- [do_it](do_it.md)\n',
      'do_it.md': `${STEP}\n{{file:link.md}}\n`,
    },
    error: /^INCLUDE_BY_LINK\/do_it\.md:9:\d+: /,
  },
};

const SECRET = 'nobody outside may read this';

scenarioPerClient(
  'broken workflows are listed with file, line and column, and the others run',
  ['broken-isolated', 'front-matter-checked', 'includes-expanded'],
  async (scratch, connect) => {
    await scratch.writeWorkflow('GOOD', relayFiles(['only_step']));
    for (const [name, { files }] of Object.entries(BROKEN)) await scratch.writeWorkflow(name, files);
    await writeFile(join(scratch.folder, 'secret.txt'), SECRET);
    await writeFile(join(scratch.folder, 'outside.md'), SECRET);
    await symlink(
      join(scratch.folder, 'secret.txt'),
      join(scratch.workflowsFolder, 'INCLUDE_BY_LINK', 'link.md'),
    );
    // Not workflows: a file, and a folder of shared texts.
    await writeFile(join(scratch.workflowsFolder, 'README.md'), '# Notes\n');
    await mkdir(join(scratch.workflowsFolder, '_shared'));

    const client = await scratch.connect(connect);
    const { workflows } = await client.answer<WorkflowPage>('list_workflows');
    expect(workflows.map(({ name }) => name)).toEqual([...Object.keys(BROKEN), 'GOOD'].sort());
    for (const [name, { error }] of Object.entries(BROKEN)) {
      const listed = summaryOf(workflows, name);
      expect(listed.usable, name).toBe(false);
      expect(listed.errors?.join('\n'), name).toMatch(new RegExp(error, 'm'));
      const failure = await client.failure('start_workflow', { workflow_name: name });
      expect(failure.error_code).toBe('WORKFLOW_INVALID');
      expect(failure.message).toContain(listed.errors?.[0]);
      expect(failure.details?.errors).toMatchObject([
        { file: expect.any(String), line: expect.any(Number), column: expect.any(Number) },
      ]);
      expect(JSON.stringify([listed, failure])).not.toContain(SECRET);
    }
    expect(summaryOf(workflows, 'GOOD').usable).toBe(true);
    expect(await client.answer('start_workflow', { workflow_name: 'GOOD' })).toMatchObject({
      next_step: { step_name: 'only_step' },
    });
  },
);

scenarioPerClient(
  'a run keeps its version through edits, breakage and deletion, and adopts another one only when told',
  ['pinned-definition', 'definition-changed', 'adopt-definition', 'files-read-again'],
  async (scratch, connect) => {
    const version = (text: string, names = ['run_first', 'run_second']) =>
      workflowFiles({
        steps: Object.fromEntries(
          names.map((name, position) => [
            name,
            {
              frontMatter: `transitions: [{to: ${names[position + 1] ?? 'FINISH'}}]`,
              instructions: `${text}: do ${name}.`,
            },
          ]),
        ),
      });
    await scratch.writeWorkflow('EDITED', version('First version'));
    const client = await scratch.connect(connect);
    const start = () => client.answer('start_workflow', { workflow_name: 'EDITED' });
    const status = (instance_id: string) => client.answer('get_workflow_status', { instance_id });
    const advance = (instance_id: string) =>
      client.answer('advance_workflow', { instance_id, report: { status: 'success' } });
    const [edited, vanished, adopting] = [await start(), await start(), await start()];
    expect((await status(edited.instance_id)).definition_changed).toBe(false);

    await scratch.writeWorkflow('EDITED', version('Second version'));
    expect(await status(edited.instance_id)).toMatchObject({
      definition_changed: true,
      next_step: { instructions: 'First version: do run_first.' },
    });
    expect((await advance(edited.instance_id)).next_step.instructions).toBe('First version: do run_second.');
    expect((await start()).next_step.instructions).toBe('Second version: do run_first.');

    const resume = (adopt_definition?: boolean) =>
      client.callTool('resume_workflow', {
        instance_id: adopting.instance_id,
        assumed_current_step_name: 'run_first',
        adopt_definition,
      });
    expect((await resume()).body).toMatchObject({
      next_step: { instructions: 'First version: do run_first.' },
    });
    expect((await resume(true)).body).toMatchObject({
      revision: 1,
      next_step: { step_name: 'run_first', instructions: 'Second version: do run_first.' },
    });
    expect(await status(adopting.instance_id)).toMatchObject({ definition_changed: false });

    // The step on which the run stands is gone: it can go on as it is, and not with the new version.
    await rm(join(scratch.workflowsFolder, 'EDITED'), { recursive: true });
    await scratch.writeWorkflow('EDITED', version('Third version', ['begin_anew']));
    expect(await resume(true)).toMatchObject({
      isError: true,
      body: { error_code: 'DEFINITION_INCOMPATIBLE', details: { steps: ['begin_anew'] } },
    });
    expect((await advance(adopting.instance_id)).next_step.instructions).toBe(
      'Second version: do run_second.',
    );

    await writeFile(join(scratch.workflowsFolder, 'EDITED', 'index.md'), '# Broken\n');
    expect(await status(edited.instance_id)).toMatchObject({ definition_changed: true });
    await rm(join(scratch.workflowsFolder, 'EDITED'), { recursive: true });
    expect(await status(vanished.instance_id)).toMatchObject({ definition_changed: true });
    expect((await client.failure('start_workflow', { workflow_name: 'EDITED' })).error_code).toBe(
      'WORKFLOW_NOT_FOUND',
    );
    for (const { instance_id } of [edited, vanished, adopting]) {
      const last = await finish(client, instance_id);
      expect(last).toMatchObject({ status: 'COMPLETED' });
    }
    // A server that never saw the files serves the run all the same.
    const other = await scratch.connect(connect);
    expect(await other.answer('get_workflow_status', { instance_id: edited.instance_id })).toMatchObject({
      status: 'COMPLETED',
      workflow_name: 'EDITED',
    });
  },
);

scenarioPerClient(
  'an edit to any file of a workflow, an included one too, counts for the next start',
  ['files-read-again', 'includes-expanded', 'section-byte-for-byte'],
  async (scratch, connect) => {
    const text =
      'Tabs\tand  double spaces, *stars*, <b>tags</b>,\r\nCRLF, trailing spaces   \n\n    indented code\n';
    await scratch.writeWorkflow('INCLUDING', {
      'index.md': '# Steps\n- [do_it](do_it.md)\n',
      'do_it.md':
        '# Orchestrator Guidance\n\nProceed to FINISH.\n\n# Client Instructions\n\n{{file:../_shared/outer.md}}\n',
      '../_shared/outer.md': 'Outer, {{file:inner/inner.md}}, end.\n',
      '../_shared/inner/inner.md': text,
    });
    const client = await scratch.connect(connect);
    const instructions = async () =>
      (await client.answer('start_workflow', { workflow_name: 'INCLUDING' })).next_step.instructions;
    expect(await instructions()).toContain(text.trimEnd());
    expect(await instructions()).toMatch(/^Outer, [\s\S]*end\.$/);
    await writeFile(join(scratch.workflowsFolder, '_shared', 'inner', 'inner.md'), 'changed');
    expect(await instructions()).toMatch(/^Outer, changed\s*, end\.$/);
    await rm(join(scratch.workflowsFolder, '_shared', 'inner', 'inner.md'));
    expect((await client.failure('start_workflow', { workflow_name: 'INCLUDING' })).error_code).toBe(
      'WORKFLOW_INVALID',
    );
    await writeFile(join(scratch.workflowsFolder, '_shared', 'inner', 'inner.md'), 'mended');
    expect(await instructions()).toContain('mended');
  },
);

scenario(
  'of two folders with the same workflow the earlier one wins, and new workflows show up by themselves',
  ['files-read-again'],
  async (scratch) => {
    const second = join(scratch.folder, 'more-workflows');
    await scratch.writeWorkflow('BOTH', workflowFiles({ steps: { from_first: {} } }));
    for (const [path, text] of Object.entries(workflowFiles({ steps: { from_second: {} } })))
      for (const name of ['BOTH', 'SECOND']) {
        await mkdir(join(second, name, 'steps'), { recursive: true });
        await writeFile(join(second, name, path), text);
      }
    const separator = process.platform === 'win32' ? ';' : ':';
    const client = await scratch.connect(connectV2, {
      WORKFLOW_DEFINITIONS_DIR: [scratch.workflowsFolder, second].join(separator),
    });
    const list = async () => (await client.answer<WorkflowPage>('list_workflows')).workflows;
    expect((await list()).map(({ name, steps }) => [name, steps])).toEqual([
      ['BOTH', ['from_first']],
      ['SECOND', ['from_second']],
    ]);
    await scratch.writeWorkflow('ANOTHER', relayFiles(['only_step']));
    expect((await list()).map(({ name }) => name)).toEqual(['ANOTHER', 'BOTH', 'SECOND']);
    await rm(join(scratch.workflowsFolder, 'BOTH'), { recursive: true });
    expect(summaryOf(await list(), 'BOTH').steps).toEqual(['from_second']);
  },
);

function summaryOf(workflows: readonly WorkflowSummary[], name: string): WorkflowSummary {
  const found = workflows.find((workflow) => workflow.name === name);
  if (found === undefined) throw new Error(`${name} is not listed.`);
  return found;
}

async function finish(client: TestClient, instance_id: string) {
  let answer = await client.answer('get_workflow_status', { instance_id });
  while (answer.status === 'RUNNING')
    answer = await client.answer('advance_workflow', { instance_id, report: { status: 'success' } });
  return answer;
}
